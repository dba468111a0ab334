"""Kinds of approvals. A module registers its own; the page Approvals and its decisions follow from that.

register(ApprovalKind("senders", "Sender IDs", waiting, decide, ("It resembles another company.",), "/senders"))
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from strowger.foundation.database import Connection


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits. ``title`` names it, ``text`` is what is asked for as it was written, ``before`` what it is to
    replace, ``facts`` are further (label, value), ``links`` lead to pages of the operator (label, path)."""

    id: int
    account_id: int
    sid: str
    account: str
    title: str
    since: datetime
    text: str = ""
    before: str = ""
    facts: Sequence[tuple[str, str]] = ()
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the operator decided: ``reason`` is told to the customer when it was rejected, ``by`` is who decided."""

    approved: bool
    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about: whose it is, and its name for people. ``requester`` (address) is told besides the owners."""

    account_id: int
    title: str
    requester: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalKind:
    """One kind.

    ``waiting(connection, limit)`` gives what waits in every account, oldest first. ``decide(connection, id, decision)`` decides
    about one, within a transaction: what it was, None when it does not wait any more. It may raise
    StrowgerError when it cannot be decided that way. ``reasons`` are sentences offered for a rejection; ``path`` is the
    customer's page, to which the mail about a decision leads.
    """

    key: str
    label: str
    waiting: Callable[[Connection, int], Awaitable[Sequence[Waiting]]]
    decide: Callable[[Connection, int, Decision], Awaitable[Decided | None]]
    reasons: Sequence[str] = field(default=())
    path: str = "/"


_kinds: dict[str, ApprovalKind] = {}


def register(kind: ApprovalKind) -> None:
    """Add a kind. Raises ValueError when its key is taken."""
    if _kinds.setdefault(kind.key, kind) is not kind:
        raise ValueError(f"there is already a kind of approvals named {kind.key}")


def kinds() -> list[ApprovalKind]:
    """All kinds, by label."""
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def kind_of(key: str) -> ApprovalKind | None:
    """The kind of a key."""
    return _kinds.get(key)
