"""Writing what happened: events, statuses, the end of submissions. All in sets, all in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection, columns, json_text
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.messaging.repository.queueing import encode_json
from strowger.messaging.schemas import Direction, Event
from strowger.messaging.statuses import EventKind, Status

Key = tuple[int, UUID, int]

# What the steps after a change need to know of a message.
CHANGED = """m.account_id, m.request_id, m.n, m.status, m.trace, m.type, m.sender, m.recipient, m.body, m.units, m.price, m.channel,
          m.country, m.network, m.campaign_name, m.options, m.callback, m.created_at, m.sent_at, m.final_at"""
# Events, ended submissions and new statuses in one statement. A final message never changes again, and a status only grows:
# the guard that late reports meet. num_nulls says "is null", of which the planner expects few rows, without saying so.
WRITE = f"""
WITH event AS (
    INSERT INTO message_event (account_id, request_id, n, at, kind, status, trace, part, carrier_id, operator_id, detail)
    SELECT * FROM json_to_recordset($1::text::json) AS t(account_id bigint, request_id uuid, n smallint, at timestamptz,
        kind smallint, status smallint, trace text, part smallint, carrier_id integer, operator_id text, detail json)
), ended AS (
    DELETE FROM submission s USING unnest($3::uuid[], $4::smallint[]) AS t(request_id, n)
    WHERE s.request_id = t.request_id AND s.n = t.n
)
UPDATE message m SET
    status = t.status, trace = t.trace,
    sent_at = coalesce(m.sent_at, t.sent_at), final_at = t.final_at,
    carrier_id = coalesce(t.carrier_id, m.carrier_id), price = coalesce(t.price, m.price),
    country = coalesce(t.country, m.country), units = CASE WHEN t.units > 0 THEN t.units ELSE m.units END,
    length = CASE WHEN t.units > 0 THEN t.length ELSE m.length END, encoding = coalesce(t.encoding, m.encoding),
    network = coalesce(t.network, m.network)
FROM json_to_recordset($2::text::json) AS t(account_id bigint, request_id uuid, n smallint, status smallint, trace text,
    sent_at timestamptz, final_at timestamptz, carrier_id integer, price numeric, country text, units smallint,
    length integer, encoding text, network text)
WHERE m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n
  AND num_nulls(m.final_at) > 0 AND t.status > m.status
RETURNING {CHANGED}
"""  # noqa: S608
LOCK_MESSAGES = """
SELECT m.account_id, m.request_id, m.n, m.units FROM message m
JOIN unnest($1::bigint[], $2::uuid[], $3::smallint[]) AS t(account_id, request_id, n)
  ON m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n
ORDER BY m.account_id, m.request_id, m.n FOR UPDATE OF m
"""
PARTS = f"""
SELECT e.account_id, e.request_id, e.n, e.part,
       (array_agg(e.status ORDER BY (e.status > {int(Status.RECEIVED)}) DESC, e.at))[1] AS status,
       (array_agg(e.trace ORDER BY (e.status > {int(Status.RECEIVED)}) DESC, e.at))[1] AS trace
FROM message_event e
JOIN unnest($1::bigint[], $2::uuid[], $3::smallint[]) AS t(account_id, request_id, n)
  ON e.account_id = t.account_id AND e.request_id = t.request_id AND e.n = t.n
WHERE e.kind IN ({int(EventKind.SUBMITTED)}, {int(EventKind.RECEIPT)}) AND e.part > 0
GROUP BY e.account_id, e.request_id, e.n, e.part
"""  # noqa: S608
FIND_SUBMITTED = f"""
SELECT e.account_id, e.request_id, e.n, e.part, e.carrier_id, e.operator_id,
       -- part 0: the carrier took the whole message as one; it may also have taken more parts than were counted
       CASE WHEN e.part = 0 THEN 1 ELSE greatest(m.units, (
           SELECT max(s.part) FROM message_event s
           WHERE s.account_id = e.account_id AND s.request_id = e.request_id AND s.n = e.n AND s.kind = e.kind
       )) END AS units
FROM message_event e
JOIN unnest($1::text[], $2::integer[]) AS t(operator_id, carrier_id)
  ON e.operator_id = t.operator_id AND e.carrier_id = t.carrier_id AND e.kind = {int(EventKind.SUBMITTED)}
JOIN message m ON m.account_id = e.account_id AND m.request_id = e.request_id AND m.n = e.n
WHERE e.request_id >= $3
ORDER BY e.at
"""  # noqa: S608
DEFER_SUBMISSIONS = """
UPDATE submission s SET lane = CASE WHEN t.elsewhere THEN 0 ELSE s.lane END, due_at = t.due_at, claimed_by = NULL,
    attempts = s.attempts + 1, reason = t.reason,
    tried = CASE WHEN t.elsewhere THEN array_append(s.tried, s.lane) ELSE s.tried END
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[], $5::boolean[]) AS t(request_id, n, due_at, reason, elsewhere)
WHERE s.request_id = t.request_id AND s.n = t.n
"""
HOLD_SUBMISSIONS = """
UPDATE submission s SET due_at = t.due_at, claimed_by = NULL, reason = t.reason
FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[]) AS t(request_id, n, due_at, reason)
WHERE s.request_id = t.request_id AND s.n = t.n
"""
KEEP_EARLY = """
INSERT INTO early_receipt (carrier_id, operator_id, at, receipt)
SELECT carrier_id, operator_id, at, receipt::jsonb
FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::text[]) AS t(carrier_id, operator_id, at, receipt)
"""
TAKE_EARLY = """
DELETE FROM early_receipt r USING unnest($1::text[], $2::integer[]) AS t(operator_id, carrier_id)
WHERE r.operator_id = t.operator_id AND r.carrier_id = t.carrier_id RETURNING r.carrier_id, r.operator_id, r.at, r.receipt
"""
ANY_EARLY = "SELECT EXISTS (SELECT 1 FROM early_receipt)"
OLD_EARLY = "DELETE FROM early_receipt WHERE id IN (SELECT id FROM early_receipt WHERE at < $1 LIMIT $2) RETURNING *"
STALE_SENT = f"""
SELECT account_id, request_id, n FROM message
WHERE request_id >= $1 AND request_id < $2 AND status = {int(Status.SENT)} AND final_at IS NULL LIMIT $3
"""  # noqa: S608
SET_NO_DLR = f"""
UPDATE message m SET trace = 'SENT - NO DLR', final_at = $4
FROM unnest($1::bigint[], $2::uuid[], $3::smallint[]) AS t(account_id, request_id, n)
WHERE m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n AND m.final_at IS NULL
RETURNING {CHANGED}
"""  # noqa: S608
SET_REFUNDED = """
UPDATE message m SET refunded = true
FROM unnest($1::bigint[], $2::uuid[], $3::smallint[]) AS t(account_id, request_id, n)
WHERE m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n
"""
ADD_INCOMING = f"""
INSERT INTO message (account_id, request_id, n, channel, direction, status, trace, type, sender, recipient, body, units,
                     length, country, carrier_id, source, created_at, valid_until, final_at, network)
SELECT account_id, request_id, 1, 1, {int(Direction.MO)}, {int(Status.RECEIVED)}, 'RECEIVED', 'MO', sender, recipient, body,
       units, length, country, carrier_id, 'MO', at, at, at, network
FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::integer[], $8::text[],
            $9::integer[], $10::timestamptz[], $11::text[])
    AS t(account_id, request_id, sender, recipient, body, units, length, country, carrier_id, at, network)
"""  # noqa: S608
ADD_MO_PARTS = """
INSERT INTO mo_part (source, destination, reference, part, total, carrier_id, text, received_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::smallint[], $5::smallint[], $6::integer[], $7::text[],
                     $8::timestamptz[])
ON CONFLICT DO NOTHING
"""
TAKE_WHOLE_MO = """
WITH whole AS (
    SELECT source, destination, reference FROM mo_part
    WHERE (source, destination, reference) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]))
    GROUP BY source, destination, reference HAVING count(*) >= max(total)
)
DELETE FROM mo_part p USING whole w
WHERE p.source = w.source AND p.destination = w.destination AND p.reference = w.reference RETURNING p.*
"""
TAKE_OLD_MO = "DELETE FROM mo_part WHERE received_at < $1 RETURNING *"


@dataclass(slots=True)
class Advance:
    """A wish to move one message forward; columns that are None keep what is stored."""

    key: Key
    status: Status
    trace: str
    sent_at: datetime | None = None
    final_at: datetime | None = None
    carrier_id: int | None = None
    price: Decimal | None = None
    country: str | None = None
    units: int = 0
    length: int = 0
    encoding: str | None = None
    network: str | None = None

    def row(self) -> dict[str, Any]:
        """The row as WRITE takes it."""
        account_id, request_id, n = self.key
        return {
            "account_id": account_id,
            "request_id": request_id,
            "n": n,
            "status": self.status,
            "trace": self.trace,
            "sent_at": self.sent_at,
            "final_at": self.final_at,
            "carrier_id": self.carrier_id,
            "price": self.price,
            "country": self.country,
            "units": self.units,
            "length": self.length,
            "encoding": self.encoding,
            "network": self.network,
        }


def _event_row(key: Key, event: Event) -> dict[str, Any]:
    account_id, request_id, n = key
    return {
        "account_id": account_id,
        "request_id": request_id,
        "n": n,
        "at": event.at,
        "kind": event.kind,
        "status": event.status,
        "trace": event.trace,
        "part": event.part,
        "carrier_id": event.carrier_id,
        "operator_id": event.operator_id,
        "detail": event.detail,
    }


async def write(
    connection: Connection,
    events: Sequence[tuple[Key, Event]],
    wishes: Iterable[Advance],
    ended: Sequence[Key],
) -> list[Any]:
    """Append events, remove the submissions of messages that were handed over or never will be, move messages forward.

    Returns the messages that did change, as they are now.
    """
    return await connection.fetch(
        WRITE,
        json_text([_event_row(key, event) for key, event in events]),
        json_text([wish.row() for wish in wishes]),
        [key[1] for key in ended],
        [key[2] for key in ended],
    )


async def lock_messages(connection: Connection, keys: Sequence[Key]) -> dict[Key, int]:
    """Lock messages in a fixed order; returns their number of parts."""
    rows = await connection.fetch(LOCK_MESSAGES, *columns(list(keys), 3))
    return {(r["account_id"], r["request_id"], r["n"]): r["units"] for r in rows}


async def part_statuses(connection: Connection, keys: Sequence[Key]) -> dict[Key, dict[int, tuple[Status, str]]]:
    """Status and trace of each part: of its first final report, else of its submission."""
    parts: dict[Key, dict[int, tuple[Status, str]]] = {}
    for r in await connection.fetch(PARTS, *columns(list(keys), 3)):
        parts.setdefault((r["account_id"], r["request_id"], r["n"]), {})[r["part"]] = (Status(r["status"]), r["trace"])
    return parts


async def find_submitted(
    connection: Connection, ids: Sequence[tuple[int, str]], since: UUID
) -> dict[tuple[int, str], tuple[Key, int, int]]:
    """Which message, part and number of parts the carriers' ids (carrier, operator id) belong to."""
    rows = await connection.fetch(FIND_SUBMITTED, [o for _, o in ids], [c for c, _ in ids], since)
    return {
        (r["carrier_id"], r["operator_id"]): ((r["account_id"], r["request_id"], r["n"]), r["part"], r["units"])
        for r in rows
    }


async def defer_submissions(connection: Connection, rows: Sequence[tuple[Key, datetime, str, bool]]) -> None:
    """Put submissions back: (key, due at, reason, on another route)."""
    flat: list[tuple[Any, ...]] = [(k[1], k[2], due, reason, elsewhere) for k, due, reason, elsewhere in rows]
    await connection.execute(DEFER_SUBMISSIONS, *columns(flat, 5))


async def hold_submissions(connection: Connection, rows: Sequence[tuple[Key, datetime, str]]) -> None:
    """Let submissions wait: (key, until, reason). Unlike a deferral this is no attempt."""
    flat: list[tuple[Any, ...]] = [(k[1], k[2], until, reason) for k, until, reason in rows]
    await connection.execute(HOLD_SUBMISSIONS, *columns(flat, 4))


async def keep_early(connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Keep receipts whose message is not known yet."""
    rows: list[tuple[Any, ...]] = [
        (
            r.carrier_id,
            r.operator_id,
            r.at,
            encode_json({"status": int(r.status), "trace": r.trace, "detail": r.detail}),
        )
        for r in receipts
    ]
    await connection.execute(KEEP_EARLY, *columns(rows, 4))


def _receipt(row: Any) -> Receipt:
    kept = row["receipt"]
    return Receipt(
        row["carrier_id"], row["operator_id"], Status(kept["status"]), kept["trace"], row["at"], kept["detail"]
    )


async def take_early(connection: Connection, ids: Sequence[tuple[int, str]]) -> list[Receipt]:
    """Receipts that came before the answers to these submits."""
    rows = await connection.fetch(TAKE_EARLY, [o for _, o in ids], [c for c, _ in ids])
    return [_receipt(row) for row in rows]


async def any_early(connection: Connection) -> bool:
    """Whether any receipt waits for its message."""
    return bool(await connection.fetchval(ANY_EARLY))


async def take_old_early(connection: Connection, before: datetime, limit: int) -> list[Receipt]:
    """Take receipts that have waited since before ``before``, to look once more for their messages."""
    return [_receipt(row) for row in await connection.fetch(OLD_EARLY, before, limit)]


async def stale_sent(connection: Connection, low: UUID, high: UUID, limit: int) -> list[Key]:
    """Messages of a span of ids that are SENT and wait for a receipt."""
    return [tuple(row) for row in await connection.fetch(STALE_SENT, low, high, limit)]


async def set_no_dlr(connection: Connection, keys: Sequence[Key], now: datetime) -> list[Any]:
    """Close messages without a receipt as SENT - NO DLR; returns those that were still open, as they are now."""
    return await connection.fetch(SET_NO_DLR, *columns(list(keys), 3), now)


async def set_refunded(connection: Connection, keys: Sequence[Key]) -> None:
    """Note that the price of messages was given back."""
    await connection.execute(SET_REFUNDED, *columns(list(keys), 3))


async def add_incoming(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Append received messages: (account, id, source, destination, text, units, length, country, carrier, at, network)."""
    await connection.execute(ADD_INCOMING, *columns(rows, 11))


async def add_mo_parts(connection: Connection, parts: Sequence[Incoming]) -> None:
    """Keep parts of incoming messages until all are there."""
    rows: list[tuple[Any, ...]] = [
        (p.source, p.destination, p.reference, p.part, p.total, p.carrier_id, p.text, p.at) for p in parts
    ]
    await connection.execute(ADD_MO_PARTS, *columns(rows, 8))


async def take_whole_mo(connection: Connection, parts: Sequence[Incoming]) -> list[Any]:
    """Take the parts of those messages that are complete now."""
    keys: list[tuple[Any, ...]] = [(p.source, p.destination, p.reference) for p in parts]
    return await connection.fetch(TAKE_WHOLE_MO, *columns(keys, 3))


async def take_old_mo(connection: Connection, before: datetime) -> list[Any]:
    """Take the parts of messages that will never be complete."""
    return await connection.fetch(TAKE_OLD_MO, before)
