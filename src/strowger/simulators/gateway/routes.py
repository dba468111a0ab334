"""The gateway's HTTP API as a provider offers it, and its control for people and tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import msgspec
from aiohttp import web

from strowger.simulators.gateway.misbehaviours import MISBEHAVIOURS, Fields, Handling
from strowger.simulators.misbehaving import UnknownMisbehaviour

if TYPE_CHECKING:
    from strowger.simulators.gateway.service import Gateway, Taken

MAX_BODY = 256 * 1024


def make_app(gateway: Gateway) -> web.Application:
    """The web application."""
    app = web.Application(client_max_size=MAX_BODY)
    api, control = _Api(gateway), _Control(gateway)
    app.add_routes(
        [
            web.route("*", "/send", api.send_json),
            web.route("*", "/plain/send", api.send_plain),
            web.post("/xml/send", api.send_xml),
            web.get("/control/state", control.state),
            web.get("/control/misbehaviours", control.misbehaviours),
            web.get("/control/requests", control.requests),
            web.post("/control/misbehave", control.misbehave),
            web.post("/control/message", control.message),
            web.post("/control/reset", control.reset),
        ]
    )
    return app


class _Api:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def send_json(self, request: web.Request) -> web.StreamResponse:
        """``/send``: JSON, form or query in, JSON out."""
        return await self._send(request, _json_answer)

    async def send_plain(self, request: web.Request) -> web.StreamResponse:
        """``/plain/send``: form or query in, one line out: ``OK: id`` or ``ERR: code``."""
        return await self._send(request, _plain_answer)

    async def send_xml(self, request: web.Request) -> web.StreamResponse:
        """``/xml/send``: XML in, XML out."""
        return await self._send(request, _xml_answer)

    async def _send(self, request: web.Request, word: Any) -> web.StreamResponse:
        gateway = self._gateway
        fields = await _fields(request)
        gateway.requests.append(
            {"method": request.method, "path": request.path_qs, "headers": dict(request.headers), "fields": fields}
        )
        if gateway.key is not None and request.headers.get("X-API-Key") != gateway.key:
            gateway.counters["unauthorized"] += 1
            return web.json_response({"code": "unauthorized", "error": "wrong key"}, status=401)
        if not fields.get("to") or "text" not in fields:
            return web.json_response({"code": "missing", "error": "to and text are required"}, status=400)
        handling, message, outcome = gateway.take(fields)
        reporting = gateway.report(message, handling, outcome) if message and handling.receipt_first else None
        if reporting is not None:
            await asyncio.wait({reporting})
        await asyncio.sleep(handling.delay)
        if handling.silent:
            await gateway.wait_silently()
        if message is not None and reporting is None:
            gateway.report(message, handling, outcome)
        if handling.closes or handling.silent:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        answer: web.Response = _failure(handling) or word(handling, message)
        answer.headers.update(handling.headers)
        return answer


def _failure(handling: Handling) -> web.Response | None:
    if handling.body is None:
        return None
    kind = "text/html" if handling.body.startswith(b"<") else "application/json"
    return web.Response(status=handling.status or 200, body=handling.body, content_type=kind)


def _json_answer(handling: Handling, message: Taken | None) -> web.Response:
    if message is None:
        return web.json_response({"code": "rejected", "error": "the operator refuses"}, status=handling.status)
    found = {"code": "ok", "messages": [{"id": message.id, "to": message.to}] if handling.with_id else []}
    return web.json_response(found, status=handling.status or 202)


def _plain_answer(handling: Handling, message: Taken | None) -> web.Response:
    if message is None:
        return web.Response(text="ERR: 104", status=200)
    return web.Response(text=f"OK: {message.id}" if handling.with_id else "OK")


def _xml_answer(handling: Handling, message: Taken | None) -> web.Response:
    inner = f"<id>{escape(message.id)}</id>" if message and handling.with_id else "<error>rejected</error>"
    return web.Response(text=f"<result>{inner}</result>", content_type="application/xml", status=handling.status or 200)


async def _fields(request: web.Request) -> Fields:
    found = {name: str(value) for name, value in request.query.items()}
    body = await request.read()
    if not body:
        return found
    if request.content_type == "application/json":
        try:
            given = msgspec.json.decode(body)
        except msgspec.DecodeError as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
        if isinstance(given, dict):
            found |= {name: value if isinstance(value, str) else str(value) for name, value in given.items()}
    elif "xml" in request.content_type:
        try:
            found |= {child.tag: child.text or "" for child in ElementTree.fromstring(body)}  # noqa: S314 - ours
        except ElementTree.ParseError as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
    else:
        found |= {name: str(value) for name, value in (await request.post()).items()}
    return found


class _Control:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def state(self, _: web.Request) -> web.Response:
        return web.json_response(self._gateway.describe())

    async def requests(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": list(self._gateway.requests)})

    async def misbehaviours(self, _: web.Request) -> web.Response:
        active = self._gateway.switchboard.describe()
        return web.json_response({"misbehaviours": MISBEHAVIOURS.describe(), "active": active})

    async def misbehave(self, request: web.Request) -> web.Response:
        """``{"name", "on": true, "options": {}}``."""
        given = await request.json()
        try:
            self._gateway.switchboard.switch(given["name"], given.get("on", True), options=given.get("options", {}))
        except (UnknownMisbehaviour, KeyError, TypeError) as problem:
            return web.json_response({"error": str(problem)}, status=422)
        return web.json_response({"active": self._gateway.switchboard.describe()})

    async def message(self, request: web.Request) -> web.Response:
        """``{"url", "from", "to", "text"}``: hand in an incoming message."""
        given = await request.json()
        taken = await self._gateway.post(
            given["url"], {name: given.get(name, "") for name in ("from", "to", "text")}, "messages"
        )
        return web.json_response({"taken": taken})

    async def reset(self, _: web.Request) -> web.Response:
        self._gateway.reset()
        return web.json_response({})
