"""Queries of reports and of their recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.foundation.database import Connection, Database, json_text
from strowger.foundation.notify import notify, tell_live
from strowger.platform.files.models import StoredFile
from strowger.platform.reports.models import Report, ReportRecipient
from strowger.platform.reports.schemas import DONE, RUNNING, Claimed

MOST_RUNNING = 5  # of an account at a time
ADD = """
INSERT INTO report (account_id, id, type, title, params, format, requested_by, recipients, notification, period, send_empty,
                    next_at, created_at)
VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $12)
ON CONFLICT (account_id, notification, period) WHERE notification IS NOT NULL DO NOTHING RETURNING id
"""
# scope: the queue is that of all accounts; who has few running goes first
CLAIM = f"""
WITH busy AS (SELECT account_id, count(*) AS number FROM report WHERE state = 'running' GROUP BY account_id)
UPDATE report SET state = 'running', claimed_by = $1, started_at = $2, attempts = attempts + 1, rows = 0, done_spans = 0,
    problem = ''
WHERE state = 'queued' AND (account_id, id) = (
    SELECT r.account_id, r.id FROM report r LEFT JOIN busy b ON b.account_id = r.account_id
    WHERE r.state = 'queued' AND r.next_at <= $2 AND coalesce(b.number, 0) < {MOST_RUNNING}
    ORDER BY coalesce(b.number, 0), r.next_at LIMIT 1 FOR UPDATE OF r SKIP LOCKED
)
RETURNING account_id, id, type, title, params, format, attempts, requested_by, recipients, notification, send_empty, created_at
"""  # noqa: S608
# scope: workers of the whole installation
RELEASE_DEAD = """
UPDATE report SET state = 'queued', claimed_by = NULL WHERE state = 'running' AND claimed_by <> ALL($1::int[])
RETURNING account_id, id
"""
PROGRESS = """
UPDATE report SET rows = $4, done_spans = $5, spans = $6
WHERE account_id = $1 AND id = $2 AND state = 'running' AND claimed_by = $3 RETURNING id
"""
GIVE_BACK = """
UPDATE report SET state = $4, claimed_by = NULL, next_at = $5, problem = $6,
    finished_at = CASE WHEN $4 = 'failed' THEN $7::timestamptz END
WHERE account_id = $1 AND id = $2 AND state = 'running' AND claimed_by = $3 RETURNING id
"""
FIND = "SELECT * FROM report WHERE account_id = $1 AND id = $2"
CANCEL = """
UPDATE report SET state = 'cancelled', claimed_by = NULL, finished_at = $3
WHERE account_id = $1 AND id = $2 AND state IN ('queued', 'running') RETURNING id
"""
DELETE = "DELETE FROM report WHERE account_id = $1 AND id = $2 AND state NOT IN ('queued', 'running') RETURNING file_id"
WAITING = "SELECT count(*) FROM report WHERE account_id = $1 AND state IN ('queued', 'running')"
MAILED = """
UPDATE report SET mailed = mailed || $3::text::jsonb WHERE account_id = $1 AND id = $2 AND state = 'done'
"""
# scope: upkeep of the whole installation
EXPIRE = """
UPDATE report SET state = 'expired', file_id = NULL, summary = NULL WHERE state = 'done' AND expires_at <= $1
"""
# scope: upkeep of the whole installation
FORGET = "DELETE FROM report WHERE state NOT IN ('queued', 'running', 'done') AND created_at < $1"
PEOPLE = "SELECT lower(email) AS email, role FROM app_user WHERE account_id = $1 AND state = 'active'"
ACCOUNT = "SELECT name, time_zone, currency, sid FROM account WHERE id = $1"
KNOWN = "SELECT address, state, asked_at FROM report_recipient WHERE account_id = $1 AND address = ANY($2)"
ASKED_SINCE = "SELECT count(*) FROM report_recipient WHERE account_id = $1 AND asked_at > $2"
# scope: whoever holds the link decides; the row says for which account
ASKED = """
SELECT r.account_id, r.address, r.state, r.asked_at, a.name FROM report_recipient r JOIN account a ON a.id = r.account_id
WHERE r.token_hash = $1
"""
DECIDE = "UPDATE report_recipient SET state = $3, decided_at = $4 WHERE account_id = $1 AND address = $2"
OWED = """
SELECT id FROM report WHERE account_id = $1 AND state = 'done' AND expires_at > $3
    AND recipients @> jsonb_build_array($2::text) AND NOT mailed @> jsonb_build_array($2::text) ORDER BY id LIMIT 20
"""
BY_SID = "SELECT id FROM account WHERE sid = $1"


async def add(
    connection: Connection, account_id: int, report_id: UUID, type_name: str, title: str, params: Any, kind: str, by: str,
    recipients: Sequence[str], now: datetime, notification: str | None = None, period: date | None = None,
    send_empty: bool = True,
) -> bool:  # fmt: skip
    """Queue a report within the caller's transaction; False when its schedule has one of that period already."""
    made = await connection.fetchval(
        ADD, account_id, report_id, type_name, title, json_text(params), kind, by, json_text(list(recipients)), notification,
        period, send_empty, now,
    )  # fmt: skip
    if made is not None:
        await notify(connection, "report")
        await tell(connection, account_id, report_id)
    return made is not None


async def tell(connection: Connection, account_id: int, report_id: UUID) -> None:
    """Renew the lists and pages that show a report."""
    await tell_live(connection, "reports", account_id, report_id)


async def claim(connection: Connection, worker_id: int, now: datetime) -> Claimed | None:
    """Take the next report; None when there is none that may run."""
    row = await connection.fetchrow(CLAIM, worker_id, now)
    return Claimed(**row) if row else None


async def release_dead(connection: Connection, live: Sequence[int]) -> int:
    """Give the reports of dead workers back to the queue; returns how many."""
    rows = await connection.fetch(RELEASE_DEAD, list(live))
    if rows:
        await notify(connection, "report")
    return len(rows)


async def progress(
    connection: Connection, account_id: int, report_id: UUID, worker_id: int, rows: int, done: int, spans: int
) -> bool:
    """Note how far a report is; False when it is not this worker's any more: cancelled, or taken over."""
    found = await connection.fetchval(PROGRESS, account_id, report_id, worker_id, rows, done, spans)
    if found is not None:
        await tell(connection, account_id, report_id)
    return found is not None


async def give_back(
    connection: Connection, account_id: int, report_id: UUID, worker_id: int, state: str, at: datetime, problem: str,
    now: datetime,
) -> bool:  # fmt: skip
    """End this worker's try: queued for another one at ``at``, or failed."""
    done = await connection.fetchval(GIVE_BACK, account_id, report_id, worker_id, state, at, problem, now)
    await tell(connection, account_id, report_id)
    return done is not None


async def finish(
    session: AsyncSession, account_id: int, report_id: UUID, worker_id: int, values: Mapping[str, Any]
) -> bool:
    """Mark a report done within the caller's transaction; False when it is not this worker's any more."""
    statement = (
        update(Report)
        .where(
            Report.account_id == account_id, Report.id == report_id, Report.state == RUNNING,
            Report.claimed_by == worker_id,
        )
        .values(state=DONE, claimed_by=None, **values)
        .returning(Report.id)
    )  # fmt: skip
    return (await session.execute(statement)).scalar() is not None


async def keep_file(session: AsyncSession, account_id: int, file_id: UUID, until: datetime) -> None:
    """Keep a report's file until a moment, within the caller's transaction."""
    mine = and_(StoredFile.account_id == account_id, StoredFile.id == file_id)
    await session.execute(update(StoredFile).where(mine).values(expires_at=until))


async def find(connection: Connection, account_id: int, report_id: UUID) -> asyncpg.Record | None:
    """A report of an account."""
    return await connection.fetchrow(FIND, account_id, report_id)


async def cancel(connection: Connection, account_id: int, report_id: UUID, now: datetime) -> bool:
    """Cancel what waits or is being made."""
    found = await connection.fetchval(CANCEL, account_id, report_id, now)
    await tell(connection, account_id, report_id)
    return found is not None


async def delete(connection: Connection, account_id: int, report_id: UUID) -> tuple[bool, UUID | None]:
    """Remove a report that is not being made; whether there was one, and its file."""
    row = await connection.fetchrow(DELETE, account_id, report_id)
    await tell(connection, account_id, report_id)
    return row is not None, row["file_id"] if row else None


async def count_waiting(connection: Connection, account_id: int) -> int:
    """How many reports of an account wait or are being made."""
    return int(await connection.fetchval(WAITING, account_id))


async def add_mailed(connection: Connection, account_id: int, report_id: UUID, addresses: Sequence[str]) -> None:
    """Note who has got a report."""
    await connection.execute(MAILED, account_id, report_id, json_text(list(addresses)))


async def expire(connection: Connection, now: datetime, forget_before: datetime) -> None:
    """Reports whose file has gone say so; old ones are forgotten."""
    await connection.execute(EXPIRE, now)
    await connection.execute(FORGET, forget_before)


async def people(connection: Connection, account_id: int) -> list[Mapping[str, Any]]:
    """Addresses and roles of an account's members."""
    return [dict(row) for row in await connection.fetch(PEOPLE, account_id)]


async def account(connection: Connection, account_id: int) -> Mapping[str, Any]:
    """Name, time zone, currency and SID of an account."""
    row = await connection.fetchrow(ACCOUNT, account_id)
    assert row is not None
    return dict(row)


async def account_by_sid(connection: Connection, sid: str) -> int | None:
    """The account of a SID."""
    found: int | None = await connection.fetchval(BY_SID, sid)
    return found


async def known_recipients(
    connection: Connection, account_id: int, addresses: Sequence[str]
) -> dict[str, tuple[str, datetime]]:
    """State, and when they were asked, of those addresses that were."""
    rows = await connection.fetch(KNOWN, account_id, list(addresses))
    return {row["address"]: (row["state"], row["asked_at"]) for row in rows}


async def count_asked(connection: Connection, account_id: int, since: datetime) -> int:
    """How many addresses an account has asked since a moment."""
    return int(await connection.fetchval(ASKED_SINCE, account_id, since))


async def ask_recipient(session: AsyncSession, account_id: int, address: str, token_hash: bytes, now: datetime) -> None:
    """Keep that an address is asked, within the caller's transaction."""
    values = {"state": "asked", "token_hash": token_hash, "asked_at": now, "decided_at": None}
    statement = insert(ReportRecipient).values(account_id=account_id, address=address, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["account_id", "address"], set_=values))


async def asked_recipient(connection: Connection, token_hash: bytes) -> asyncpg.Record | None:
    """Who was asked with a link."""
    return await connection.fetchrow(ASKED, token_hash)


async def decide_recipient(connection: Connection, account_id: int, address: str, state: str, now: datetime) -> None:
    """Keep what somebody answered."""
    await connection.execute(DECIDE, account_id, address, state, now)


async def owed_to(connection: Connection, account_id: int, address: str, now: datetime) -> list[UUID]:
    """Finished reports that an address is to have and has not got."""
    return [row["id"] for row in await connection.fetch(OWED, account_id, address, now)]


def report_rows(types: Sequence[str] | None = None, notification: str | None = None) -> Select[Any]:
    """The rows of lists of reports: of certain types, or of one schedule. The list's source adds the account."""
    columns = [column for column in Report.__table__.c if column.key not in {"summary", "claimed_by"}]
    rows = select(*columns)  # scope: SqlSource adds account_id
    if types is not None:
        rows = rows.where(Report.type.in_(types))
    return rows.where(Report.notification == notification) if notification is not None else rows


def tenant() -> ColumnElement[Any]:
    """The column that says whose a report is."""
    return Report.__table__.c.account_id


async def read_only(database: Database, seconds: int) -> Connection:
    """A connection outside the pool on which nothing can be written and no statement runs longer than ``seconds``."""
    connection = await database.connect()
    await connection.execute(
        f"SET default_transaction_read_only = on; SET statement_timeout = '{seconds}s'; SET jit = off"
    )
    return connection
