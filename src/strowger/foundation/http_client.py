"""The one way out over HTTP: a small client whose every connection goes to an address that the guard has checked.

Its own code instead of a general client because callbacks are a hot path: here an exchange costs a quarter of the
processor time, and the address that is checked is, by construction, the address that is connected to.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urljoin

import aiohappyeyeballs

from strowger.foundation.http_guard import (
    Guard,
    HttpFailed,
    Origin,
    OutgoingError,
    Refused,
    Resolve,
    read_url,
    resolve_by_system,
)
from strowger.foundation.http_wire import AnswerParser, Link, is_settable
from strowger.foundation.settings import AllowList

__all__ = ["GuardedClient", "HttpAnswer", "HttpFailed", "OutgoingError", "Refused"]

IDLE_SECONDS = 30.0
MAX_IDLE_PER_ORIGIN = 100
MAX_IDLE = 1000
MAX_CONNECTIONS = 2000
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
METHODS = SAFE_TO_REPEAT | {"POST", "PATCH"}
KEPT_ACROSS_ORIGINS = frozenset({"accept", "user-agent", "content-type"})
NO_HEADERS: Mapping[str, str] = {}


@dataclass(slots=True)
class HttpAnswer:
    """A receiver's answer: header names in lower case, the first ``max_response`` bytes of the body, seconds taken."""

    status: int
    headers: dict[str, str]
    body: bytes
    duration: float
    truncated: bool = False


def secure_context() -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates checked against the system's authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not context.get_ca_certs() and not context.cert_store_stats()["x509"]:
        import certifi

        context.load_verify_locations(certifi.where())
    return context


def _head(method: str, target: str, origin: Origin, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """The request up to its body. Raises Refused when a header cannot be sent."""
    lines = [f"{method} {target} HTTP/1.1\r\nHost: {origin.header}\r\n"]
    for name, value in headers.items():
        if not is_settable(name):
            raise Refused(f"The header {name[:100]!r} may not be set")
        lines.append(f"{name}: {value}\r\n")
    if origin.user and not any(name.lower() == "authorization" for name in headers):
        lines.append(f"Authorization: Basic {base64.b64encode(origin.user.encode()).decode()}\r\n")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}\r\n")
    text = "".join(lines)
    if text.count("\r") != text.count("\r\n") or text.count("\n") != len(lines) + 1 or "\0" in text:
        raise Refused("A header holds a line break")
    return (text + "\r\n").encode()


class GuardedClient:
    """Outgoing HTTP/1.1 with keep-alive, behind the guard. Proxies of the environment are not used.

    ``allow`` and ``allow_loopback`` are the guard's exceptions; ``resolve`` and ``tls`` replace name service and trust.
    """

    def __init__(
        self,
        allow: AllowList,
        allow_loopback: bool = False,
        *,
        resolve: Resolve = resolve_by_system,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = Guard(allow, allow_loopback, resolve)
        self._tls = tls
        self._idle: dict[Origin, list[Link]] = {}
        self._idle_count = 0
        self._room = asyncio.Semaphore(MAX_CONNECTIONS)
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
        timeout: float = 10,
        connect_timeout: float = 3,
        max_response: int = 4096,
        redirects: int = 0,
        repeatable: bool = False,
    ) -> HttpAnswer:
        """Send one request and read its answer, all within ``timeout`` seconds.

        ``redirects`` is how many are followed, each checked like the first. ``repeatable`` says that the receiver can
        tell a repetition: then a request on a kept connection that was just closed is sent again on a fresh one, as
        it is for methods that are safe to repeat. Raises Refused (the guard) or HttpFailed (no usable answer).
        """
        started = time.monotonic()
        if method not in METHODS:
            raise Refused(f"The method {method[:20]!r} is not sent")
        repeatable = repeatable or method in SAFE_TO_REPEAT
        while True:
            origin, target = read_url(url)
            if body is None and method in ("POST", "PUT", "PATCH"):
                body = b""
            data = _head(method, target, origin, headers, body) + (body or b"")
            left = timeout - (time.monotonic() - started)
            parser = await self._exchange(
                origin, data, max_response, method == "HEAD", left, connect_timeout, repeatable
            )
            location = parser.headers.get("location")
            if parser.status not in REDIRECTS or location is None or redirects <= 0:
                duration = time.monotonic() - started
                return HttpAnswer(parser.status, parser.headers, parser.body, duration, parser.truncated)
            redirects -= 1
            if parser.status == 303 or (parser.status in (301, 302) and method == "POST"):
                method, body = "GET" if method != "HEAD" else method, None
            url, headers = self._follow(origin, url, location, headers)

    async def check(self, url: str) -> None:
        """Whether requests may go there now. Raises Refused (the guard), HttpFailed (the name has no address)."""
        origin, _ = read_url(url)
        await self._guard.addresses(origin)

    @staticmethod
    def _follow(origin: Origin, url: str, location: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """Where a redirect leads; what was meant for the first receiver is not shown to another."""
        url = urljoin(url, location)
        following, _ = read_url(url)
        if origin.scheme == "https" and following.scheme == "http":
            raise Refused("A redirect from https to http is not followed")
        if following[:3] != origin[:3]:
            headers = {name: value for name, value in headers.items() if name.lower() in KEPT_ACROSS_ORIGINS}
        return url, headers

    async def _exchange(
        self,
        origin: Origin,
        data: bytes,
        limit: int,
        bodyless: bool,
        timeout: float,
        connect_timeout: float,
        repeatable: bool,
    ) -> AnswerParser:
        deadline = time.monotonic() + timeout
        link = self._take_idle(origin)
        async with self._room:
            if link is None:
                link = await self._connect(origin, min(connect_timeout, timeout))
            while True:
                waiter = link.begin(data, limit, bodyless, max(0.001, deadline - time.monotonic()))
                try:
                    parser = await waiter
                except HttpFailed:
                    if not (repeatable and link.used and link.lost_unanswered):
                        raise
                    link = await self._connect(origin, min(connect_timeout, deadline - time.monotonic()))
                    continue
                except asyncio.CancelledError:
                    link.close()
                    raise
                self._keep(origin, link)
                return parser

    def _take_idle(self, origin: Origin) -> Link | None:
        links = self._idle.get(origin)
        while links:
            link = links.pop()
            self._idle_count -= 1
            if link.is_open:
                return link
        return None

    def _keep(self, origin: Origin, link: Link) -> None:
        if not link.is_open:
            return
        links = self._idle.setdefault(origin, [])
        if self._closed or len(links) >= MAX_IDLE_PER_ORIGIN or self._idle_count >= MAX_IDLE:
            link.close()
            return
        link.idle_since = time.monotonic()
        links.append(link)
        self._idle_count += 1
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_SECONDS / 2, self._sweep)

    def _sweep(self) -> None:
        """Close what has been idle for long; receivers close such connections at the worst moment."""
        oldest = time.monotonic() - IDLE_SECONDS
        for origin, links in list(self._idle.items()):
            for link in links:
                if link.idle_since < oldest:
                    link.close()
            links[:] = [link for link in links if link.is_open]
            if not links:
                del self._idle[origin]
        self._idle_count = sum(map(len, self._idle.values()))
        self._sweeper = None
        if self._idle:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_SECONDS / 2, self._sweep)

    async def _connect(self, origin: Origin, timeout: float) -> Link:
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._guard.addresses(origin)
                return await self._open(origin, addresses)
        except TimeoutError:
            raise HttpFailed("connect_timeout", f"no connection within {timeout:.1f} s") from None
        except ssl.SSLError as problem:
            raise HttpFailed("tls_failed", getattr(problem, "verify_message", "") or str(problem.reason)) from problem
        except ConnectionRefusedError as problem:
            raise HttpFailed("connection_refused", "nothing listens there") from problem
        except OSError as problem:
            raise HttpFailed("not_connected", problem.strerror or type(problem).__name__) from problem

    async def _open(self, origin: Origin, addresses: list[str]) -> Link:
        loop = asyncio.get_running_loop()
        infos = [aiohappyeyeballs.addr_to_addr_infos((address, origin.port)) or [] for address in addresses]
        sock = await aiohappyeyeballs.start_connection(
            [info for group in infos for info in group], happy_eyeballs_delay=0.25, interleave=1
        )
        secure = origin.scheme == "https"
        if secure and self._tls is None:
            self._tls = secure_context()
        try:
            _, link = await loop.create_connection(
                partial(Link, loop),
                sock=sock,
                ssl=self._tls if secure else None,
                server_hostname=origin.host if secure else None,
            )
        except BaseException:
            sock.close()
            raise
        return link

    async def close(self) -> None:
        """Close all idle connections; exchanges under way end by themselves."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for links in self._idle.values():
            for link in links:
                link.close()
        self._idle.clear()
