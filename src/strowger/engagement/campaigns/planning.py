"""When a campaign goes: at once, later, or in batches with a time of their own (sms.md 9.2, step 4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from strowger.engagement.campaigns.errors import Refused

EARLIEST, LATEST, APART = timedelta(minutes=5), timedelta(days=60), timedelta(minutes=5)
MAX_BATCHES = 20
NONE, COUNT, PERCENT = "none", "count", "percent"
NOW = ""  # the time of what goes at once


class Part(msgspec.Struct, frozen=True):
    """A batch as it was entered: its size (contacts or per cent; the last one takes the rest) and its local time."""

    size: int
    at: str = NOW


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A schedule as it was entered; ``at`` and the parts' times are local to ``zone`` (2026-07-13T12:58)."""

    zone: str = "UTC"
    at: str = NOW
    split: str = NONE
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """So many contacts that go at a moment."""

    contacts: int
    due_at: datetime


def zone_of(name: str) -> ZoneInfo:
    """A time zone by name. Raises Refused."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as problem:
        raise Refused("There is no such time zone.", "zone") from problem


def moment_of(text: str, zone: str, now: datetime, field: str = "at") -> datetime:
    """The moment of a local time; an empty one is now. Raises Refused: unreadable, sooner than 5 minutes, beyond 60 days."""
    if text == NOW:
        return now
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=zone_of(zone)).astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, Refused):
            raise
        raise Refused("Give date and time.", field) from problem
    if not now + EARLIEST <= moment <= now + LATEST:
        raise Refused("Choose a time from 5 minutes to 60 days ahead.", field)
    return moment


def shares(plan: Plan, contacts: int, now: datetime) -> list[Share]:
    """How the contacts are divided, in order of time. Raises Refused."""
    zone_of(plan.zone)
    if plan.split == NONE:
        return [Share(contacts, moment_of(plan.at, plan.zone, now))]
    parts = plan.parts
    if len(parts) < 2:
        raise Refused("Give two batches or more.", "parts")
    if len(parts) > MAX_BATCHES:
        raise Refused(f"At most {MAX_BATCHES} batches are possible.", "parts")
    moments = [moment_of(part.at, plan.zone, now, "parts") for part in parts]
    if any(later - sooner < APART for sooner, later in pairwise(moments)):
        raise Refused("Batches go one after the other, at least 5 minutes apart.", "parts")
    sizes = _sizes(plan.split, [part.size for part in parts], contacts)
    return [Share(size, moment) for size, moment in zip(sizes, moments, strict=True)]


def _sizes(split: str, given: Sequence[int], contacts: int) -> list[int]:
    if any(size < 1 for size in given[:-1]) or given[-1] < 0:
        raise Refused(
            "Each batch needs a size of 1 or more; the last one may be left empty and takes the rest.", "parts"
        )
    whole = 100 if split == PERCENT else contacts
    unit = "%" if split == PERCENT else " contacts"
    before = sum(given[:-1])
    if before >= whole:
        raise Refused(f"Nothing is left for the last batch: the others take {before}{unit} of {whole}.", "parts")
    if given[-1] and before + given[-1] != whole:
        raise Refused(f"The batches make {before + given[-1]}{unit}, not {whole}.", "parts")
    sizes = [contacts * size // 100 for size in given[:-1]] if split == PERCENT else list(given[:-1])
    sizes.append(contacts - sum(sizes))
    if min(sizes) < 1:
        raise Refused(f"There are only {contacts} contacts: a batch would have none.", "parts")
    return sizes
