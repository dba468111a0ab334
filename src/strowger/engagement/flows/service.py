"""Flows: made, edited, published, paused, copied, removed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from strowger.engagement.flows.checking import problems_of, read_definition
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.repository import accounts, flows
from strowger.engagement.flows.schemas import (
    MAX_FLOWS,
    MAX_NAME,
    MAX_REVISIONS,
    SMS,
    WEBHOOK,
    Definition,
    Flow,
    Problem,
    State,
)
from strowger.engagement.flows.widgets.api import ApiConfig
from strowger.engagement.flows.widgets.base import Choices
from strowger.engagement.flows.widgets.start import StartConfig
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.jobs import Job
from strowger.foundation.notify import notify

NAME = re.compile(r"[^\x00-\x1f\x7f]{3,50}")
NAME_TEXT = "Use 3 to 50 characters."
TAKEN = "There is a flow of this name."
GONE = "There is no such flow any more."
STALE = "Somebody else has changed this flow meanwhile. Load the page again."
UNUSED_SECRETS = timedelta(days=1)
CHANNEL = "accounts"  # told when a flow is published, paused or removed: the pipeline forgets which ones listen


def triggers_of(definition: Definition) -> list[str]:
    """What starts a flow."""
    start = definition.start
    config = msgspec.convert(start.config, StartConfig) if start else StartConfig()
    return [name for name, on in ((WEBHOOK, config.webhook.enabled), (SMS, config.sms.enabled)) if on]


def check_name(name: str) -> str:
    """A name of a flow. Raises Refused."""
    name = " ".join(name.split())
    if not NAME.fullmatch(name):
        raise Refused(NAME_TEXT, "name")
    return name


async def create(context: Context, account_id: int, name: str, definition: Definition, by: str) -> int:
    """A new draft. Raises Refused for a name that is no name or taken."""
    name, now = check_name(name), context.clock.now()

    async def work(connection: Connection) -> int:
        return await _add(connection, context.secrets, account_id, name, definition, by, now)

    return await context.database.run(work)


async def _add(
    connection: Connection, box: SecretBox, account_id: int, name: str, definition: Definition, by: str, now: datetime
) -> int:
    if await flows.count(connection, account_id) >= MAX_FLOWS:
        raise Refused(f"An account has at most {MAX_FLOWS} flows.", "name")
    plain = msgspec.to_builtins(Definition())
    made = await flows.add(connection, account_id, name, plain, triggers_of(definition), by, now)
    if made is None:
        raise Refused(TAKEN, "name")
    await _seal(connection, box, account_id, made, definition, now)
    await flows.change(connection, account_id, made, draft=msgspec.to_builtins(definition))
    return made


async def _seal(
    connection: Connection, box: SecretBox, account_id: int, flow_id: int, definition: Definition, now: datetime
) -> None:
    """Keep the values of secret headers apart; ids that are not of this flow are dropped."""
    known: set[str] | None = None
    for widget in definition.widgets:
        if widget.type != "api":
            continue
        config = msgspec.convert(widget.config, ApiConfig)
        for header in config.headers:
            if header.secret:
                known = await flows.secrets(connection, account_id, flow_id) if known is None else known
                header.secret = header.secret if header.secret in known else ""
                header.value = "" if header.secret else header.value
            if header.value and header.is_secret:
                secret_id = new_uuid()
                sealed = box.seal(header.value, f"flow_secret:{account_id}:{secret_id}")
                await flows.add_secret(connection, account_id, flow_id, secret_id, sealed, now)
                header.value, header.secret = "", str(secret_id)
        widget.config = msgspec.to_builtins(config)


async def find(context: Context, account_id: int, flow_id: int) -> Flow | None:
    """A flow of an account."""
    async with context.database.acquire() as connection:
        return await flows.find(connection, account_id, flow_id)


async def look(context: Context, flow: Flow) -> tuple[Choices, list[Problem]]:
    """What a flow's widgets may name, and why its draft cannot be published."""
    definition = flow.definition
    async with context.database.acquire() as connection:
        choices = await _choices(connection, flow, definition)
    return choices, problems_of(definition, choices)


async def _choices(connection: Connection, flow: Flow, definition: Definition) -> Choices:
    names = await flows.names(connection, flow.account_id)
    return await accounts.choices(connection, flow.account_id, definition, flow.id, names)


async def _locked(connection: Connection, account_id: int, flow_id: int) -> Flow:
    flow = await flows.lock(connection, account_id, flow_id)
    if flow is None:
        raise Refused(GONE)
    return flow


async def edit(
    context: Context, account_id: int, flow_id: int, by: str, version: int | None, change: Callable[[Definition], Any]
) -> int:
    """Change a draft by ``change``, whose result is the new definition (None: it changed the one that it was given).

    ``version`` is the one that was looked at. Returns the new one. Raises Refused.
    """
    now = context.clock.now()

    async def work(connection: Connection) -> int:
        flow = await _locked(connection, account_id, flow_id)
        if version is not None and version != flow.version:
            raise Refused(STALE, "version")
        definition = flow.definition
        changed = change(definition)
        made = read_definition(msgspec.to_builtins(definition if changed is None else changed))
        await _seal(connection, context.secrets, account_id, flow_id, made, now)
        plain = msgspec.to_builtins(made)
        if plain == flow.draft:
            return flow.version
        await flows.change(
            connection, account_id, flow_id, draft=plain, version=flow.version + 1, triggers=triggers_of(made), modified_by=by,
            modified_at=now,
        )  # fmt: skip
        return flow.version + 1

    return await context.database.run(work)


async def rename(context: Context, account_id: int, flow_id: int, name: str, by: str) -> None:
    """Give a flow another name. Raises Refused."""
    name, now = check_name(name), context.clock.now()

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, flow_id)
        try:
            await flows.change(connection, account_id, flow_id, name=name, modified_by=by, modified_at=now)
        except asyncpg.UniqueViolationError:
            raise Refused(TAKEN, "name") from None

    await context.database.run(work)


def new_token() -> str:
    """A token of 32 characters for an address."""
    return secrets.token_urlsafe(24)


def token_of(context: Context, flow: Flow) -> str | None:
    """The token in the address of a flow's webhook; None before it is published."""
    if flow.token_sealed is None:
        return None
    try:
        return context.secrets.open(flow.token_sealed, f"flow:{flow.account_id}:{flow.id}").decode()
    except SealBroken:
        return None


def _sealed_token(context: Context, account_id: int, flow_id: int) -> bytes:
    return context.secrets.seal(new_token(), f"flow:{account_id}:{flow_id}")


async def publish(context: Context, account_id: int, flow_id: int, by: str) -> list[Problem]:
    """Put the draft in place of what is published. Returns why that is not possible; then nothing has changed."""
    now = context.clock.now()

    async def work(connection: Connection) -> list[Problem]:
        flow = await _locked(connection, account_id, flow_id)
        definition = flow.definition
        problems = problems_of(definition, await _choices(connection, flow, definition))
        if problems:
            return problems
        made = await flows.add_revision(connection, account_id, flow_id, flow.draft, by, now, MAX_REVISIONS)
        token = flow.token_sealed or _sealed_token(context, account_id, flow_id)
        await flows.change(
            connection, account_id, flow_id, state=State.PUBLISHED, revision=made, published_version=flow.version,
            published_at=now, token_sealed=token,
        )  # fmt: skip
        await notify(connection, CHANNEL, str(account_id))
        return []

    return await context.database.run(work)


async def set_state(context: Context, account_id: int, flow_id: int, state: State) -> None:
    """Pause what is published, or resume what is paused. Raises Refused."""
    before = State.PUBLISHED if state == State.PAUSED else State.PAUSED

    async def work(connection: Connection) -> None:
        flow = await _locked(connection, account_id, flow_id)
        if flow.state != before:
            raise Refused(f"The flow is {flow.label.lower()}: this is not possible.")
        await flows.change(connection, account_id, flow_id, state=state)
        await notify(connection, CHANNEL, str(account_id))

    await context.database.run(work)


async def rotate(context: Context, account_id: int, flow_id: int) -> None:
    """Give the webhook another token; the old address is unknown from now on. Raises Refused."""

    async def work(connection: Connection) -> None:
        flow = await _locked(connection, account_id, flow_id)
        if flow.token_sealed is None:
            raise Refused("The address is made when the flow is published.")
        token = _sealed_token(context, account_id, flow_id)
        await flows.change(connection, account_id, flow_id, token_sealed=token)

    await context.database.run(work)


async def duplicate(context: Context, account_id: int, flow_id: int, by: str) -> int:
    """A new draft like this one. Raises Refused."""
    now = context.clock.now()

    async def work(connection: Connection) -> int:
        flow = await _locked(connection, account_id, flow_id)
        base = flow.name[: MAX_NAME - 9]
        used = await flows.taken(connection, account_id, base)
        name = next(
            n for i in range(1, MAX_FLOWS + 2) if (n := f"{base} copy {i}" if i > 1 else f"{base} copy") not in used
        )
        made = await _add(connection, context.secrets, account_id, name, Definition(), by, now)
        await flows.copy_secrets(connection, account_id, flow_id, made)
        await flows.change(connection, account_id, made, draft=flow.draft, triggers=flow.triggers)
        return made

    return await context.database.run(work)


async def delete(context: Context, account_id: int, flow_id: int) -> None:
    """Remove a flow; executions under way end, the log stays. Raises Refused."""

    async def work(connection: Connection) -> None:
        await _locked(connection, account_id, flow_id)
        await flows.delete(connection, account_id, flow_id)
        await notify(connection, CHANNEL, str(account_id))

    await context.database.run(work)


async def restore(context: Context, account_id: int, flow_id: int, number: int, by: str) -> None:
    """Put a revision in place of the draft. Raises Refused."""
    async with context.database.acquire() as connection:
        found = await flows.revision(connection, account_id, flow_id, number)
    if found is None:
        raise Refused("This revision is not kept any more.")
    definition = msgspec.convert(found, Definition)
    await edit(context, account_id, flow_id, by, None, lambda _: definition)


def exported(flow: Flow) -> bytes:
    """A flow as JSON, in the form of voice.md 6.2, without secret values and ids of the account."""
    definition = flow.definition
    for widget in definition.widgets:
        if widget.type == "api":
            config = msgspec.convert(widget.config, ApiConfig)
            for header in config.headers:
                header.secret = ""
            widget.config = msgspec.to_builtins(config)
    found = {"name": flow.name, "revision": flow.revision, "status": flow.state, **msgspec.to_builtins(definition)}
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def imported(data: bytes) -> tuple[str, Definition]:
    """Name and definition of an exported flow. Raises Refused."""
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Refused(f"The file is not JSON: {problem}", "file") from None
    if not isinstance(found, dict):
        raise Refused("This is no flow.", "file")
    try:
        plain = {"widgets": found.get("widgets"), "settings": found.get("settings") or {}}
        return str(found.get("name") or "Imported flow")[:MAX_NAME], read_definition(plain)
    except Refused as problem:
        raise Refused(str(problem), "file") from None


def secret_id(text: str) -> UUID | None:
    """The id of a header's value; None when it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def upkeep(context: Context) -> tuple[Job, ...]:
    """What the worker does now and then."""

    async def forget_secrets() -> None:
        before = context.clock.now() - UNUSED_SECRETS
        await context.database.run(lambda c: flows.forget_secrets(c, before))

    return (Job("flow_secrets", 86_400, forget_secrets),)


def plain(config: msgspec.Struct) -> dict[str, Any]:
    """Settings of a widget as they are stored."""
    stored: dict[str, Any] = msgspec.to_builtins(config)
    return stored
