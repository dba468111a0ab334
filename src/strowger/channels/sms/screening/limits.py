"""Limits: duplicates, messages per recipient, per period, per country and day or month (sms.md 5, row 14; 7.6)."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from strowger.channels.sms.screening.countries import kind_of
from strowger.channels.sms.screening.lists import Listed
from strowger.channels.sms.screening.options import SmsOptions
from strowger.channels.sms.screening.repository import Counter
from strowger.messaging.schemas import Submission

TRIAL, ALWAYS = "trial", datetime(1970, 1, 1, tzinfo=UTC)  # upkeep forgets counters of old periods, but not this one
CountryLimits = Mapping[str, tuple[int | None, int | None]]


def digest_of(sender: str, body: str) -> bytes:
    """What makes two messages to one number duplicates: sender and text."""
    return hashlib.sha256(f"{sender}\0{body}".encode("utf-8", "surrogatepass")).digest()[:16]


def day_of(moment: datetime, zone: str) -> datetime:
    """Midnight before a moment on the account's clock."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def month_of(moment: datetime, zone: str) -> datetime:
    """The beginning of a moment's month on the account's clock."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def period_of(moment: datetime, hours: int) -> datetime:
    """The beginning of the period of whole hours (counted from the epoch) that a moment lies in."""
    seconds = hours * 3600
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


def rate_kind(kind: str) -> str:
    """The kinds that limits know: service-explicit messages count as transactional."""
    return "TXN" if kind == "TXND" else kind


def counters_of(
    submission: Submission, options: SmsOptions, limits: CountryLimits, zone: str
) -> list[tuple[Counter, int, str]]:
    """The counters that a message takes one of: (counter, limit, trace when it is full).

    A message counts in the period of its acceptance, so that it is taken out of the same one.
    """
    account, accepted = submission.account_id, submission.created_at
    found: list[tuple[Counter, int, str]] = []
    if options.trial_messages:
        found.append(((account, TRIAL, ALWAYS), options.trial_messages, "KYC-NOT-APPROVED"))
    if options.rate and rate_kind(kind_of(submission.type, submission.country)) in options.rate.kinds:
        period = period_of(accepted, options.rate.hours)
        found.append(((account, f"rate:{options.rate.hours}", period), options.rate.messages, "NUM-LIMIT"))
    daily, monthly = limits.get(submission.country or "", (None, None))
    if daily is not None:
        found.append(((account, f"day:{submission.country}", day_of(accepted, zone)), daily, "SMS-LIMIT-REACHED"))
    if monthly is not None:
        key = (account, f"month:{submission.country}", month_of(accepted, zone))
        found.append((key, monthly, "SMS-LIMIT-REACHED"))
    return found


@dataclass(slots=True)
class Counts:
    """What one batch knows of counters and adds to them."""

    used: dict[Counter, int] = field(default_factory=dict)
    in_batch: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    digests: set[tuple[int, str, bytes]] = field(default_factory=set)

    def check(
        self, submission: Submission, options: SmsOptions, listed: Listed, wanted: list[tuple[Counter, int, str]]
    ) -> str | None:
        """The trace of the first limit that is reached; when none is, the message is counted."""
        recipient = (submission.account_id, submission.recipient)
        digest = (*recipient, digest_of(submission.sender, submission.body)) if options.duplicate_minutes else None
        if digest and (listed.duplicate or digest in self.digests):
            return "DUPLICATE"
        capped = rate_kind(kind_of(submission.type, submission.country)) in options.recipient_kinds
        if options.recipient_cap and capped and listed.sends + self.in_batch[recipient] >= options.recipient_cap:
            return "NUM-LIMIT"
        for counter, limit, trace in wanted:
            if self.used.get(counter, 0) >= limit:
                return trace
        for counter, _, _ in wanted:
            self.used[counter] = self.used.get(counter, 0) + 1
        if options.counts_sends:
            self.in_batch[recipient] += 1
        if digest:
            self.digests.add(digest)
        return None
