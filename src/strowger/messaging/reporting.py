"""Receipt: match reports to messages and parts, in any order, and move the messages forward."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta

from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.messaging.finish import Changes
from strowger.messaging.outcomes import Accepted, Outcome, Receipt
from strowger.messaging.repository import journaling
from strowger.messaging.repository.journaling import Advance, Key
from strowger.messaging.schemas import Event
from strowger.messaging.statuses import EventKind, Status, aggregate, is_final

RECEIPT_DAYS = 7
SCHEDULE_DAYS = 100  # a message may leave so long after its id was made
REMEMBERED = 50_000
Place = tuple[Key, int, int]  # message, part, number of parts
OperatorId = tuple[int, str]


class Matcher:
    """Remembers which part got which operator id, so that most receipts need no look-up. A cache, nothing more."""

    def __init__(self) -> None:
        self._places: OrderedDict[OperatorId, Place] = OrderedDict()

    def places(self, outcomes: Sequence[Outcome]) -> dict[OperatorId, Place]:
        """Places of the parts that these outcomes name."""
        return {
            (outcome.submission.lane, part.operator_id): (
                (outcome.submission.account_id, *outcome.submission.key),
                part.part,
                len(outcome.parts),
            )
            for outcome in outcomes
            for part in outcome.parts
            if part.operator_id is not None
        }

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the places of committed outcomes; the oldest are dropped."""
        self._places.update(self.places([o for o in outcomes if isinstance(o, Accepted)]))
        while len(self._places) > REMEMBERED:
            self._places.popitem(last=False)

    def find(self, operator_id: OperatorId, last: bool) -> Place | None:
        """The place of an operator's id, if it is remembered; after the ``last`` report it is so no longer."""
        return self._places.pop(operator_id, None) if last else self._places.get(operator_id)


async def apply_receipts(
    connection: Connection,
    changes: Changes,
    outcomes: Sequence[Outcome],
    receipts: Sequence[Receipt],
    matcher: Matcher,
    now: datetime,
    days: int = RECEIPT_DAYS,
) -> None:
    """Note what receipts change: those that came now and those that came before the answers of these outcomes.

    A receipt whose message is not known yet is kept; a message with several parts is locked before its parts are weighed.
    Messages are looked for among those accepted within the last ``days``.
    """
    fresh = matcher.places(outcomes)
    reports = list(receipts)
    if fresh and await journaling.any_early(connection):
        reports += await journaling.take_early(connection, list(fresh))
    if not reports:
        return
    places = await _places(connection, reports, fresh, matcher, now - timedelta(days=days))
    unmatched = [r for r in reports if (r.carrier_id, r.operator_id) not in places]
    if unmatched:
        await journaling.keep_early(connection, [r for r in unmatched if now - r.at < timedelta(days=RECEIPT_DAYS)])
    several: dict[Key, tuple[int, datetime]] = {}
    for report in reports:
        place = places.get((report.carrier_id, report.operator_id))
        if place is None:
            continue
        key, part, total = place
        event = Event(
            EventKind.RECEIPT,
            report.status,
            report.trace,
            report.at,
            part,
            report.carrier_id,
            report.operator_id,
            report.detail or None,
        )
        changes.events.append((key, event))
        if total > 1:
            several[key] = (total, max(report.at, several[key][1]) if key in several else report.at)
        elif is_final(report.status):
            changes.wish(Advance(key, report.status, report.trace, final_at=now, carrier_id=report.carrier_id))
    if several:
        await _weigh_parts(connection, changes, several, now)


async def _places(
    connection: Connection,
    reports: Sequence[Receipt],
    fresh: dict[OperatorId, Place],
    matcher: Matcher,
    since: datetime,
) -> dict[OperatorId, Place]:
    places: dict[OperatorId, Place] = {}
    missing: list[OperatorId] = []
    for report in reports:
        operator_id = (report.carrier_id, report.operator_id)
        place = fresh.get(operator_id) or matcher.find(operator_id, is_final(report.status))
        if place is None:
            missing.append(operator_id)
        else:
            places[operator_id] = place
    if missing:
        places.update(await journaling.find_submitted(connection, missing, uuid_floor(since)))
    return places


async def _weigh_parts(
    connection: Connection, changes: Changes, several: dict[Key, tuple[int, datetime]], now: datetime
) -> None:
    """A message of several parts is final when each part is; its row is locked, so that two workers cannot miss each other."""
    await journaling.lock_messages(connection, list(several))
    known = await journaling.part_statuses(connection, list(several))
    for key, event in changes.events:
        if key in several and event.part and event.kind in (EventKind.SUBMITTED, EventKind.RECEIPT):
            parts = known.setdefault(key, {})
            old = parts.get(event.part)
            if old is None or (not is_final(old[0]) and event.status >= old[0]):
                parts[event.part] = (event.status, event.trace)
    for key, (total, _) in several.items():
        parts = known.get(key, {})
        status = aggregate((s for s, _ in parts.values()), total)
        if is_final(status):
            trace = next(t for s, t in parts.values() if s == status)
            changes.wish(Advance(key, Status(status), trace, final_at=now))
