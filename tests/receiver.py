"""A receiver of callbacks on loopback, as a customer runs one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from tests.installation import until


class Receiver:
    """Keeps what came. ``statuses`` are the answers to give next; 200 when it is empty."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        body: dict[str, Any]
        if "json" in request.content_type:
            body = json.loads(await request.text())
        else:
            fields = (await request.post()).items()  # files end with the request: name and content are kept
            body = {name: (v.filename, v.file.read()) if isinstance(v, web.FileField) else v for name, v in fields}
        self.requests.append({**dict(request.query), **body, "_headers": dict(request.headers)})
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    def ids(self) -> set[str]:
        """The ids of all messages that were called back."""
        return {request["id"] for request in self.requests if "id" in request}

    async def of(self, message_id: str, seconds: float = 20) -> dict[str, Any]:
        """The first callback of a message."""

        async def find() -> dict[str, Any] | None:
            return next((request for request in self.requests if request.get("id") == message_id), None)

        found: dict[str, Any] = await until(find, seconds, f"the callback of {message_id}")
        return found


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A running receiver; ``url`` is where it listens."""
    made = Receiver()
    app = web.Application(client_max_size=4 * 1024**2)
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    try:
        yield made
    finally:
        await runner.cleanup()
