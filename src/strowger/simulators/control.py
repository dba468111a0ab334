"""The HTTP control of the simulated SMSC: state, misbehaviours, handsets and their events. For loopback only."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from aiohttp import web

from strowger.simulators import hlr
from strowger.simulators.misbehaving import UnknownMisbehaviour
from strowger.simulators.misbehaviours import MISBEHAVIOURS
from strowger.simulators.outcomes import OUTCOMES
from strowger.simulators.replies import BadReply, send_reply

if TYPE_CHECKING:
    from strowger.simulators.smsc import SimulatedSmsc

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY: Final = 256 * 1024
HEARTBEAT_SECONDS: Final = 15.0


class MisbehaveBody(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /misbehave``: switch ``name`` on or off, for everyone or one system_id."""

    name: str
    on: bool = True
    system_id: str | None = None
    options: dict[str, Any] = {}


class ReplyBody(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /handsets/{number}/reply``."""

    to: str
    text: str
    system_id: str | None = None


class SkipBody(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /skip``: move the SMSC's time forward."""

    seconds: float


def make_app(smsc: SimulatedSmsc) -> web.Application:
    """The control's web application."""
    app = web.Application(middlewares=[_guard], client_max_size=MAX_BODY)
    control = _Control(smsc)
    app.add_routes(
        [
            web.get("/state", control.state),
            web.get("/destinations", control.destinations),
            web.get("/misbehaviours", control.misbehaviours),
            web.post("/misbehave", control.misbehave),
            web.get("/outcomes", control.outcomes),
            web.post("/skip", control.skip),
            web.post("/cut", control.cut),
            web.post("/reset", control.reset),
            web.get("/handsets", control.handsets),
            web.delete("/handsets", control.delete_handset),
            web.delete("/handsets/{number}", control.delete_handset),
            web.get("/handsets/{number}/messages", control.messages),
            web.delete("/handsets/{number}/messages", control.delete_handset),
            web.post("/handsets/{number}/reply", control.reply),
            web.get("/events", control.events),
            web.get("/mailbox", control.mailbox),
            web.delete("/mailbox", control.clear_mailbox),
            web.get(r"/mailbox/{number:\d+}", control.mail),
            *hlr.routes(smsc.register),
        ]
    )
    return app


class _Control:
    def __init__(self, smsc: SimulatedSmsc) -> None:
        self._smsc = smsc

    async def state(self, _: web.Request) -> web.Response:
        return _json(self._smsc.describe())

    async def destinations(self, _: web.Request) -> web.Response:
        rows = self._smsc.counters.destinations.items()
        return web.Response(text="".join(f"{number} {count}\n" for number, count in rows))

    async def misbehaviours(self, _: web.Request) -> web.Response:
        return _json({"misbehaviours": MISBEHAVIOURS.describe(), "active": self._smsc.centre.switchboard.describe()})

    async def misbehave(self, request: web.Request) -> web.Response:
        body = await _read(request, MisbehaveBody)
        try:
            self._smsc.misbehave(body.name, body.on, system_id=body.system_id, **body.options)
        except UnknownMisbehaviour as problem:
            return _json({"error": str(problem)}, 422)
        return _json({"active": self._smsc.centre.switchboard.describe()})

    async def outcomes(self, _: web.Request) -> web.Response:
        rows = [
            {"digit": digit, "name": outcome.name, "sentence": outcome.sentence, "trace": outcome.trace}
            for digit, outcome in enumerate(OUTCOMES)
        ]
        return _json({"suffix": "999000", "outcomes": rows})

    async def skip(self, request: web.Request) -> web.Response:
        self._smsc.skip((await _read(request, SkipBody)).seconds)
        return _json({})

    async def cut(self, _: web.Request) -> web.Response:
        self._smsc.cut()
        return _json({})

    async def reset(self, _: web.Request) -> web.Response:
        self._smsc.reset()
        return _json({})

    async def handsets(self, _: web.Request) -> web.Response:
        return _json({"handsets": self._smsc.centre.handsets.describe()})

    async def delete_handset(self, request: web.Request) -> web.Response:
        self._smsc.centre.handsets.delete(request.match_info.get("number"))
        return _json({})

    async def messages(self, request: web.Request) -> web.Response:
        return _json({"messages": self._smsc.messages(request.match_info["number"])})

    async def reply(self, request: web.Request) -> web.Response:
        body = await _read(request, ReplyBody)
        number = request.match_info["number"]
        try:
            message = send_reply(self._smsc.centre, number, body.to, body.text, body.system_id)
        except BadReply as problem:
            return _json({"error": str(problem)}, 422)
        return _json(message, 202)

    async def mailbox(self, _: web.Request) -> web.Response:
        box = self._smsc.mailbox
        return _json({"mails": [mail.head() for mail in reversed(box.arrived)] if box else []})

    async def clear_mailbox(self, _: web.Request) -> web.Response:
        if self._smsc.mailbox:
            self._smsc.mailbox.clear()
        return _json({})

    async def mail(self, request: web.Request) -> web.Response:
        box = self._smsc.mailbox
        found = box.find(int(request.match_info["number"])) if box else None
        return _json(found.whole()) if found else _json({"error": "there is no such mail"}, 404)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events ``message`` and ``reply``; ``?handset=`` narrows them to one number."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with self._smsc.centre.events.listen(request.query.get("handset")) as listener:
            await response.prepare(request)
            await response.write(b": open\n\n")
            while True:
                try:
                    events = await asyncio.wait_for(listener.take(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    await response.write(b": alive\n\n")
                    continue
                await response.write(b"".join(b"event: %b\ndata: %b\n\n" % (n.encode(), data) for n, data in events))


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only for programs on this machine: no web page may call it, by another origin or another name for loopback."""
    if not _is_address(request.url.host or "") or request.headers.get("Origin"):
        return _json({"error": "call this by its address, from a program"}, 403)
    if request.method == "POST" and request.can_read_body and request.content_type != "application/json":
        return _json({"error": "the body must be application/json"}, 415)
    return await handler(request)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


async def _read(request: web.Request, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        text = msgspec.json.encode({"error": str(problem)}).decode()
        raise web.HTTPBadRequest(text=text, content_type="application/json") from problem


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
