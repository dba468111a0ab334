"""All queries of the number plan. It belongs to the installation, not to a tenant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from strowger.foundation.database import Connection, columns
from strowger.foundation.notify import notify
from strowger.messaging.route import Network, NumberPlan

CHANNEL = "carriers"  # of LISTEN and NOTIFY
Range = tuple[str, str, str | None, str, str]

VERSION = "SELECT coalesce(max(batch), 0) FROM number_range"
RANGES = "SELECT prefix, network, country, operator, circle FROM number_range"
RANGES_OF = f"{RANGES} WHERE prefix = ANY($1::text[])"
LISTED = """
SELECT prefix, network, country, operator, circle FROM number_range
WHERE $1 = '' OR prefix LIKE $1 || '%' OR network LIKE $1 || '%' OR operator ILIKE '%' || $1 || '%' OR circle ILIKE '%' || $1 || '%'
ORDER BY prefix LIMIT $2
"""
ALL_NAMES = "SELECT network, min(operator) AS operator FROM number_range WHERE operator <> '' GROUP BY network"
SOME_NAMES = """
SELECT t.network, r.operator FROM unnest($1::text[]) AS t(network)
CROSS JOIN LATERAL (SELECT operator FROM number_range WHERE network = t.network AND operator <> '' LIMIT 1) r
"""
# The circle of the longest prefix; nothing is looked for in a plan without circles.
CIRCLE_OF = """
CASE WHEN EXISTS (SELECT FROM number_range WHERE circle <> '') THEN coalesce((
    SELECT r.circle FROM generate_series(1, 15) AS k JOIN number_range r ON r.prefix = left({number}, k) ORDER BY k DESC LIMIT 1
), '') ELSE '' END
"""
CIRCLES = f"SELECT number, {CIRCLE_OF.format(number='number')} AS circle FROM unnest($1::text[]) AS t(number)"  # noqa: S608
COUNTED = "SELECT count(*) AS ranges, count(DISTINCT network) AS networks FROM number_range"
CLEAR = "DELETE FROM number_range"
NEXT_BATCH = "SELECT nextval('number_range_batch')"
ADD = """
INSERT INTO number_range (prefix, network, country, operator, circle, batch)
SELECT *, $6::bigint FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
ON CONFLICT (prefix) DO UPDATE SET network = excluded.network, country = excluded.country, operator = excluded.operator,
    circle = excluded.circle, batch = excluded.batch
"""


async def version(connection: Connection) -> int:
    """The number of the last import; 0 when there is no range."""
    return int(await connection.fetchval(VERSION))


async def number_plan(connection: Connection, of: int, number: str | None = None) -> NumberPlan:
    """The whole plan, for memory; with ``number`` only the ranges that hold it."""
    heads = [number[:length] for length in range(1, len(number) + 1)] if number else None
    rows = await (connection.fetch(RANGES) if heads is None else connection.fetch(RANGES_OF, heads))
    return NumberPlan({row[0]: Network(row[1], row[2], row[3], row[4]) for row in rows}, of)


async def operator_names(connection: Connection, networks: Collection[str] | None = None) -> dict[str, str]:
    """The operators' names by MCC and MNC, of these networks or of all; one without a name in the plan is not there."""
    if networks is None:
        rows = await connection.fetch(ALL_NAMES)
    else:
        rows = await connection.fetch(SOME_NAMES, sorted(networks)) if networks else []
    return {row["network"]: row["operator"] for row in rows}


async def circles(connection: Connection, numbers: Collection[str]) -> dict[str, str]:
    """The circle of each number; empty where the plan does not say."""
    rows = await connection.fetch(CIRCLES, sorted(numbers)) if numbers else []
    return {row["number"]: row["circle"] for row in rows}


async def listed(connection: Connection, search: str, limit: int) -> list[dict[str, Any]]:
    """Ranges whose prefix or network begins with a text, or whose operator or circle holds it."""
    return [dict(row) for row in await connection.fetch(LISTED, search, limit)]


async def counted(connection: Connection) -> tuple[int, int]:
    """How many ranges and networks there are."""
    row = await connection.fetchrow(COUNTED)
    assert row is not None
    return row["ranges"], row["networks"]


async def store(connection: Connection, ranges: Sequence[Range], replace: bool) -> None:
    """Add ranges to the plan, or put them in its place, and tell every process at commit."""
    if replace:
        await connection.execute(CLEAR)
    if ranges:
        rows: list[tuple[Any, ...]] = list(ranges)
        await connection.execute(ADD, *columns(rows, 5), await connection.fetchval(NEXT_BATCH))
    await notify(connection, CHANNEL)
