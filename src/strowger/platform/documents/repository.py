"""Queries of documents, always of one account, but for the operator's queue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select, select

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database
from strowger.platform.documents.models import Document
from strowger.platform.files.models import StoredFile

COLUMNS = """
d.id, d.account_id, d.file_id, d.title, d.category, d.purpose, d.number_document_id, d.status, d.reason, d.bound_to,
d.uploaded_by, d.created_at, f.name AS file_name, f.media_type, f.size
"""
FROM = "FROM document d JOIN stored_file f ON f.account_id = d.account_id AND f.id = d.file_id"
COUNT = "SELECT count(*) FROM document WHERE account_id = $1"
ADD = """
INSERT INTO document (account_id, file_id, title, category, purpose, number_document_id, uploaded_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
FIND = f"SELECT {COLUMNS} {FROM} WHERE d.account_id = $1 AND d.file_id = ANY($2) ORDER BY d.id"
WANTED = "WHERE d.account_id = $1 AND ($2::text IS NULL OR d.category = $2) AND ($3::text IS NULL OR d.status = $3)"
PAGE = f"SELECT {COLUMNS} {FROM} {WANTED} ORDER BY d.id DESC LIMIT $4 OFFSET $5"
TOTAL = f"SELECT count(*) FROM document d {WANTED}"  # noqa: S608
OF_PURPOSE = f"SELECT {COLUMNS} {FROM} WHERE d.account_id = $1 AND d.category = 'kyc' AND d.purpose <> '' ORDER BY d.id"
RENAME = "UPDATE document SET title = $3 WHERE account_id = $1 AND file_id = $2 RETURNING id"
LOCK = "SELECT bound_to FROM document WHERE account_id = $1 AND file_id = $2 FOR UPDATE"
DELETE = "DELETE FROM document WHERE account_id = $1 AND file_id = $2"
BIND = "UPDATE document SET bound_to = $3 WHERE account_id = $1 AND file_id = ANY($2)"
UNBIND = "UPDATE document SET bound_to = '' WHERE account_id = $1 AND bound_to = $2"
SETTLE = """
UPDATE document SET status = $3, reason = $4, decided_at = $5, decided_by = $6 WHERE account_id = $1 AND bound_to = $2
"""
# scope: the operator's queue over all accounts; what was uploaded for a KYC case is decided with it
PENDING = f"""
SELECT {COLUMNS}, a.sid, a.name AS account {FROM} JOIN account a ON a.id = d.account_id
WHERE d.status = 'pending' AND d.purpose = '' ORDER BY d.id LIMIT $1
"""
# scope: the operator decides about documents of every account
DECIDE = """
UPDATE document SET status = $2, reason = $3, decided_at = $4, decided_by = $5
WHERE id = $1 AND status = 'pending' AND purpose = '' RETURNING account_id, title, uploaded_by
"""
# scope: the operator opens documents of every account
ANY = "SELECT account_id, file_id, title FROM document WHERE id = $1"


async def count(connection: Connection, account_id: int) -> int:
    """How many documents an account has."""
    return int(await connection.fetchval(COUNT, account_id))


async def add(connection: Connection, account_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add documents: file id, title, category, purpose, number's document id, who, when."""
    await connection.executemany(ADD, [(account_id, *row) for row in rows])


async def find(connection: Connection, account_id: int, file_ids: Sequence[UUID]) -> list[asyncpg.Record]:
    """Documents of an account by public id, oldest first."""
    return await connection.fetch(FIND, account_id, list(file_ids))


async def page(
    connection: Connection, account_id: int, category: str | None, status: str | None, limit: int, offset: int
) -> tuple[list[asyncpg.Record], int]:
    """Documents, the latest first, and how many there are in all."""
    total = await connection.fetchval(TOTAL, account_id, category, status)
    return await connection.fetch(PAGE, account_id, category, status, limit, offset), total


async def of_purpose(connection: Connection, account_id: int) -> list[asyncpg.Record]:
    """What was uploaded for the requirements of KYC, oldest first."""
    return await connection.fetch(OF_PURPOSE, account_id)


async def rename(connection: Connection, account_id: int, file_id: UUID, title: str) -> bool:
    """Give a document another title; False when there is none."""
    return await connection.fetchval(RENAME, account_id, file_id, title) is not None


async def lock(connection: Connection, account_id: int, file_id: UUID) -> str | None:
    """What rests on a document, which stays as it is until the transaction ends; None when there is none."""
    found: str | None = await connection.fetchval(LOCK, account_id, file_id)
    return found


async def delete(connection: Connection, account_id: int, file_id: UUID) -> None:
    """Remove a document's row; its file is the caller's."""
    await connection.execute(DELETE, account_id, file_id)


async def bind(connection: Connection, account_id: int, file_ids: Sequence[UUID], bound_to: str) -> None:
    """Note what rests on documents."""
    await connection.execute(BIND, account_id, list(file_ids), bound_to)


async def unbind(connection: Connection, account_id: int, bound_to: str) -> None:
    """Nothing of that name rests on the account's documents any more."""
    await connection.execute(UNBIND, account_id, bound_to)


async def settle(
    connection: Connection, account_id: int, bound_to: str, status: str, reason: str, at: datetime, by: str
) -> None:
    """Decide about all documents on which something rests."""
    await connection.execute(SETTLE, account_id, bound_to, status, reason, at, by)


async def pending(connection: Connection, limit: int) -> list[asyncpg.Record]:
    """What waits in every account, oldest first."""
    return await connection.fetch(PENDING, limit)


async def decide(
    connection: Connection, number: int, status: str, reason: str, at: datetime, by: str
) -> asyncpg.Record | None:
    """Decide about one; None when it does not wait any more."""
    return await connection.fetchrow(DECIDE, number, status, reason, at, by)


async def by_number(connection: Connection, number: int) -> asyncpg.Record | None:
    """A document of any account, for the operator."""
    return await connection.fetchrow(ANY, number)


def source(database: Database) -> SqlSource:
    """The documents of an account, for a table."""
    d, f = Document.__table__.c, StoredFile.__table__.c
    both = Document.__table__.join(StoredFile.__table__, (f.account_id == d.account_id) & (f.id == d.file_id))
    chosen: Select[Any] = select(
        d.id, d.file_id, d.title, f.name.label("file_name"), d.category, f.size, d.status, d.reason, d.bound_to, d.uploaded_by,
        d.created_at,
    ).select_from(both)  # fmt: skip
    return SqlSource(
        database, chosen, d.account_id, ("id",), columns={"file_name": f.name},
        search=lambda text: d.title.icontains(text, autoescape=True) | f.name.icontains(text, autoescape=True),
    )  # fmt: skip
