"""Queries of retention and of erasures; those that walk over every table are in ``walking``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from strowger.foundation.database import Connection

CHUNK = 5_000

RULES = "SELECT kind, days FROM retention WHERE account_id = $1"
SET_RULE = """
INSERT INTO retention (account_id, kind, days) VALUES ($1, $2, $3)
ON CONFLICT (account_id, kind) DO UPDATE SET days = excluded.days
"""
DROP_RULE = "DELETE FROM retention WHERE account_id = $1 AND kind = $2"
# scope: the job keeps the rules of every account
ALL_RULES = """
SELECT a.id AS account_id, r.kind, r.days FROM account a LEFT JOIN retention r ON r.account_id = a.id ORDER BY a.id
"""
LONGEST = (
    "SELECT max(days) FROM retention WHERE kind IN ('messages', 'callbacks')"  # scope: partitions hold every account
)

ASK = """
INSERT INTO erasure (id, account_id, hint, by_user, asked_at, subject_sealed) VALUES ($1, $2, $3, $4, $5, $6)
"""
LATEST = "SELECT * FROM erasure WHERE account_id = $1 ORDER BY asked_at DESC LIMIT $2"
ONE = "SELECT * FROM erasure WHERE account_id = $1 AND id = $2"
# scope: the job works for every account
OPEN = "SELECT * FROM erasure WHERE done_at IS NULL ORDER BY asked_at LIMIT 20"
NOTE = """
UPDATE erasure SET rows = $3, done_at = $4, subject_sealed = CASE WHEN $4::timestamptz IS NULL THEN subject_sealed END
WHERE account_id = $1 AND id = $2
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of data is in words, and the statement that removes a chunk of what is older ($1 account, $3 limit).

    ``by``: $2 is the moment, or the smallest id of that moment.
    """

    label: str
    text: str
    statements: tuple[str, ...]
    by: str = "id"


def _old(table: str, key: str, age: str, more: str = "") -> str:
    return (
        f"DELETE FROM {table} WHERE account_id = $1 AND ({key}) IN"  # noqa: S608
        f" (SELECT {key} FROM {table} WHERE account_id = $1 AND {age} < $2{more} LIMIT $3)"
    )


NOT_WAITING = (
    " AND NOT EXISTS (SELECT FROM submission s WHERE s.request_id = message.request_id AND s.n = message.n"
    " AND s.account_id = $1)"
)
KINDS: Mapping[str, Kind] = {
    "messages": Kind(
        "Messages", "Messages with their events. Figures of days and months stay.",
        (
            _old("message", "request_id, n", "request_id", NOT_WAITING),
            "DELETE FROM message_event WHERE account_id = $1 AND request_id < $2 AND $3 > 0",
        ),
    ),
    "texts": Kind(
        "Texts of messages", "The text alone, also in requests of callbacks: number, status and price stay as long as messages do.",
        (),  # messaging.erasing does it: it knows what is still under way
    ),
    "callbacks": Kind(
        "Attempts of callbacks", "Requests and answers of callbacks.",
        ("DELETE FROM callback_attempt WHERE account_id = $1 AND request_id < $2 AND $3 > 0",),
    ),
    "requests": Kind("API requests", "The request log under Developers.", (_old("request_log", "id", "id"),)),
    "clicks": Kind(
        "Clicks", "Address and browser of each click on a short link; the counts stay.",
        (_old("short_link_click", "id", "at"),), "at",
    ),
    "flow_runs": Kind(
        "Executions of flows", "What flows did, widget by widget; 90 days at most.",
        (
            _old("flow_step", "run_id, n", "run_id"),
            _old("flow_run", "id", "id", " AND ended_at IS NOT NULL"),
        ),
    ),
    "sign_ins": Kind(
        "Login history", "Who signed in, from where.", (_old("login_event", "id", "at"),), "at",
    ),
}  # fmt: skip


async def rules(connection: Connection, account_id: int) -> dict[str, int]:
    """Days by kind, where an account chose its own."""
    return {row["kind"]: row["days"] for row in await connection.fetch(RULES, account_id)}


async def set_rule(connection: Connection, account_id: int, kind: str, days: int | None) -> None:
    """Keep a kind for so many days; None: as the installation does."""
    if days is None:
        await connection.execute(DROP_RULE, account_id, kind)
    else:
        await connection.execute(SET_RULE, account_id, kind, days)


async def all_rules(connection: Connection) -> dict[int, dict[str, int]]:
    """The rules of every account; empty where it has none."""
    found: dict[int, dict[str, int]] = {}
    for row in await connection.fetch(ALL_RULES):
        mine = found.setdefault(row["account_id"], {})
        if row["kind"] is not None:
            mine[row["kind"]] = row["days"]
    return found


async def longest(connection: Connection) -> int:
    """The most days that any account keeps what lives in partitions; 0 when none chose."""
    return int(await connection.fetchval(LONGEST) or 0)


async def remove(connection: Connection, account_id: int, statement: str, before: object) -> int:
    """Remove a chunk of what is older; returns how many rows."""
    done: str = await connection.execute(statement, account_id, before, CHUNK, timeout=600)
    return int(done.rsplit(" ", 1)[-1])


async def ask(
    connection: Connection, erasure_id: UUID, account_id: int, hint: str, by: str, at: datetime, sealed: bytes
) -> None:
    """Note a person who is to be erased."""
    await connection.execute(ASK, erasure_id, account_id, hint, by, at, sealed)


async def latest(connection: Connection, account_id: int, limit: int) -> list[asyncpg.Record]:
    """The last erasures of an account."""
    return await connection.fetch(LATEST, account_id, limit)


async def one(connection: Connection, account_id: int, erasure_id: UUID) -> asyncpg.Record | None:
    """An erasure of an account."""
    return await connection.fetchrow(ONE, account_id, erasure_id)


async def unfinished(connection: Connection) -> list[asyncpg.Record]:
    """Erasures that are not done."""
    return await connection.fetch(OPEN)


async def note(
    connection: Connection, account_id: int, erasure_id: UUID, rows: Mapping[str, int], done_at: datetime | None
) -> None:
    """Write down what was erased; ``done_at`` ends it, and the number or address goes."""
    await connection.execute(NOTE, account_id, erasure_id, dict(rows), done_at)
