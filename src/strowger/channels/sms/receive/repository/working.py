"""What the path of an incoming message asks and writes: always for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.channels.sms.receive.matching import KeywordTable
from strowger.channels.sms.receive.repository.configurations import COLUMNS, read_configuration
from strowger.foundation.database import Connection, columns, json_text

Place = tuple[int, str]  # account and number
LOAD = f"""
SELECT c.account_id, c.msisdn, {COLUMNS} FROM receive_configuration c
JOIN unnest($1::bigint[], $2::text[]) AS t(account_id, msisdn) ON t.account_id = c.account_id AND t.msisdn = c.msisdn
WHERE c.active
"""  # noqa: S608
# scope: whose a message to a shared number is, its keyword tells; nobody is shown what is read here
SHARED = f"""
SELECT c.account_id, c.msisdn, {COLUMNS} FROM receive_configuration c
WHERE c.msisdn = ANY($1::text[]) AND c.active AND c.keyword <> ''
"""  # noqa: S608
# scope: of those who share the number, the one that wrote to this person last
WROTE_LAST = """
SELECT DISTINCT ON (t.msisdn, t.source) t.msisdn, t.source, m.account_id
FROM unnest($1::text[], $2::text[]) AS t(msisdn, source)
JOIN number n ON n.msisdn = t.msisdn AND n.shared
CROSS JOIN LATERAL (
    SELECT s.account_id FROM number_share s WHERE s.number_id = n.id UNION SELECT n.account_id
) a
CROSS JOIN LATERAL (
    SELECT w.account_id, w.request_id FROM message w
    WHERE w.account_id = a.account_id AND w.recipient = t.source AND w.sender = t.msisdn AND w.direction = 0
    ORDER BY w.request_id DESC LIMIT 1
) m
ORDER BY t.msisdn, t.source, m.request_id DESC
"""
# One row for each person and kind: the count begins anew when its period is over. Rows are locked in order.
TAKE = """
INSERT INTO receive_count AS c (account_id, address, kind, began_at, used)
SELECT account_id, address, kind, $5, wanted
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[]) AS t(account_id, address, kind, wanted) ORDER BY 1, 2, 3
ON CONFLICT (account_id, address, kind) DO UPDATE
SET began_at = CASE WHEN c.began_at <= $6 THEN excluded.began_at ELSE c.began_at END,
    used = CASE WHEN c.began_at <= $6 THEN excluded.used ELSE least(c.used, 1000000) + excluded.used END
RETURNING account_id, address, kind, used
"""
ADD_LOG = """
INSERT INTO receive_log (account_id, request_id, configuration_id, source, number, keyword, captured, done, at)
SELECT account_id, request_id, configuration_id, source, number, keyword, captured, done, at
FROM json_to_recordset($1::text::json) AS t(account_id bigint, request_id uuid, configuration_id bigint, source text,
    number text, keyword text, captured jsonb, done jsonb, at timestamptz)
"""
# scope: upkeep of the whole installation
FORGET_LOG = """
DELETE FROM receive_log WHERE (account_id, request_id) IN (
    SELECT account_id, request_id FROM receive_log WHERE at < $1 LIMIT $2)
"""
# scope: upkeep of the whole installation
FORGET_COUNTS = "DELETE FROM receive_count WHERE began_at < $1"
PERIOD = timedelta(hours=1)
Taker = tuple[int, str, str]  # account, who wrote, kind


async def keyword_tables(connection: Connection, places: Collection[Place]) -> Mapping[Place, KeywordTable]:
    """The keywords at work of several numbers; those without any are missing."""
    found = defaultdict(list)
    for row in await connection.fetch(LOAD, *columns([tuple(place) for place in places], 2)):
        found[row["account_id"], row["msisdn"]].append(read_configuration(row))
    return {place: KeywordTable.of(rows) for place, rows in found.items()}


async def shared_tables(
    connection: Connection, numbers: Collection[str]
) -> Mapping[str, tuple[KeywordTable, Mapping[int, int]]]:
    """The keywords at work of shared numbers, of all accounts together; and whose each configuration is."""
    found = defaultdict(list)
    owners: dict[str, dict[int, int]] = defaultdict(dict)
    for row in await connection.fetch(SHARED, list(numbers)):
        found[row["msisdn"]].append(read_configuration(row))
        owners[row["msisdn"]][row["id"]] = row["account_id"]
    return {msisdn: (KeywordTable.of(rows), owners[msisdn]) for msisdn, rows in found.items()}


async def wrote_last(connection: Connection, pairs: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Who wrote last to a person under a shared number, by (number, person); nobody: missing."""
    rows: list[tuple[Any, ...]] = [tuple(pair) for pair in pairs]
    found = await connection.fetch(WROTE_LAST, *columns(rows, 2))
    return {(row["msisdn"], row["source"]): row["account_id"] for row in found}


async def take(connection: Connection, wanted: Mapping[Taker, int], now: datetime) -> dict[Taker, int]:
    """Count what is about to be sent because of somebody; returns how much there was within the hour, this included."""
    rows: list[tuple[Any, ...]] = [(*taker, number) for taker, number in wanted.items()]
    found = await connection.fetch(TAKE, *columns(rows, 4), now, now - PERIOD)
    return {(row["account_id"], row["address"], row["kind"]): row["used"] for row in found}


async def add_log(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was done for messages."""
    await connection.execute(ADD_LOG, json_text(rows))


async def forget(connection: Connection, before: datetime, now: datetime, limit: int) -> int:
    """Delete log rows past retention, and counts that are over; returns how many log rows."""
    await connection.execute(FORGET_COUNTS, now - 2 * PERIOD)
    return int((await connection.execute(FORGET_LOG, before, limit)).rsplit(" ", 1)[-1])


def log_row(
    account_id: int, request_id: UUID, configuration_id: int | None, source: str, number: str, keyword: str,
    captured: Mapping[str, str], done: Mapping[str, Any], at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """A row for ``add_log``."""
    return {
        "account_id": account_id, "request_id": request_id, "configuration_id": configuration_id, "source": source,
        "number": number, "keyword": keyword, "captured": captured, "done": done, "at": at,
    }  # fmt: skip
