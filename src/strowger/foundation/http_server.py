"""The HTTP server of the web process: uvicorn on uvloop, with bounds on what a client may send before it is a request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_LIMIT = 65_536  # bytes of request line and headers that come in more than one piece
HEAD_SECONDS = 30.0
DRAIN_SECONDS = 10  # for requests under way when the server stops; live feeds never end by themselves
KEEP_ALIVE_SECONDS = 75
LEAVE_SECONDS = 1.0  # in which kept connections are told to close, before idle ones are closed
LEAVE_LOOKS = 50
BACKLOG = 1024
WHOLE_ANSWER = "strowger.answer"  # ASGI extension: its "send" sends a whole answer in one write
FIRST_GIVEN = 3  # the file descriptor of the first socket that systemd hands over
CLOSE = (b"connection", b"close")


def _answer(cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
    """Send status, header lines and body in one write; False when it cannot be done now and nothing was sent.

    The server's own way writes head and body one after the other, which costs two system calls and two packets, and
    looks at each header for bad bytes: ``head`` must be lines that the product itself has made.
    """
    if cycle.disconnected or cycle.response_started or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    cycle.response_started = cycle.response_complete = True
    if CLOSE in cycle.default_headers:  # this server is leaving
        cycle.keep_alive = False
    elif not cycle.keep_alive:
        head += b"connection: close\r\n"
    own = b"".join([b"%b: %b\r\n" % pair for pair in cycle.default_headers])
    cycle.transport.write(b"".join((STATUS_LINE[status], own, head, b"\r\n", body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class _Protocol(HttpToolsProtocol):
    """Closes connections whose request line and headers are too large or too slow."""

    _head_bytes = -1  # -1: no request has begun, or its headers are complete
    _watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look, self._head_bytes)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self, before: int) -> None:
        """A head that was under way at the last look and still is has had its time."""
        if before >= 0 and self._head_bytes >= 0:
            self.transport.close()
            return
        self._watch = self.loop.call_later(HEAD_SECONDS, self._look, self._head_bytes)

    def data_received(self, data: bytes) -> None:
        if self._head_bytes >= 0:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_LIMIT:  # and still not complete
            self._head_bytes = -1
            self.send_400_response("The request line and headers are too large")

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_bytes = -1
        super().on_headers_complete()
        self.scope["extensions"] = {WHOLE_ANSWER: {"send": partial(_answer, self.cycle)}}


class _Server(uvicorn.Server):
    """Leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def given_sockets() -> list[socket.socket]:
    """The listening sockets that systemd holds for this process (sd_listen_fds): they outlive it, so that no client is refused
    while it restarts. Empty without socket activation. They are handed over once."""
    if os.environ.pop("LISTEN_PID", "") != str(os.getpid()):
        return []
    count = int(os.environ.pop("LISTEN_FDS", "0"))
    return [socket.socket(fileno=FIRST_GIVEN + number) for number in range(count)]


async def _leave(server: _Server) -> None:
    """Accept nothing more, and let kept connections end with an answer that says so: a proxy that sends on one which is closed
    under its hands cannot know whether its request was taken."""
    for listening in server.servers:
        listening.close()
    server.config.encoded_headers.append(CLOSE)
    server.server_state.default_headers = [*server.server_state.default_headers, CLOSE]
    for _ in range(LEAVE_LOOKS):
        if not server.server_state.connections:
            return
        await asyncio.sleep(LEAVE_SECONDS / LEAVE_LOOKS)


async def serve(app: Any, host: str, port: int, stop: asyncio.Event, proxies: Sequence[str] = ()) -> None:
    """Serve an ASGI application until ``stop`` is set; requests under way are finished.

    Where systemd hands over listening sockets, those are served instead of ``host`` and ``port``.
    ``proxies`` are networks from which X-Forwarded-For and X-Forwarded-Proto are believed.
    Raises OSError when the port cannot be had.
    """
    access = logging.getLogger("uvicorn.access")  # requests may carry keys in their query; the request log masks them
    access.handlers, access.propagate = [], False
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=_Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve(given_sockets() or None))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    if server.started and not serving.done():
        await _leave(server)
    server.should_exit = True
    stopping.cancel()
    await serving
