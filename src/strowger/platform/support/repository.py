"""All queries of tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.sql_source import SqlSource
from strowger.foundation.database import Connection, Database
from strowger.platform.accounts.models import Account
from strowger.platform.support.models import Ticket

TICKET, ACCOUNT = Ticket.__table__.c, Account.__table__.c
ADD = """
INSERT INTO ticket (account_id, subject, service, by_email, by_name, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING id
"""
POST = """
INSERT INTO ticket_post (id, account_id, ticket_id, by_name, from_operator, body, files, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
ONE = """
SELECT t.*, a.name AS account_name, a.sid FROM ticket t JOIN account a ON a.id = t.account_id
WHERE t.account_id = $1 AND t.id = $2
"""
# scope: the operator opens a ticket of any account by its number
ANY = "SELECT t.*, a.name AS account_name, a.sid FROM ticket t JOIN account a ON a.id = t.account_id WHERE t.id = $1"
STATE = (
    "UPDATE ticket SET state = $3, updated_at = $4 WHERE account_id = $1 AND id = $2 AND state <> 'closed' RETURNING id"
)
POSTS = "SELECT * FROM ticket_post WHERE account_id = $1 AND ticket_id = $2 ORDER BY id"
OPEN = "SELECT count(*) FROM ticket WHERE account_id = $1 AND by_email = $2 AND state <> 'closed'"


async def add(connection: Connection, *values: Any) -> int:
    """Add a ticket: account, subject, service, address, name, time; returns its number."""
    return int(await connection.fetchval(ADD, *values))


async def post(
    connection: Connection, post_id: UUID, account_id: int, ticket_id: int, by: str, from_operator: bool, body: str,
    files: Sequence[Mapping[str, str]], now: datetime,
) -> None:  # fmt: skip
    """Add a contribution."""
    await connection.execute(POST, post_id, account_id, ticket_id, by, from_operator, body, list(files), now)


async def one(connection: Connection, account_id: int | None, ticket_id: int) -> Mapping[str, Any] | None:
    """A ticket of an account; for the operator (None) of any."""
    if account_id is None:
        return await connection.fetchrow(ANY, ticket_id)
    return await connection.fetchrow(ONE, account_id, ticket_id)


async def set_state(connection: Connection, account_id: int, ticket_id: int, state: str, now: datetime) -> bool:
    """Set a ticket's state; False when it is closed."""
    return await connection.fetchval(STATE, account_id, ticket_id, state, now) is not None


async def posts(connection: Connection, account_id: int, ticket_id: int) -> list[Mapping[str, Any]]:
    """All contributions, the oldest first."""
    return await connection.fetch(POSTS, account_id, ticket_id)


async def open_tickets(connection: Connection, account_id: int, email: str) -> int:
    """How many tickets of a person are not closed."""
    return int(await connection.fetchval(OPEN, account_id, email))


def rows() -> Select[Any]:
    """Tickets with their accounts."""
    return select(*Ticket.__table__.c, ACCOUNT.name.label("account_name"), ACCOUNT.sid).select_from(
        Ticket.__table__.join(Account.__table__, ACCOUNT.id == TICKET.account_id)
    )


def source(database: Database, account_id: int, email: str | None) -> SqlSource:
    """The tickets of an account, for a table; with ``email`` only that person's."""
    chosen = rows().where(TICKET.account_id == account_id)
    if email is not None:
        chosen = chosen.where(TICKET.by_email == email)
    return SqlSource(
        database, chosen, TICKET.account_id, ("id",), columns=dict(TICKET.items()),
        search=lambda text: TICKET.subject.icontains(text, autoescape=True),
    )  # fmt: skip


async def follow_address(session: AsyncSession, account_id: int, old: str, new: str) -> None:
    """Tickets stay those of the person who asked, whose e-mail address changed."""
    mine = update(Ticket).where(Ticket.account_id == account_id, Ticket.by_email == old)
    await session.execute(mine.values(by_email=new))
