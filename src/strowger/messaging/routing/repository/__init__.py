"""All queries of carriers, links and routes. They belong to the installation, not to a tenant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.messaging.routing.schemas import CarrierRecord, LinkRecord, LinkState, NewRoute, RouteRecord

CHANNEL = "carriers"  # of LISTEN and NOTIFY: carriers or routes have changed

_CARRIER = "id, name, kind, config, secret_sealed, hook_sealed, signing_sealed, state, created_at, updated_at"
CARRIERS = f"SELECT {_CARRIER} FROM carrier WHERE state <> 'removed' ORDER BY name"  # noqa: S608
CARRIER_BY_NAME = f"SELECT {_CARRIER} FROM carrier WHERE name = $1 AND state <> 'removed'"  # noqa: S608
INSERT_CARRIER = f"""
INSERT INTO carrier (name, kind, config, secret_sealed, hook_sealed) VALUES ($1, $2, $3::jsonb, $4, $5)
ON CONFLICT (name) DO NOTHING RETURNING {_CARRIER}
"""  # noqa: S608
UPDATE_CARRIER = f"""
UPDATE carrier SET config = $2::jsonb, secret_sealed = coalesce($3, secret_sealed), updated_at = now()
WHERE id = $1 RETURNING {_CARRIER}
"""  # noqa: S608
SET_HOOK = "UPDATE carrier SET hook_sealed = $2, updated_at = now() WHERE id = $1"
SET_SIGNING = "UPDATE carrier SET signing_sealed = $2, updated_at = now() WHERE id = $1"
SET_STATE = "UPDATE carrier SET state = $2, updated_at = now() WHERE id = $1"
# The row stays, since messages name it; its name becomes free and its secret is gone.
REMOVE_CARRIER = """
UPDATE carrier SET state = 'removed', name = name || ' (removed ' || id || ')', secret_sealed = NULL, hook_sealed = NULL,
    signing_sealed = NULL, updated_at = now()
WHERE id = $1
"""
REMOVE_ROUTES_OF = "DELETE FROM route WHERE carrier_id = $1"
REMOVE_LINKS_OF = "DELETE FROM carrier_link WHERE carrier_id = $1"

_ROUTE = """r.id, r.carrier_id, c.name AS carrier, r.channel, r.country, r.type, r.sender, r.priority, r.active, r.network,
    r.prefix, r.weight"""
ROUTES = f"""
SELECT {_ROUTE} FROM route r JOIN carrier c ON c.id = r.carrier_id WHERE c.state <> 'removed'
ORDER BY r.channel, r.priority, r.id
"""  # noqa: S608
INSERT_ROUTE = f"""
WITH r AS (
    INSERT INTO route (carrier_id, channel, country, type, sender, priority, network, prefix, weight)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *
)
SELECT {_ROUTE} FROM r JOIN carrier c ON c.id = r.carrier_id
"""  # noqa: S608
HAS_ROUTE = "SELECT EXISTS (SELECT FROM route WHERE carrier_id = $1)"
DELETE_ROUTE = "DELETE FROM route WHERE id = $1 RETURNING id"

LINKS = """
SELECT l.carrier_id, c.name AS carrier, c.kind, l.bind, l.worker_id,
    CASE WHEN l.worker_id IS NULL THEN 'down' ELSE l.state END AS state, l.detail, l.since, l.counters, l.updated_at
FROM carrier_link l JOIN carrier c ON c.id = l.carrier_id WHERE c.state <> 'removed' ORDER BY c.name, l.bind
"""
MAKE_LINKS = """
INSERT INTO carrier_link (carrier_id, bind) SELECT $1::integer, generate_series(1, $2::integer) ON CONFLICT DO NOTHING
"""
DROP_LINKS = (
    "DELETE FROM carrier_link WHERE carrier_id = $1 AND bind > $2 AND (worker_id IS NULL OR NOT worker_id = ANY($3))"
)
HELD = "SELECT bind FROM carrier_link WHERE carrier_id = $1 AND worker_id = $2 AND bind <= $3 ORDER BY bind"
LEASE = """
UPDATE carrier_link l SET worker_id = $2, state = 'connecting', detail = NULL, since = now(), updated_at = now()
FROM (
    SELECT carrier_id, bind FROM carrier_link
    WHERE carrier_id = $1 AND bind <= $3 AND (worker_id IS NULL
        -- A worker that started after the list of live ones was read tells of its binds every second.
        OR (NOT worker_id = ANY($4::integer[]) AND updated_at < now() - interval '2 seconds'))
    ORDER BY bind LIMIT $5 FOR UPDATE SKIP LOCKED
) free
WHERE l.carrier_id = free.carrier_id AND l.bind = free.bind RETURNING l.bind
"""
GIVE_UP = """
UPDATE carrier_link SET worker_id = NULL, state = 'down', detail = $4, since = now(), updated_at = now()
WHERE carrier_id = $1 AND worker_id = $2 AND bind = ANY($3::smallint[])
"""
GIVE_UP_ALL = """
UPDATE carrier_link SET worker_id = NULL, state = 'down', detail = 'worker stopped', since = now(), updated_at = now()
WHERE worker_id = $1
"""
TELL = """
UPDATE carrier_link l SET state = t.state, detail = t.detail, counters = t.counters::jsonb, updated_at = now(),
    since = CASE WHEN l.state = t.state THEN l.since ELSE now() END
FROM unnest($2::integer[], $3::smallint[], $4::text[], $5::text[], $6::text[]) AS t(carrier_id, bind, state, detail, counters)
WHERE l.carrier_id = t.carrier_id AND l.bind = t.bind AND l.worker_id = $1
"""
PEERS = "SELECT id FROM worker WHERE kind = 'worker' AND id = ANY($1::integer[])"


def _carrier(row: Any) -> CarrierRecord:
    return CarrierRecord(**dict(row))


async def list_carriers(connection: Connection) -> list[CarrierRecord]:
    """All carriers but the removed ones, by name."""
    return [_carrier(row) for row in await connection.fetch(CARRIERS)]


async def find_carrier(connection: Connection, name: str) -> CarrierRecord | None:
    """The carrier of that name, unless it was removed."""
    row = await connection.fetchrow(CARRIER_BY_NAME, name)
    return _carrier(row) if row else None


async def insert_carrier(
    connection: Connection,
    name: str,
    kind: str,
    config: Mapping[str, Any],
    secret_sealed: bytes | None,
    hook_sealed: bytes | None = None,
) -> CarrierRecord | None:
    """Add a carrier; None when the name is taken."""
    row = await connection.fetchrow(INSERT_CARRIER, name, kind, dict(config), secret_sealed, hook_sealed)
    return _carrier(row) if row else None


async def update_carrier(
    connection: Connection, carrier_id: int, config: Mapping[str, Any], secret_sealed: bytes | None
) -> CarrierRecord:
    """Replace a carrier's configuration, and its secret when one is given."""
    return _carrier(await connection.fetchrow(UPDATE_CARRIER, carrier_id, dict(config), secret_sealed))


async def set_hook(connection: Connection, carrier_id: int, hook_sealed: bytes) -> None:
    """Give a carrier another secret for the address at which it calls us."""
    await connection.execute(SET_HOOK, carrier_id, hook_sealed)


async def set_signing(connection: Connection, carrier_id: int, signing_sealed: bytes | None) -> None:
    """Keep the secret with which a carrier signs its reports, or forget it."""
    await connection.execute(SET_SIGNING, carrier_id, signing_sealed)


async def set_carrier_state(connection: Connection, carrier_id: int, state: str) -> None:
    """Make a carrier active or paused."""
    await connection.execute(SET_STATE, carrier_id, state)


async def remove_carrier(connection: Connection, carrier_id: int) -> None:
    """Take a carrier out of use, with its routes, links and secret."""
    for statement in (REMOVE_ROUTES_OF, REMOVE_LINKS_OF, REMOVE_CARRIER):
        await connection.execute(statement, carrier_id)


async def list_routes(connection: Connection) -> list[RouteRecord]:
    """All routes in the order in which they are tried."""
    return [RouteRecord(**dict(row)) for row in await connection.fetch(ROUTES)]


async def insert_route(connection: Connection, carrier_id: int, route: NewRoute) -> RouteRecord:
    """Add a route."""
    row = await connection.fetchrow(
        INSERT_ROUTE, carrier_id, route.channel, route.country, route.type, route.sender, route.priority,
        route.network, route.prefix, route.weight,
    )  # fmt: skip
    assert row is not None
    return RouteRecord(**dict(row))


async def has_route(connection: Connection, carrier_id: int) -> bool:
    """Whether any route leads to the carrier."""
    return bool(await connection.fetchval(HAS_ROUTE, carrier_id))


async def delete_route(connection: Connection, route_id: int) -> bool:
    """Remove a route; False when there is none of that id."""
    return await connection.fetchval(DELETE_ROUTE, route_id) is not None


async def list_links(connection: Connection) -> list[LinkRecord]:
    """The live state of every bind, by carrier and number."""
    return [LinkRecord(**dict(row)) for row in await connection.fetch(LINKS)]


async def carrier_workers(connection: Connection, live: Iterable[int]) -> list[int]:
    """Those of the live processes that run carriers."""
    return [row["id"] for row in await connection.fetch(PEERS, list(live))]


async def hold_links(
    connection: Connection, carrier_id: int, worker_id: int, live: Iterable[int], binds: int, share: int
) -> list[int]:
    """Lease free binds of a carrier for a worker until it holds ``share``; returns all that it holds.

    A bind is free when nobody or no live worker holds it.
    """
    alive = list(live)
    await connection.execute(MAKE_LINKS, carrier_id, binds)
    await connection.execute(DROP_LINKS, carrier_id, binds, alive)
    held = [row["bind"] for row in await connection.fetch(HELD, carrier_id, worker_id, binds)]
    if len(held) < share:
        rows = await connection.fetch(LEASE, carrier_id, worker_id, binds, alive, share - len(held))
        held += [row["bind"] for row in rows]
    return sorted(held)


async def give_up_links(
    connection: Connection, carrier_id: int, worker_id: int, binds: Sequence[int], detail: str
) -> None:
    """Let binds of a worker go, so that another may lease them."""
    await connection.execute(GIVE_UP, carrier_id, worker_id, list(binds), detail)


async def give_up_all_links(connection: Connection, worker_id: int) -> None:
    """Let every bind of a worker go."""
    await connection.execute(GIVE_UP_ALL, worker_id)


async def tell_links(connection: Connection, worker_id: int, states: Sequence[LinkState]) -> None:
    """Write the live state of binds that the worker still holds."""
    counters = [msgspec.json.encode(s.counters).decode() for s in states]
    await connection.execute(
        TELL,
        worker_id,
        [s.carrier_id for s in states],
        [s.bind for s in states],
        [s.state for s in states],
        [s.detail for s in states],
        counters,
    )


async def notify_changed(connection: Connection, name: str) -> None:
    """Tell every process, at commit, that carriers or routes have changed."""
    await notify(connection, CHANNEL, name)
