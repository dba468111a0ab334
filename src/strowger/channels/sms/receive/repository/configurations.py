"""Configurations of an account: read, written, switched on and off, removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Select, case, or_, select

from strowger.channels.sms.receive.models import ReceiveConfiguration
from strowger.channels.sms.receive.schemas import Configuration, Draft
from strowger.console.sql_source import SqlSource, contains, equals
from strowger.foundation.database import Connection, Database
from strowger.foundation.notify import notify

COLUMNS = """c.id, c.keyword, c.expires_at, c.reply_text, c.reply_sender, c.reply_minutes, c.forward_numbers, c.forward_emails,
    c.callback, c.smpp_user_id, c.consent, c.reply_template, c.reply_entity, c.tag_id"""
FIND = f"""
SELECT c.account_id, c.msisdn, c.active, c.created_at, c.updated_at, {COLUMNS}, u.system_id
FROM receive_configuration c LEFT JOIN smpp_user u ON u.id = c.smpp_user_id AND u.account_id = c.account_id
WHERE c.account_id = $1 AND c.id = $2
"""  # noqa: S608
COUNT = "SELECT count(*) FROM receive_configuration c WHERE c.account_id = $1 AND c.msisdn = $2"
# A number of the account, or one that is shared with it.
USABLE = """
SELECT id, msisdn FROM number WHERE account_id = $1 AND msisdn = $2
UNION ALL SELECT number_id, msisdn FROM number_share WHERE account_id = $1 AND msisdn = $2
"""
OWNS = f"SELECT EXISTS ({USABLE})"
# A client of another account is left out, and a number of another account finds no row.
ADD = f"""
INSERT INTO receive_configuration (account_id, number_id, msisdn, keyword, folded, expires_at, reply_text, reply_sender,
    reply_minutes, forward_numbers, forward_emails, callback, consent, smpp_user_id, created_at, updated_at, reply_template,
    reply_entity, tag_id)
SELECT $1, n.id, n.msisdn, $3, $4, $5, $6, $7, $8, $9::jsonb, $10::jsonb, $11::jsonb, $12,
    (SELECT u.id FROM smpp_user u WHERE u.account_id = $1 AND u.id = $13), $14, $14, $15, $16, $17::bigint
FROM ({USABLE}) n LIMIT 1
ON CONFLICT (number_id, folded) DO NOTHING RETURNING id
"""  # noqa: S608
CHANGE = """
UPDATE receive_configuration SET keyword = $3, folded = $4, expires_at = $5, reply_text = $6, reply_sender = $7,
    reply_minutes = $8, forward_numbers = $9::jsonb, forward_emails = $10::jsonb, callback = $11::jsonb, consent = $12,
    smpp_user_id = (SELECT u.id FROM smpp_user u WHERE u.account_id = $1 AND u.id = $13), updated_at = $14,
    reply_template = $15, reply_entity = $16, tag_id = $17
WHERE account_id = $1 AND id = $2
"""
SHARED_OWN = """
SELECT EXISTS (SELECT FROM number WHERE account_id = $1 AND msisdn = $2 AND shared)
    OR EXISTS (SELECT FROM number_share WHERE account_id = $1 AND msisdn = $2)
"""
MSISDN_OF = "SELECT msisdn FROM receive_configuration WHERE account_id = $1 AND id = $2"
SWITCH = "UPDATE receive_configuration SET active = $3, updated_at = $4 WHERE account_id = $1 AND id = $2"
REMOVE = "DELETE FROM receive_configuration WHERE account_id = $1 AND id = $2"
SENDERS = "SELECT DISTINCT sender FROM sender WHERE account_id = $1 AND status = 'Approved' ORDER BY sender LIMIT 200"


def read_configuration(row: Mapping[str, Any]) -> Configuration:
    """A configuration out of its row."""
    return Configuration(
        row["id"],
        Draft(
            row["keyword"], row["expires_at"], row["reply_text"], row["reply_sender"], row["reply_minutes"],
            tuple(row["forward_numbers"]), tuple(row["forward_emails"]), row["callback"], row["smpp_user_id"], row["consent"],
            row["reply_template"], row["reply_entity"], row["tag_id"],
        ),
    )  # fmt: skip


def _values(draft: Draft, folded: str, now: datetime) -> tuple[Any, ...]:
    return (
        draft.keyword, folded, draft.expires_at, draft.reply_text, draft.reply_sender, draft.reply_minutes,
        list(draft.forward_numbers), list(draft.forward_emails), draft.callback, draft.consent, draft.smpp_user_id, now,
        draft.reply_template, draft.reply_entity, draft.tag_id,
    )  # fmt: skip


async def find(connection: Connection, account_id: int, configuration_id: int) -> asyncpg.Record | None:
    """A configuration of the account with its number."""
    return await connection.fetchrow(FIND, account_id, configuration_id)


async def count(connection: Connection, account_id: int, msisdn: str) -> int:
    """How many a number has."""
    return int(await connection.fetchval(COUNT, account_id, msisdn))


async def owns(connection: Connection, account_id: int, msisdn: str) -> bool:
    """Whether a number is one of the account's, or is shared with it."""
    return bool(await connection.fetchval(OWNS, account_id, msisdn))


async def is_shared(connection: Connection, account_id: int, msisdn: str) -> bool:
    """Whether a number on which the account receives is shared."""
    return bool(await connection.fetchval(SHARED_OWN, account_id, msisdn))


async def is_shared_of(connection: Connection, account_id: int, configuration_id: int) -> bool:
    """The same for the number of a configuration."""
    msisdn = await connection.fetchval(MSISDN_OF, account_id, configuration_id)
    return msisdn is not None and await is_shared(connection, account_id, msisdn)


async def add(
    connection: Connection, account_id: int, msisdn: str, draft: Draft, folded: str, now: datetime
) -> int | None:
    """Write a configuration; None when the number has this keyword already, or is not the account's."""
    made: int | None = await connection.fetchval(ADD, account_id, msisdn, *_values(draft, folded, now))
    await tell(connection, account_id)
    return made


async def change(
    connection: Connection, account_id: int, configuration_id: int, draft: Draft, folded: str, now: datetime
) -> None:
    """Change a configuration. Raises asyncpg.UniqueViolationError when another of the number has the keyword."""
    await connection.execute(CHANGE, account_id, configuration_id, *_values(draft, folded, now))
    await tell(connection, account_id)


async def switch(connection: Connection, account_id: int, configuration_id: int, active: bool, now: datetime) -> bool:
    """Switch on or off; False when there is none."""
    done = await connection.execute(SWITCH, account_id, configuration_id, active, now)
    await tell(connection, account_id)
    return done != "UPDATE 0"


async def remove(connection: Connection, account_id: int, configuration_id: int) -> bool:
    """Delete; False when there is none."""
    done = await connection.execute(REMOVE, account_id, configuration_id)
    await tell(connection, account_id)
    return done != "DELETE 0"


async def tell(connection: Connection, account_id: int) -> None:
    """Let workers read anew."""
    await notify(connection, "accounts", str(account_id))


async def approved_senders(connection: Connection, account_id: int) -> list[str]:
    """Sender IDs that may be used, each once."""
    return [row["sender"] for row in await connection.fetch(SENDERS, account_id)]


def configuration_source(database: Database, now: datetime) -> SqlSource:
    """The configurations of an account, for a table; ``state`` is Active, Expired or Disabled."""
    c = ReceiveConfiguration.__table__.c
    state = select_state(now)
    chosen: Select[Any] = select(
        c.id, c.msisdn, c.keyword, c.expires_at, c.reply_text, c.forward_numbers, c.forward_emails, c.callback,
        c.smpp_user_id, c.consent, c.tag_id, c.active, c.created_at, state.label("state"),
    )  # fmt: skip

    def search(text: str) -> ColumnElement[bool]:
        return or_(contains(c.keyword, text), contains(c.msisdn, text.lstrip("+")))

    return SqlSource(
        database, chosen, c.account_id, ("id",), columns={"state": state}, search=search,
        filters={"state": equals(state), "msisdn": equals(c.msisdn)}, nullable=frozenset({"expires_at"}),
    )  # fmt: skip


def select_state(now: datetime) -> ColumnElement[str]:
    """Active, Expired or Disabled, as an expression."""
    c = ReceiveConfiguration.__table__.c
    return case((~c.active, "Disabled"), (c.expires_at <= now, "Expired"), else_="Active")
