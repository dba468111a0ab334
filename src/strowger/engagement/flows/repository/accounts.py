"""What flows ask of the account that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from strowger.channels.sms.message_templates.repository import usable
from strowger.channels.sms.senders import repository as senders
from strowger.channels.sms.senders.countries import rule_of
from strowger.engagement.flows.schemas import Definition
from strowger.engagement.flows.widgets.base import Choices
from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.messaging.notify import SMS_SEND
from strowger.platform.accounts.states import STATE_OF_A
from strowger.platform.callbacks.profiles.schemas import ProfileStatus, profile_name
from strowger.platform.features.repository import OFF_OF_A
from strowger.platform.gateway.keys import Principal
from strowger.platform.numbers.repository import numbers

MANY = 500
PLACE = "SELECT country, time_zone FROM account WHERE id = $1"
PROFILES = """
SELECT id, pod, title FROM callback_profile WHERE account_id = $1 AND deleted_at IS NULL AND status = $2
    AND (channel = 'sms' AND events ? $3 OR channel = 'default' AND events = '[]') ORDER BY lower(title)
"""
# scope: the worker serves every account
PRINCIPALS = f"""
SELECT a.id, a.sid, a.country, a.currency, a.settings, a.time_zone, a.parent_id, {OFF_OF_A},
    {STATE_OF_A}
FROM account a LEFT JOIN account p ON p.id = a.parent_id WHERE a.id = ANY ($1::bigint[])
"""  # noqa: S608
# The token in the path tells who calls, so the flow is looked for before anybody is known.
TARGET = f"""
SELECT f.id AS flow_id, f.name, f.state AS flow_state, f.revision, f.token_sealed,
    jsonb_path_query_first(v.definition, '$.widgets[*] ? (@.type == "start")') AS start,
    a.id, a.sid, a.country, a.currency, a.settings, a.time_zone, a.parent_id, {OFF_OF_A},
    {STATE_OF_A}
FROM account a JOIN flow f ON f.account_id = a.id LEFT JOIN account p ON p.id = a.parent_id
LEFT JOIN flow_revision v ON v.account_id = a.id AND v.flow_id = f.id AND v.revision = f.revision
WHERE a.sid = $1 AND f.id = $2
"""  # noqa: S608
CHOICE = "SELECT coalesce(settings ->> 'flow_choice_in_webhook', 'false') = 'true' FROM account WHERE id = $1"
SET_CHOICE = """
UPDATE account SET settings = settings || jsonb_build_object('flow_choice_in_webhook', $2::boolean) WHERE id = $1
"""


def principal_of(row: Mapping[str, Any]) -> Principal:
    """An account as the rules of sending see it, without a key."""
    return Principal(
        row["id"], row["sid"], 0, row["country"], row["currency"], row["state"], row["settings"], None, parent_id=row["parent_id"],
        facts={"time_zone": row["time_zone"]}, off=frozenset(row["off"] or ()),
    )  # fmt: skip


async def principals(connection: Connection, accounts: Collection[int]) -> dict[int, Principal]:
    """Accounts by their ids."""
    rows = await connection.fetch(PRINCIPALS, list(accounts))
    return {row["id"]: principal_of(row) for row in rows}


async def target(connection: Connection, sid: str, flow_id: int) -> asyncpg.Record | None:
    """A flow with its account, whatever its state."""
    return await connection.fetchrow(TARGET, sid, flow_id)


async def choices(
    connection: Connection, account_id: int, definition: Definition, flow_id: int, flows: Mapping[int, tuple[str, bool]]
) -> Choices:
    """What the account has that widgets can name."""
    place = await connection.fetchrow(PLACE, account_id)
    assert place is not None
    own = await senders.senders(connection, account_id, MANY)
    templates = await usable.search(connection, account_id, "", MANY)
    profiles = await connection.fetch(PROFILES, account_id, int(ProfileStatus.ACTIVE), SMS_SEND)
    return Choices(
        tuple(dict.fromkeys(row["sender"] for row in own if row["status"] == "Approved")),
        {row["template_id"]: f"{row['title']} ({row['template_id']})" for row in templates},
        {profile_name(row["pod"], row["id"]): row["title"] for row in profiles},
        flows,
        tuple(row["msisdn"] for row in await numbers(connection, account_id, MANY)),
        rule_of(place["country"]).registry, place["time_zone"], definition, flow_id,
    )  # fmt: skip


async def choice_in_webhook(connection: Connection, account_id: int) -> bool:
    """Whether Choice runs in executions that a webhook began."""
    return bool(await connection.fetchval(CHOICE, account_id))


async def set_choice_in_webhook(connection: Connection, account_id: int, on: bool) -> None:
    """Let Choice run in them, or not; other processes hear of it."""
    await connection.execute(SET_CHOICE, account_id, on)
    await notify(connection, "accounts", str(account_id))
