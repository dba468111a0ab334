"""The addresses at which carriers hand in receipts and messages over HTTP. What is answered as stored is on disk."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import HttpMethod, Request, Response, route

from strowger.channels.sms.carriers.registry import find_kind, read_config
from strowger.channels.sms.carriers.schemas import Delivery, Hook
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import OUTAGES
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.messaging.routing import repository
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.repository.reports import store_reports
from strowger.platform.gateway.gather import Gatherer
from strowger.platform.numbers.repository import owner_of

log = get_logger(__name__)
MAX_BODY = 1_048_576
KNOWN_SECONDS = 2.0
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
AnyRequest = Request[Any, Any, Any]
Reports = list[Receipt] | list[Incoming]


@dataclass(frozen=True, slots=True)
class Address:
    """A carrier's address here: the secret in it, what reads what comes in, and the secret that signs it."""

    secret: str
    hook: Hook
    signing: str | None


class Desk:
    """Knows the addresses of all carriers, at most two seconds old, and stores what several requests bring together."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._addresses: dict[int, Address] = {}
        self._read_at = float("-inf")
        self._storing: Gatherer[Reports, bool] = Gatherer(self._store)

    async def find(self, carrier_id: int, secret: str) -> Address | None:
        """The address, when the secret is right."""
        now = self._context.clock.monotonic()
        if now - self._read_at > KNOWN_SECONDS:
            self._addresses, self._read_at = await self._read(), now
        found = self._addresses.get(carrier_id)
        right = hmac.compare_digest(secret.encode(), (found.secret if found else "").encode())
        return found if right and found else None

    async def _read(self) -> dict[int, Address]:
        addresses = {}
        for carrier in await self._context.database.run(repository.list_carriers):
            try:
                secret, kind = routing.hook_secret(self._context, carrier), find_kind(carrier.kind)
                if secret and kind.hook:
                    signing = routing.signing_secret(self._context, carrier)
                    addresses[carrier.id] = Address(secret, kind.hook(read_config(kind, carrier.config)), signing)
            except (StrowgerError, SealBroken) as problem:
                log.warning("carrier_address_unreadable", carrier=carrier.name, problem=repr(problem))
        return addresses

    async def store(self, reports: Reports) -> bool:
        """Store reports; False when a message is for a number that nobody owns, and nothing of this request is stored."""
        return await self._storing.ask(reports)

    async def _store(self, asked: Sequence[Reports]) -> list[bool]:
        async def work(connection: Any) -> list[bool]:
            numbers = {r.destination for reports in asked for r in reports if isinstance(r, Incoming)}
            owners = await owner_of(connection, numbers) if numbers else {}
            fits = [all(not isinstance(r, Incoming) or r.destination in owners for r in reports) for reports in asked]
            kept = [report for reports, fit in zip(asked, fits, strict=True) if fit for report in reports]
            if kept:
                await store_reports(connection, kept)
            return fits

        return await self._context.database.run(work)


def _desk(request: AnyRequest) -> Desk:
    state = request.app.state
    found: Desk | None = state.get("carrier_hooks")
    if found is None:
        found = state.carrier_hooks = Desk(state.context)
    return found


def _plain(status: int, text: str, **headers: str) -> Response[str]:
    return Response(text, status_code=status, media_type="text/plain; charset=utf-8", headers={**HEADERS, **headers})


def _may_come(request: AnyRequest, networks: Sequence[str]) -> bool:
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)


@route(
    "/in/carriers/{carrier_id:str}/{secret:str}/{kind:str}",
    http_method=[HttpMethod.GET, HttpMethod.POST],
    include_in_schema=False,
    name="carrier reports",
    request_max_body_size=MAX_BODY,
)
async def take_reports(request: AnyRequest) -> Response[Any]:
    """Store what a carrier reports, then answer. 404 tells nothing: wrong carrier, secret or network are all the same."""
    context, desk = request.app.state.context, _desk(request)
    carrier, secret, kind = (str(request.path_params[name]) for name in ("carrier_id", "secret", "kind"))
    carrier_id = int(carrier) if carrier.isascii() and carrier.isdecimal() and len(carrier) < 10 else 0
    try:
        address = await desk.find(carrier_id, secret)
        if address is None or kind not in ("receipts", "messages") or not _may_come(request, address.hook.networks):
            return _plain(404, "Not found\n")
        body = await request.body()
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        query = request.scope["query_string"].decode("latin-1")
        url = f"{context.settings.base_url}{request.url.path}" + (f"?{query}" if query else "")
        given = Delivery(dict(request.query_params.items()), media_type, body, dict(request.headers.items()), url)
        now = context.clock.now()
        delivery = address.hook.check(given, address.signing, now)
        read = address.hook.receipts if kind == "receipts" else address.hook.messages
        stored = await desk.store(read(delivery, carrier_id, now))
    except (Unavailable, *OUTAGES):
        return _plain(503, "Not stored; send it again\n", **{"Retry-After": "5"})
    except StrowgerError as problem:
        log.warning("carrier_report_refused", carrier_id=carrier_id, problem=problem.detail)
        return _plain(problem.status or 400, f"{problem.detail}\n")
    return _plain(200, address.hook.answer) if stored else _plain(404, "Nobody owns this number\n")


routes: list[Any] = [take_reports]
