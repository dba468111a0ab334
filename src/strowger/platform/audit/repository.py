"""Queries of the audit log. There is none that changes an entry; triggers would refuse it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.sql_source import SqlSource, contains
from strowger.foundation.database import Database
from strowger.platform.audit.models import AuditChange, AuditEntry

LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || CAST(:account AS text), 0))")
MOST_CHANGES = 200


async def lock(session: AsyncSession, account_id: int) -> AuditEntry | None:
    """Hold the end of an account's chain until the transaction ends; returns its last entry."""
    await session.execute(LOCK, {"account": str(account_id)})
    wanted = select(AuditEntry).where(AuditEntry.account_id == account_id)
    return await session.scalar(wanted.order_by(AuditEntry.number.desc()).limit(1))


# scope: the changes of one request, whose number is unguessable and its own
async def take_changes(session: AsyncSession, request_id: UUID) -> tuple[list[AuditChange], int]:
    """The rows that a request changed, at most MOST_CHANGES of them, and how many there were; they are taken away."""
    count = await session.scalar(select(func.count()).where(AuditChange.request_id == request_id)) or 0
    if not count:
        return [], 0
    wanted = select(AuditChange).where(AuditChange.request_id == request_id).order_by(AuditChange.id)
    found = list((await session.scalars(wanted.limit(MOST_CHANGES))).all())
    await session.execute(
        delete(AuditChange).where(AuditChange.request_id == request_id).execution_options(synchronize_session=False)
    )
    return found, count


# scope: upkeep of the whole installation
async def forgotten_requests(session: AsyncSession, before: UUID, limit: int) -> Sequence[UUID]:
    """Requests whose process ended before their entry was written."""
    wanted = select(AuditChange.request_id).where(AuditChange.request_id < before).distinct().limit(limit)
    return (await session.scalars(wanted)).all()


async def entry(session: AsyncSession, account_id: int, number: int) -> AuditEntry | None:
    """One entry of an account."""
    return await session.get(AuditEntry, (account_id, number))


async def entries_after(session: AsyncSession, account_id: int, number: int, limit: int) -> Sequence[AuditEntry]:
    """The entries after a number, in the order of the chain."""
    wanted = select(AuditEntry).where(AuditEntry.account_id == account_id, AuditEntry.number > number)
    return (await session.scalars(wanted.order_by(AuditEntry.number).limit(limit))).all()


def entry_source(database: Database) -> SqlSource:
    """The entries of an account as rows of the table."""
    c = AuditEntry.__table__.c
    wanted = select(
        c.number, c.at, c.actor, c.role, c.action, c.path, c.ip, c.status, c.fields, c.changes, c.user_agent,
        func.encode(c.hash, "hex").label("hash"),
    )  # fmt: skip
    return SqlSource(
        database,
        wanted,
        c.account_id,
        ("number",),
        search=lambda word: contains(c.actor, word) | contains(c.path, word) | contains(c.changes, word),
        filters={"changed": lambda word: contains(c.changes, word)},
    )
