"""Carriers and routes: adding, changing, pausing and removing them while everything runs.

Workers hear of each change by NOTIFY and act on it within a second. What a configuration may hold is for the carrier's
kind to say; here it is stored as it is.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.messaging.routing import repository
from strowger.messaging.routing.schemas import CarrierRecord, LinkRecord, NewRoute, RouteRecord

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DEFAULT_PRIORITY = 100
MAX_PRIORITY = 1_000_000
MAX_WEIGHT = 10_000
HOOK_BYTES = 32
MAX_SIGNING = 1000


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
    calls_back: bool = False,
) -> CarrierRecord:
    """Add a carrier with a route for everything, so that it can send at once; ``calls_back`` gives it an address here.

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
    hook = _new_hook(context, name) if calls_back else None

    async def work(connection: Connection) -> CarrierRecord:
        carrier = await repository.insert_carrier(connection, name, kind, config, sealed, hook)
        if carrier is None:
            raise StrowgerError("CARRIER-EXISTS", f"There is a carrier named {name} already", field="name", status=409)
        if not await repository.has_route(connection, carrier.id):
            await repository.insert_route(connection, carrier.id, NewRoute(priority=route_priority))
        await repository.notify_changed(connection, name)
        return carrier

    return await context.database.run(work)


async def list_carriers(context: Context) -> list[CarrierRecord]:
    """All carriers, by name."""
    return await context.database.run(repository.list_carriers)


async def find_carrier(context: Context, name: str) -> CarrierRecord:
    """One carrier. Raises StrowgerError CARRIER-NOT-FOUND (404)."""
    return await context.database.run(lambda connection: _find(connection, name))


async def _find(connection: Connection, name: str) -> CarrierRecord:
    carrier = await repository.find_carrier(connection, name)
    if carrier is None:
        raise StrowgerError("CARRIER-NOT-FOUND", f"There is no carrier named {name}", field="name", status=404)
    return carrier


async def change_carrier(
    context: Context, name: str, config: Mapping[str, Any], secret: str | None = None
) -> CarrierRecord:
    """Replace a carrier's configuration; without ``secret`` the old one stays. Raises CARRIER-NOT-FOUND."""
    sealed = context.secrets.seal(secret, secret_binding(name)) if secret else None

    async def work(connection: Connection) -> CarrierRecord:
        carrier = await _find(connection, name)
        changed = await repository.update_carrier(connection, carrier.id, config, sealed)
        await repository.notify_changed(connection, name)
        return changed

    return await context.database.run(work)


async def remove_carrier(context: Context, name: str) -> None:
    """Take a carrier out of use; what waits for it goes by other routes. Raises CARRIER-NOT-FOUND."""

    async def work(connection: Connection) -> None:
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
    async def work(connection: Connection) -> None:
        await repository.set_carrier_state(connection, (await _find(connection, name)).id, state)
        await repository.notify_changed(connection, name)

    await context.database.run(work)


def hook_secret(context: Context, carrier: CarrierRecord) -> str | None:
    """The secret in the address at which a carrier calls us; None for a carrier that does not. Raises SealBroken."""
    if carrier.hook_sealed is None:
        return None
    return context.secrets.open(carrier.hook_sealed, hook_binding(carrier.name)).decode()


def hook_binding(name: str) -> str:
    """What the secret of a carrier's address is bound to."""
    return f"carrier-hook:{name}"


def _new_hook(context: Context, name: str) -> bytes:
    return context.secrets.seal(secrets.token_urlsafe(HOOK_BYTES), hook_binding(name))


async def renew_hook(context: Context, name: str) -> None:
    """Give a carrier's address another secret; the old one is refused at once. Raises CARRIER-NOT-FOUND, CARRIER-HOOK."""

    async def work(connection: Connection) -> None:
        carrier = await _find(connection, name)
        if carrier.hook_sealed is None:
            raise StrowgerError("CARRIER-HOOK", "This carrier does not call us over HTTP", field="name", status=422)
        await repository.set_hook(connection, carrier.id, _new_hook(context, name))
        await repository.notify_changed(connection, name)

    await context.database.run(work)


def signing_secret(context: Context, carrier: CarrierRecord) -> str | None:
    """The secret with which a carrier signs its reports; None while none is set. Raises SealBroken."""
    if carrier.signing_sealed is None:
        return None
    return context.secrets.open(carrier.signing_sealed, signing_binding(carrier.name)).decode()


def signing_binding(name: str) -> str:
    """What the signing secret of a carrier is bound to."""
    return f"carrier-signing:{name}"


async def set_signing(context: Context, name: str, secret: str) -> None:
    """Keep the secret with which a carrier signs its reports, several by spaces while it changes; empty forgets it.

    Raises CARRIER-NOT-FOUND, CARRIER-HOOK, and CARRIER-SIGNING with the field ``secret``.
    """
    if len(secret) > MAX_SIGNING:
        raise StrowgerError("CARRIER-SIGNING", f"At most {MAX_SIGNING} characters", field="secret", status=422)
    sealed = context.secrets.seal(secret, signing_binding(name)) if secret.strip() else None

    async def work(connection: Connection) -> None:
        carrier = await _find(connection, name)
        if carrier.hook_sealed is None:
            raise StrowgerError("CARRIER-HOOK", "This carrier does not call us over HTTP", field="name", status=422)
        await repository.set_signing(connection, carrier.id, sealed)
        await repository.notify_changed(connection, name)

    await context.database.run(work)


def check_route(route: NewRoute) -> NewRoute:
    """The route as it is stored. Raises StrowgerError (422) naming the field at fault."""
    country, network = (route.country or "").upper() or None, (route.network or "").replace("-", "") or None
    prefix = (route.prefix or "").lstrip("+") or None
    if country is not None and not re.fullmatch(r"[A-Z]{2}", country):
        raise StrowgerError("ROUTE-COUNTRY", "The country must be two letters (ISO 3166)", field="country", status=422)
    if network is not None and not re.fullmatch(r"[0-9]{3}|[0-9]{5,6}", network):
        raise StrowgerError(
            "ROUTE-NETWORK",
            "The network must be an MCC (3 digits), or MCC and MNC (5 or 6)",
            field="network",
            status=422,
        )
    if prefix is not None and not re.fullmatch(r"[1-9][0-9]{0,14}", prefix):
        raise StrowgerError("ROUTE-PREFIX", "The prefix must be 1 to 15 digits", field="prefix", status=422)
    if not 0 <= route.weight <= MAX_WEIGHT:
        raise StrowgerError("ROUTE-WEIGHT", f"The weight must be from 0 to {MAX_WEIGHT}", field="weight", status=422)
    if not 0 <= route.priority <= MAX_PRIORITY:
        raise StrowgerError(
            "ROUTE-PRIORITY", f"The priority must be from 0 to {MAX_PRIORITY}", field="priority", status=422
        )
    return replace(
        route, country=country, network=network, prefix=prefix, type=route.type or None, sender=route.sender or None
    )


async def add_route(
    context: Context,
    carrier: str,
    *,
    country: str | None = None,
    type_: str | None = None,
    sender: str | None = None,
    priority: int = DEFAULT_PRIORITY,
    network: str | None = None,
    prefix: str | None = None,
    weight: int = 1,
    channel: str = "sms",
) -> RouteRecord:
    """Add a route to a carrier; None fits all. Raises CARRIER-NOT-FOUND, and as ``check_route`` does."""
    new = check_route(NewRoute(country, type_, sender, priority, network, prefix, weight, channel))

    async def work(connection: Connection) -> RouteRecord:
        found = await _find(connection, carrier)
        route = await repository.insert_route(connection, found.id, new)
        await repository.notify_changed(connection, carrier)
        return route

    return await context.database.run(work)


async def list_routes(context: Context) -> list[RouteRecord]:
    """All routes in the order in which they are tried."""
    return await context.database.run(repository.list_routes)


async def remove_route(context: Context, route_id: int) -> None:
    """Remove a route. Raises StrowgerError ROUTE-NOT-FOUND (404)."""

    async def work(connection: Connection) -> None:
        if not await repository.delete_route(connection, route_id):
            raise StrowgerError("ROUTE-NOT-FOUND", f"There is no route {route_id}", field="id", status=404)
        await repository.notify_changed(connection, "")

    await context.database.run(work)


async def list_links(context: Context) -> list[LinkRecord]:
    """The live state of every bind; a bind that no worker holds is down."""
    return await context.database.run(repository.list_links)
