"""What is done with IP configurations. A change counts for every key that uses the set, within seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.notify import notify
from strowger.foundation.tenancy import across_accounts
from strowger.platform.ip_configs import repository
from strowger.platform.ip_configs.errors import InUse, NameTaken, NoNetworks, NoSuchConfig, TooMany

Row = Mapping[str, Any]
MAX_CONFIGS, MAX_NAME = 100, 80


async def list_configs(context: Context, account_id: int) -> list[Row]:
    """The sets of an account: id, name, networks, created_at, changed_at, used_by."""
    now = context.clock.now()
    with across_accounts():  # keys of sub-accounts are counted, too
        return await context.database.run(lambda c: repository.all_of(c, account_id, now))


async def seen(context: Context, account_id: int) -> list[Row]:
    """What may stand on keys of the account: its own sets, and its parent's where they do (id, name, networks, own, put)."""
    with across_accounts():  # a parent's set is the parent's row
        return await context.database.run(lambda c: repository.seen(c, account_id))


async def get(context: Context, account_id: int, config_id: int) -> Row:
    """One set. Raises NoSuchConfig."""
    found = await context.database.run(lambda c: repository.one(c, account_id, config_id))
    if found is None:
        raise NoSuchConfig("There is no such IP configuration.")
    return found


def _check(networks: Sequence[str]) -> None:
    if not networks:
        raise NoNetworks("List at least one address or network.")


async def create(context: Context, account_id: int, name: str, networks: Sequence[str]) -> int:
    """Make a set; returns its id. Raises NameTaken, NoNetworks, TooMany."""
    _check(networks)

    async def work(connection: Connection) -> int:
        if await repository.count(connection, account_id) >= MAX_CONFIGS:
            raise TooMany(f"An account has at most {MAX_CONFIGS} IP configurations.")
        return await repository.add(connection, account_id, name, networks, context.clock.now())

    try:
        return await context.database.run(work)
    except asyncpg.UniqueViolationError as clash:
        raise NameTaken(f"There is an IP configuration “{name}” already.") from clash


async def change(context: Context, account_id: int, config_id: int, name: str, networks: Sequence[str]) -> None:
    """Rename it, or change its networks. Raises NameTaken, NoNetworks, NoSuchConfig."""
    _check(networks)

    async def work(connection: Connection) -> None:
        if not await repository.change(connection, account_id, config_id, name, networks, context.clock.now()):
            raise NoSuchConfig("There is no such IP configuration.")
        await notify(connection, "accounts", str(account_id))

    try:
        await context.database.run(work)
    except asyncpg.UniqueViolationError as clash:
        raise NameTaken(f"There is an IP configuration “{name}” already.") from clash


async def users(context: Context, account_id: int, config_id: int) -> list[str]:
    """Who uses it: keys by name, those of sub-accounts with the name of theirs, and sub-accounts whose next keys take it."""
    now = context.clock.now()
    with across_accounts():  # keys of sub-accounts are rows of theirs
        rows = await context.database.run(lambda c: repository.users(c, account_id, config_id, now))
    return [" of ".join(filter(None, (row["name"], row["subaccount"]))) for row in rows]


async def named(context: Context, account_id: int, name: str) -> int:
    """The id of the account's set of that name. Raises NoSuchConfig."""
    found = await context.database.run(lambda c: repository.by_name(c, account_id, name.strip()))
    if found is None:
        raise NoSuchConfig(f"There is no IP configuration “{name}”.")
    return found


async def put_on_keys(connection: Connection, parent_id: int, account_id: int, name: str) -> int | None:
    """Put a set, the parent's or its own, on all active keys of a sub-account; "" takes it off. Returns it. Raises RBC2363."""
    found = None
    if name:
        found = await repository.by_name(connection, parent_id, name)
        found = found or await repository.by_name(connection, account_id, name)
        if found is None:
            raise StrowgerError("RBC2363", "There is no IP configuration of this name", field="ip_config_name")
    await repository.put_on_keys(connection, account_id, found)
    return found


async def delete(context: Context, account_id: int, config_id: int) -> None:
    """Delete a set that no key uses. Raises InUse, NoSuchConfig."""
    using = await users(context, account_id, config_id)
    if using:
        raise InUse(f"It is used by {', '.join(using)}. Take it off there first.")
    now = context.clock.now()
    try:
        with across_accounts():  # ended keys of sub-accounts let it go
            done = await context.database.run(lambda c: repository.delete(c, account_id, config_id, now))
    except asyncpg.ForeignKeyViolationError as taken:
        raise InUse("A key has just begun to use it.") from taken
    if not done:
        raise NoSuchConfig("There is no such IP configuration.")
