"""Carriers and routes: adding, changing, pausing and removing them while everything runs.

Workers hear of each change by NOTIFY and act on it within a second. What a configuration may hold is for the carrier's
kind to say; here it is stored as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import repository
from strowger.messaging.routing.schemas import CarrierRecord, LinkRecord, RouteRecord

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DEFAULT_PRIORITY = 100


def secret_binding(name: str) -> str:
    """What a carrier's sealed secret is bound to."""
    return f"carrier:{name}"


async def add_carrier(
    context: Context,
    name: str,
    kind: str,
    config: Mapping[str, Any],
    secret: str | None = None,
    *,
    route_priority: int = DEFAULT_PRIORITY,
) -> CarrierRecord:
    """Add a carrier with a route for everything, so that it can send at once.

    Raises StrowgerError CARRIER-NAME (422) or CARRIER-EXISTS (409), field ``name``.
    """
    if not NAME.fullmatch(name):
        raise StrowgerError(
            "CARRIER-NAME",
            "The name must be 1 to 64 letters, digits, dots, dashes or underscores",
            field="name",
            status=422,
        )
    sealed = context.secrets.seal(secret, secret_binding(name)) if secret else None

    async def work(connection: asyncpg.Connection[Any]) -> CarrierRecord:
        carrier = await repository.insert_carrier(connection, name, kind, config, sealed)
        if carrier is None:
            raise StrowgerError("CARRIER-EXISTS", f"There is a carrier named {name} already", field="name", status=409)
        if not await repository.has_route(connection, carrier.id):
            await repository.insert_route(connection, carrier.id, "sms", None, None, None, route_priority)
        await repository.notify_changed(connection, name)
        return carrier

    return await context.database.run(work)


async def list_carriers(context: Context) -> list[CarrierRecord]:
    """All carriers, by name."""
    return await context.database.run(repository.list_carriers)


async def find_carrier(context: Context, name: str) -> CarrierRecord:
    """One carrier. Raises StrowgerError CARRIER-NOT-FOUND (404)."""
    return await context.database.run(lambda connection: _find(connection, name))


async def _find(connection: asyncpg.Connection[Any], name: str) -> CarrierRecord:
    carrier = await repository.find_carrier(connection, name)
    if carrier is None:
        raise StrowgerError("CARRIER-NOT-FOUND", f"There is no carrier named {name}", field="name", status=404)
    return carrier


async def change_carrier(
    context: Context, name: str, config: Mapping[str, Any], secret: str | None = None
) -> CarrierRecord:
    """Replace a carrier's configuration; without ``secret`` the old one stays. Raises CARRIER-NOT-FOUND."""
    sealed = context.secrets.seal(secret, secret_binding(name)) if secret else None

    async def work(connection: asyncpg.Connection[Any]) -> CarrierRecord:
        carrier = await _find(connection, name)
        changed = await repository.update_carrier(connection, carrier.id, config, sealed)
        await repository.notify_changed(connection, name)
        return changed

    return await context.database.run(work)


async def remove_carrier(context: Context, name: str) -> None:
    """Take a carrier out of use; what waits for it goes by other routes. Raises CARRIER-NOT-FOUND."""

    async def work(connection: asyncpg.Connection[Any]) -> None:
        await repository.remove_carrier(connection, (await _find(connection, name)).id)
        await repository.notify_changed(connection, name)

    await context.database.run(work)


async def pause_carrier(context: Context, name: str) -> None:
    """Stay bound, send nothing; receipts still come in. Raises CARRIER-NOT-FOUND."""
    await _set_state(context, name, "paused")


async def resume_carrier(context: Context, name: str) -> None:
    """Send again. Raises CARRIER-NOT-FOUND."""
    await _set_state(context, name, "active")


async def _set_state(context: Context, name: str, state: str) -> None:
    async def work(connection: asyncpg.Connection[Any]) -> None:
        await repository.set_carrier_state(connection, (await _find(connection, name)).id, state)
        await repository.notify_changed(connection, name)

    await context.database.run(work)


async def add_route(
    context: Context,
    carrier: str,
    *,
    country: str | None = None,
    type_: str | None = None,
    sender: str | None = None,
    priority: int = DEFAULT_PRIORITY,
    channel: str = "sms",
) -> RouteRecord:
    """Add a route to a carrier; None fits all. Raises CARRIER-NOT-FOUND, ROUTE-COUNTRY (422)."""
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise StrowgerError("ROUTE-COUNTRY", "The country must be two letters (ISO 3166)", field="country", status=422)

    async def work(connection: asyncpg.Connection[Any]) -> RouteRecord:
        found = await _find(connection, carrier)
        route = await repository.insert_route(
            connection, found.id, channel, country.upper() if country else None, type_ or None, sender or None, priority
        )
        await repository.notify_changed(connection, carrier)
        return route

    return await context.database.run(work)


async def list_routes(context: Context) -> list[RouteRecord]:
    """All routes in the order in which they are tried."""
    return await context.database.run(repository.list_routes)


async def remove_route(context: Context, route_id: int) -> None:
    """Remove a route. Raises StrowgerError ROUTE-NOT-FOUND (404)."""

    async def work(connection: asyncpg.Connection[Any]) -> None:
        if not await repository.delete_route(connection, route_id):
            raise StrowgerError("ROUTE-NOT-FOUND", f"There is no route {route_id}", field="id", status=404)
        await repository.notify_changed(connection, "")

    await context.database.run(work)


async def list_links(context: Context) -> list[LinkRecord]:
    """The live state of every bind; a bind that no worker holds is down."""
    return await context.database.run(repository.list_links)
