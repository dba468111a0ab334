"""Queries of the request log for people: one row, rows of a list, failures by code and endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, String, and_, cast, false, func, literal, select, true

from strowger.foundation.database import Database
from strowger.foundation.ids import uuid_floor
from strowger.platform.accounts.models import ApiKey
from strowger.platform.gateway.models import RequestLog

R = RequestLog
WITH_SID, WITH_ID = r"^(/v\d)/[^/]+", r"/(?=[^/]*[*]|[^/]*\d[^/]*\d)[^/]+"
# The path without SID, ids and masked parts: what groups requests.
ENDPOINT: ColumnElement[Any] = func.regexp_replace(func.regexp_replace(R.path, WITH_SID, r"\1"), WITH_ID, "/{id}", "g")
CODE: ColumnElement[Any] = func.coalesce(R.error_code, literal("HTTP ") + cast(R.status, String))
# A version 7 UUID begins with its time: 48 bits of milliseconds.
MOMENT_MS = "('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint"
FAILURES = f"""
SELECT coalesce(error_code, 'HTTP ' || status) AS code, method, status,
       regexp_replace(regexp_replace(path, '{WITH_SID}', '\\1'), '{WITH_ID}', '/{{id}}', 'g') AS endpoint,
       least(({MOMENT_MS} - $4::bigint) / $5::bigint, $6::bigint - 1)::int AS bucket, count(*)::int AS n,
       min({MOMENT_MS}) AS first, max({MOMENT_MS}) AS last, max(id::text)::uuid AS last_id
FROM request_log
WHERE account_id = $1 AND id >= $2 AND id < $3 AND status >= 400
GROUP BY 1, 2, 3, 4, 5
ORDER BY n DESC LIMIT $7
"""  # noqa: S608
ONE = """
SELECT r.id, r.method, r.path, r.status, r.duration_ms, r.ip, r.error_code, r.request_body, r.response_body,
       r.api_key_id, k.name AS key_name
FROM request_log r LEFT JOIN api_key k ON k.id = r.api_key_id AND k.account_id = r.account_id
WHERE r.account_id = $1 AND r.id = $2
"""
LONGEST = timedelta(days=3650)


# scope: the list that shows them adds the tenant
def rows() -> Select[Any]:
    """Requests without their texts, with the name of the key."""
    wanted: tuple[Any, ...] = (R.id, R.method, R.path, R.status, R.duration_ms, R.ip, R.error_code, R.api_key_id)
    named = and_(ApiKey.id == R.api_key_id, ApiKey.account_id == R.account_id)
    return select(*wanted, ApiKey.name.label("key_name")).outerjoin(ApiKey, named)


def within(start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    """Requests of a period, by the time in their ids."""
    found: list[ColumnElement[bool]] = [] if start is None or start.year < 1971 else [R.id >= uuid_floor(start)]
    if end is not None:
        found.append(R.id < uuid_floor(end) if 1970 < end.year < 9000 else true() if end.year >= 9000 else false())
    return and_(true(), *found)


def searched(text: str) -> ColumnElement[bool]:
    """The request of an id, or those whose path contains the text."""
    try:
        return R.id == UUID(text.strip())
    except ValueError:
        return R.path.icontains(text, autoescape=True)


def of_classes(chosen: list[str]) -> ColumnElement[bool]:
    """Requests whose status begins with one of the digits."""
    return cast(R.status / 100, Integer).in_([int(one) for one in chosen])


def of_code(text: str) -> ColumnElement[bool]:
    """Requests that were refused with a code, or with an HTTP status that had none."""
    return CODE.in_([text, text.upper()])


async def one(database: Database, account_id: int, request_id: UUID) -> Mapping[str, Any] | None:
    """A request of the account."""
    async with database.pool.acquire() as connection:
        return await connection.fetchrow(ONE, account_id, request_id)


async def failures(
    database: Database, account_id: int, start: datetime, end: datetime, buckets: int, limit: int
) -> list[Mapping[str, Any]]:
    """Counts of failed requests by code, endpoint and time slice, the most frequent first."""
    begin = int(start.timestamp() * 1000)
    width = max(1, (int(end.timestamp() * 1000) - begin) // buckets)
    async with database.pool.acquire() as connection:
        bounds = (uuid_floor(start), uuid_floor(end), begin, width, buckets)
        return list(await connection.fetch(FAILURES, account_id, *bounds, limit))
