"""Storing, changing, deciding about and deleting templates. Writers of one account wait for each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from strowger.channels.sms.message_templates.schemas import NewTemplate, State
from strowger.foundation.database import Connection, columns
from strowger.foundation.notify import notify

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('sms_template:' || $1::text, 0))"
LIVE = f"status <> {int(State.DELETED)} AND replaces IS NULL"
TAKEN = f"""
SELECT id, template_id, lower(title) AS title, status, content FROM sms_template
WHERE account_id = $1 AND {LIVE} AND (template_id = ANY($2::text[]) OR lower(title) = ANY($3::text[]))
"""  # noqa: S608
# Names of senders hold no commas, so lists of them travel as one text each.
GIVEN = """unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::jsonb[], $11::smallint[], $12::bigint[])
    WITH ORDINALITY AS k(title, content, template_id, entity_id, senders, purpose, iso_code, language, defaults, status,
        replaces, i)"""
INSERT = f"""
INSERT INTO sms_template (account_id, title, content, template_id, entity_id, senders, purpose, iso_code, language,
    defaults, status, replaces, author, version)
SELECT $1, k.title, k.content, k.template_id, k.entity_id, string_to_array(k.senders, ','), k.purpose, k.iso_code,
    k.language, k.defaults, k.status, k.replaces, $13,
    coalesce((SELECT version + 1 FROM sms_template t WHERE t.account_id = $1 AND t.id = k.replaces), 1)
FROM {GIVEN} ORDER BY k.i RETURNING id, template_id
"""  # noqa: S608
WITHDRAW = f"""
UPDATE sms_template SET status = {int(State.DELETED)}
WHERE account_id = $1 AND replaces = ANY($2::bigint[]) AND status <> {int(State.DELETED)}
"""  # noqa: S608
# ``replaces`` is here the row that is changed.
CHANGE = f"""
UPDATE sms_template t SET title = k.title, content = k.content, template_id = k.template_id, entity_id = k.entity_id,
    senders = string_to_array(k.senders, ','), purpose = k.purpose, iso_code = k.iso_code, language = k.language,
    defaults = k.defaults, version = t.version + (t.content <> k.content)::integer, reason = NULL,
    status = CASE WHEN t.content = k.content AND t.status IN ({int(State.APPROVED)}, {int(State.DISABLED)})
        THEN t.status ELSE k.status END
FROM {GIVEN} WHERE t.account_id = $1 AND t.id = k.replaces RETURNING t.id, t.template_id
"""  # noqa: S608
SET_STATE = """
UPDATE sms_template SET status = $4
WHERE account_id = $1 AND id = $2 AND status = ANY($3::smallint[]) AND replaces IS NULL RETURNING id
"""
DELETE = f"""
UPDATE sms_template SET status = {int(State.DELETED)}
WHERE account_id = $1 AND (id = $2 OR replaces = $2) AND status <> {int(State.DELETED)} RETURNING id
"""  # noqa: S608
# scope: the operator decides for every account
WAITING = (
    f"SELECT account_id, replaces, title FROM sms_template WHERE id = $1 AND status = {int(State.PENDING)} FOR UPDATE"  # noqa: S608
)
SUPERSEDE = f"UPDATE sms_template SET status = {int(State.DELETED)} WHERE account_id = $1 AND id = $2"  # noqa: S608
DECIDE = f"""
UPDATE sms_template SET status = $3::smallint, reason = $4, decided_at = $5, decided_by = $6,
    replaces = CASE WHEN $3::smallint = {int(State.APPROVED)} THEN NULL ELSE replaces END
WHERE account_id = $1 AND id = $2
"""  # noqa: S608
Item = tuple[NewTemplate, State, int | None]  # what, in which state, and the row that it replaces or changes


def _columns(items: Sequence[Item]) -> list[list[Any]]:
    rows = [
        (
            new.title, new.content, new.template_id, new.entity_id, ",".join(new.senders), new.purpose, new.iso_code,
            new.language, dict(new.defaults), int(state), row_id,
        )
        for new, state, row_id in items
    ]  # fmt: skip
    return columns(rows, 11)


async def lock(connection: Connection, account_id: int) -> None:
    """Wait for the other writers of the account; within the caller's transaction."""
    await connection.execute(LOCK, str(account_id))


async def tell(connection: Connection, account_id: int) -> None:
    """Tell the processes that keep templates."""
    await notify(connection, "accounts", str(account_id))


async def taken(
    connection: Connection, account_id: int, template_ids: Sequence[str], titles: Sequence[str]
) -> list[asyncpg.Record]:
    """The account's templates that have one of these ids or titles (lower case)."""
    return await connection.fetch(TAKEN, account_id, list(template_ids), list(titles))


async def insert(connection: Connection, account_id: int, items: Sequence[Item], author: str) -> dict[str, int]:
    """Add templates, in one statement; returns rows by template id. A waiting version of the same one is withdrawn."""
    replaced = [row_id for _, _, row_id in items if row_id is not None]
    if replaced:
        await connection.execute(WITHDRAW, account_id, replaced)
    rows = await connection.fetch(INSERT, account_id, *_columns(items), author)
    return {row["template_id"]: row["id"] for row in rows}


async def change(connection: Connection, account_id: int, items: Sequence[Item]) -> dict[str, int]:
    """Change templates in place; what was approved stays so while its text stays the same."""
    rows = await connection.fetch(CHANGE, account_id, *_columns(items))
    return {row["template_id"]: row["id"] for row in rows}


async def set_state(
    connection: Connection, account_id: int, row_id: int, states: Sequence[State], state: State
) -> bool:
    """Move a template from one of ``states`` to another; whether it was in one of them."""
    found = await connection.fetchval(SET_STATE, account_id, row_id, [int(one) for one in states], int(state))
    await tell(connection, account_id)
    return found is not None


async def delete(connection: Connection, account_id: int, row_id: int) -> bool:
    """Mark a template, and a version that waits for its place, as deleted; whether there was one."""
    found = await connection.fetch(DELETE, account_id, row_id)
    await tell(connection, account_id)
    return bool(found)


async def decide(
    connection: Connection, row_id: int, state: State, reason: str | None, now: datetime, by: str
) -> tuple[int, str] | None:
    """Decide about a waiting template of any account; returns account and title, None when it does not wait any more.

    Raises asyncpg.UniqueViolationError when its title was taken meanwhile.
    """
    row = await connection.fetchrow(WAITING, row_id)
    if row is None:
        return None
    account_id: int = row["account_id"]
    await lock(connection, account_id)
    if state == State.APPROVED and row["replaces"] is not None:
        await connection.execute(SUPERSEDE, account_id, row["replaces"])
    await connection.execute(DECIDE, account_id, row_id, int(state), reason, now, by)
    await tell(connection, account_id)
    return account_id, row["title"]
