"""Notify: the callbacks that a status change is due, with their variables (sms.md 4.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from strowger.foundation.ids import format_message_id, new_uuid
from strowger.foundation.money import ZERO
from strowger.messaging.route import NumberPlan
from strowger.messaging.rules import AccountRules, Order, Received
from strowger.messaging.statuses import SPELLINGS, Status, explain, is_final
from strowger.platform.callbacks.profiles.facts import Targets
from strowger.platform.callbacks.rendering import names_used
from strowger.platform.callbacks.schemas import NewCallback

SMS_SEND, SMS_MO = "sms_send", "sms_mo"
V4_WORDS = {
    Status.SCHEDULED: "AWAITED-DLR",
    Status.QUEUED: "AWAITED-DLR",
    Status.SENT: "AWAITED-DLR",
    Status.DELIVERED: "DELIVRD",
    Status.EXPIRED: "EXPIRED",
    Status.FAILED: "FAILED",
}
V4_TRACES = {"DND-NUMB": "DNDNUMB", "MEM-EXEC": "MEMEXEC", "MAX-LIMIT": "MAX-LENGTH"}
PARTS = "parts"
NO_PLAN = NumberPlan()
_LINK = re.compile(r"https?://[^\s<>\"'{}|\\^`]+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?)]"
PartStatuses = Mapping[int, tuple[Status, str]]
REFERENCES = ("ref", "ref1", "ref2", "ref_custom", "template_id", "entity_id")


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local_time(moment: datetime | None, zone: str) -> str:
    """``YYYY-MM-DD HH:MM:SS`` in a zone; empty for None."""
    return _second(moment.replace(microsecond=0), zone) if moment else ""


@lru_cache(maxsize=4096)
def _second(moment: datetime, zone: str) -> str:
    return moment.astimezone(_zone(zone)).strftime("%Y-%m-%d %H:%M:%S")


def v4_status(status: int, trace: str) -> str:
    """A status as the older API spells it (sms.md 6.2): the word, or for what failed the trace in its older spelling."""
    word = V4_WORDS.get(Status(status))
    return word or V4_TRACES.get(trace, trace)


def wanted_callbacks(rows: Iterable[Any], targets: Targets) -> list[tuple[Any, dict[str, Any]]]:
    """The changed messages whose new status is to be called back, each with where to."""
    found = ((row, targets.of(row["account_id"], row["callback"], SMS_SEND)) for row in rows)
    return [(row, target) for row, target in found if target and wants_callback(row, target)]


def wants_callback(row: Any, target: Mapping[str, Any]) -> bool:
    """Whether the status that a message has reached is to be called back: final ones, and Sent when asked for.

    A message without receipts (dlr=0) is as final as it will be when it is Sent.
    """
    status = Status(row["status"])
    events = target.get("events")
    if events:
        return SPELLINGS[status].callback in events
    if status == Status.CANCELLED:  # by whoever would be told
        return False
    return is_final(status) or (status == Status.SENT and (row["options"] or {}).get("dlr") == 0)


def telling_parts(wanting: Iterable[tuple[Any, dict[str, Any]]]) -> list[tuple[int, Any, int]]:
    """The messages of several parts whose callback may tell of each part."""
    found = []
    for row, target in wanting:
        if row["units"] > 1:
            names = names_used(target)
            if names is None or PARTS in names:
                found.append((row["account_id"], row["request_id"], row["n"]))
    return found


def callbacks_for(
    wanting: Iterable[tuple[Any, dict[str, Any]]],
    accounts: Mapping[int, AccountRules],
    now: datetime,
    refunded: Container[Any] = (),
    parts: Mapping[Any, PartStatuses] | None = None,
    plan: NumberPlan = NO_PLAN,
) -> list[NewCallback]:
    """One callback for each changed message that wants one.

    ``refunded`` are those whose price was given back; ``parts`` are the statuses of parts, where they are told; ``plan``
    knows the operators' names.
    """
    known = parts or {}
    made = [
        _callback(
            row,
            target,
            accounts.get(row["account_id"]),
            now,
            known.get((row["account_id"], row["request_id"], row["n"]), {}),
            plan,
        )
        for row, target in wanting
    ]
    for callback in made if refunded else ():
        if (callback.account_id, callback.request_id, callback.n) in refunded:
            callback.variables["refunded"] = 1
    return made


def _callback(
    row: Any, target: dict[str, Any], account: AccountRules | None, now: datetime, parts: PartStatuses, plan: NumberPlan
) -> NewCallback:
    kid = new_uuid()
    return NewCallback(
        id=kid,
        account_id=row["account_id"],
        request_id=row["request_id"],
        n=row["n"],
        event=SMS_SEND,
        target=target,
        variables=sent_variables(_Sent(row, account, str(kid), now, parts, plan), names_used(target)),
        due_at=now,
        created_at=now,
    )


class _Sent(NamedTuple):
    """An outgoing message that has reached a status ``now``."""

    row: Any
    account: AccountRules | None
    kid: str
    now: datetime
    parts: PartStatuses
    plan: NumberPlan

    @property
    def status(self) -> Status:
        return Status(self.row["status"])

    def option(self, name: str) -> Any:
        return (self.row["options"] or {}).get(name, "")

    def part_results(self) -> list[dict[str, Any]]:
        """Each part's status and trace; the message's own for a part of which nothing else is known."""
        own = (self.status, self.row["trace"])
        results = []
        for part in range(1, max(1, self.row["units"], *self.parts) + 1):
            status, trace = self.parts.get(part, own)
            results.append({"part": part, "status": SPELLINGS[status].callback, "status_trace": trace})
        return results

    def first_link(self) -> str:
        """The first link of the text: the short one where it was shortened."""
        found = _LINK.search(self.row["body"])
        return found.group().rstrip(_AFTER_LINK) if found else ""

    def local(self, moment: datetime | None) -> str:
        return local_time(moment, self.account.time_zone if self.account else "UTC")


# The variables of an outgoing message's status (sms.md 4.3).
_SENT_VARIABLES: dict[str, Callable[[_Sent], Any]] = {
    "status": lambda m: SPELLINGS[m.status].callback,
    "id": lambda m: format_message_id(m.row["request_id"], m.row["n"]),
    "kid": lambda m: m.kid,
    "source": lambda m: m.row["sender"],
    "recipient": lambda m: "+" + m.row["recipient"],
    "status_trace": lambda m: m.row["trace"],
    "description": lambda m: explain(m.row["trace"]).meaning,
    "timestamp": lambda m: m.local(m.now),
    "message": lambda m: m.row["body"],
    "operator": lambda m: m.plan.operator(m.row["recipient"]) or m.row["network"] or "",
    "circle": lambda m: m.plan.circle(m.row["recipient"]),
    "sid": lambda m: m.account.sid if m.account else "",
    "campaign_id": lambda m: str(m.row["request_id"]),
    "campaign_name": lambda m: m.row["campaign_name"] or "",
    "type": lambda m: m.row["type"],
    "country": lambda m: m.row["country"] or "",
    "units": lambda m: m.row["units"],
    "charges": lambda m: f"{(m.row['price'] or ZERO):f}",
    "currency": lambda m: m.account.currency if m.account else "",
    "refunded": lambda m: 0,
    "sent_at": lambda m: m.local(m.row["sent_at"]),
    "delivered_at": lambda m: m.local(m.row["final_at"]) if m.status == Status.DELIVERED else "",
    "error_code": lambda m: "" if m.status in (Status.SENT, Status.DELIVERED) else m.row["trace"],
    "direction": lambda m: "MT",
    "parts": _Sent.part_results,
    "url": _Sent.first_link,
    "mobile": lambda m: m.row["recipient"],
    "v4_status": lambda m: v4_status(m.status, m.row["trace"]),
    **{name: partial(_Sent.option, name=name) for name in REFERENCES},
}


def sent_variables(message: _Sent, names: frozenset[str] | None) -> dict[str, Any]:
    """Those of the variables that are asked for, and the status, by which the queue orders; None: all of them."""
    if names is None:
        return {name: value(message) for name, value in _SENT_VARIABLES.items()}
    found = {name: _SENT_VARIABLES[name](message) for name in names if name in _SENT_VARIABLES}
    found["status"] = SPELLINGS[message.status].callback
    return found


def received_variables(
    received: Received,
    order: Order,
    parts: int,
    at: datetime,
    account: AccountRules | None,
    plan: NumberPlan = NO_PLAN,
) -> dict[str, Any]:
    """The variables of an incoming message (sms.md 4.4)."""
    destination, name = received.destination, received.message_id.partition(":")[0]
    return {
        "id": name,
        "kid": name,
        "source": received.source,
        "recipient": "+" + destination if destination.isdigit() else destination,
        "status": "SENT",
        "status_trace": "SENT",
        "description": "Message has been sent",  # the words of the original, as its status (sms.md 4.4)
        "message": received.text,
        "keyword": order.keyword,
        "vars": dict(order.captured),
        "operator": plan.operator(received.source),
        "circle": plan.circle(received.source),
        "timestamp": local_time(at.astimezone(UTC), account.time_zone if account else "UTC"),
        "parts[n]": str(parts),
        "sid": account.sid if account else "",
        "direction": "MO",
    }
