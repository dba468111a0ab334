"""One HTTP/1.1 connection of the client: a parser of answers, without I/O, and the protocol that feeds it (RFC 9112)."""

from __future__ import annotations

import asyncio
import re
from enum import IntEnum
from functools import lru_cache
from typing import cast

from strowger.foundation.http_guard import HttpFailed

HEAD_LIMIT = 32_768
DRAIN_LIMIT = 65_536  # what is read past the limit to keep a connection instead of making a new one
BODYLESS = frozenset({204, 304})

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-5]\d\d)(?: .*)?")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_OWN_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}
)


@lru_cache(maxsize=4096)
def is_settable(name: str) -> bool:
    """Whether a caller may set this header: a token (RFC 9110, 5.6.2), and none that frames the message."""
    return bool(_TOKEN.fullmatch(name)) and name.lower() not in _OWN_HEADERS


class BadAnswer(Exception):
    """What came is no HTTP/1.x answer."""


class _Body(IntEnum):
    NONE = 0
    LENGTH = 1
    CHUNKED = 2
    UNTIL_CLOSE = 3


class AnswerParser:
    """Reads one answer; keeps at most ``limit`` bytes of its body."""

    __slots__ = (
        "_bodyless", "_buffer", "_dropped", "_kind", "_left", "_pieces", "_room", "done", "headers", "reusable", "started",
        "status", "truncated",
    )  # fmt: skip

    def __init__(self, limit: int, bodyless: bool = False) -> None:
        self._room = limit
        self._bodyless = bodyless
        self._buffer = b""
        self._kind = _Body.NONE
        self._left = -1
        self._dropped = 0
        self.started = self.done = self.reusable = self.truncated = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self._pieces: list[bytes] = []

    @property
    def body(self) -> bytes:
        """What was kept of the body."""
        return b"".join(self._pieces)

    def feed(self, data: bytes) -> bool:
        """Take bytes from the wire; True once the answer is complete. Raises BadAnswer."""
        self.started = True
        self._buffer = self._buffer + data if self._buffer else data
        while not self.status:
            if not self._read_head():
                return False
        if self._kind is _Body.LENGTH:
            self._read_counted()
            self.done = self.done or self._left == 0
        elif self._kind is _Body.CHUNKED:
            while not self.done and self._read_chunk():
                pass
        elif self._kind is _Body.UNTIL_CLOSE:
            self._keep(self._buffer)
            self._buffer = b""
        else:
            self.done = True
        if self.done and self._buffer:
            self.reusable = False
        return self.done

    def close(self) -> bool:
        """The connection was closed; True when the answer is complete by that."""
        self.reusable = False
        if self.status and self._kind is _Body.UNTIL_CLOSE:
            self.done = True
        return self.done

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > HEAD_LIMIT:
            if len(self._buffer) > HEAD_LIMIT:
                raise BadAnswer("the header is too long")
            return False
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        self._buffer = self._buffer[end + 4 :]
        first = _STATUS.fullmatch(lines[0])
        if not first:
            raise BadAnswer("no HTTP/1.x status line")
        status = int(first[2])
        if 100 <= status < 200:
            if status == 101:
                raise BadAnswer("the receiver switched protocols")
            return True
        for line in lines[1:]:
            self._read_header(line)
        self.status = status
        self._frame(first[1] == "1")
        return True

    def _read_header(self, line: str) -> None:
        name, colon, value = line.partition(":")
        if not colon or not name or name[-1] in " \t" or name[0] in " \t":
            raise BadAnswer("a header line cannot be read")
        name, value = name.lower(), value.strip(" \t")
        self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    def _frame(self, modern: bool) -> None:
        """How long the body is (RFC 9112, 6.3), and whether the connection may be used again."""
        connection = self.headers.get("connection", "").lower()
        self.reusable = "close" not in connection if modern else "keep-alive" in connection
        coding = self.headers.get("transfer-encoding")
        length = self.headers.get("content-length")
        if self._bodyless or self.status in BODYLESS:
            return
        if coding is not None:
            self._kind = _Body.CHUNKED if coding.lower().endswith("chunked") else _Body.UNTIL_CLOSE
            self.reusable = self.reusable and self._kind is _Body.CHUNKED and length is None
        elif length is not None:
            lengths = {part.strip() for part in length.split(",")}
            text = lengths.pop()
            if lengths or not text.isascii() or not text.isdigit() or len(text) > 15:
                raise BadAnswer("contradictory Content-Length")
            self._kind, self._left = _Body.LENGTH, int(text)
        else:
            self._kind, self.reusable = _Body.UNTIL_CLOSE, False

    def _keep(self, data: bytes) -> None:
        kept = data[: self._room]
        if kept:
            self._pieces.append(kept)
            self._room -= len(kept)
        if len(data) > len(kept):
            self.truncated = True
            self._dropped += len(data) - len(kept)
            if self._dropped > DRAIN_LIMIT:
                self.done, self.reusable = True, False

    def _read_counted(self) -> None:
        data = self._buffer[: self._left]
        self._buffer = self._buffer[self._left :]
        self._left -= len(data)
        self._keep(data)

    def _read_chunk(self) -> bool:
        """One step through the chunked coding; False when more bytes are needed."""
        if self._left > 0:
            self._read_counted()
            return self._left == 0
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise BadAnswer("a chunk's header is too long")
            return False
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        if self._left == 0:  # the end of a chunk's data
            if line:
                raise BadAnswer("a chunk is longer than it says")
            self._left = -1
        elif self._left == -2:  # trailers, up to the empty line
            self.done = not line
        else:
            size = _CHUNK.fullmatch(line)
            if not size:
                raise BadAnswer("a chunk's header cannot be read")
            self._left = int(size[1], 16) or -2
        return True


class Link(asyncio.Protocol):
    """One connection to a receiver; one exchange at a time."""

    __slots__ = ("_loop", "_parser", "_timer", "_waiter", "idle_since", "lost_unanswered", "transport", "used")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser: AnswerParser | None = None
        self._waiter: asyncio.Future[AnswerParser] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None
        self.used = False  # it has carried an exchange before
        self.lost_unanswered = False  # closed by the receiver before the first byte of its answer
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether another exchange may begin."""
        return self.transport is not None and not self.transport.is_closing()

    def begin(self, request: bytes, limit: int, bodyless: bool, timeout: float) -> asyncio.Future[AnswerParser]:
        """Send a request; the future gives its answer, or HttpFailed after ``timeout`` seconds at the latest."""
        assert self.transport is not None
        self._parser = AnswerParser(limit, bodyless)
        self._waiter = waiter = self._loop.create_future()
        self._timer = self._loop.call_later(timeout, self._expire)
        self.transport.write(request)
        return waiter

    def close(self) -> None:
        """Close at once; an exchange under way fails."""
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are not subclasses

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        parser = self._parser
        if parser is None:
            self.close()  # nobody asked
            return
        try:
            if parser.feed(data):
                self._finish()
        except BadAnswer as problem:
            self._fail(HttpFailed("bad_answer", str(problem)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        if self._parser is not None:
            if self._parser.close():
                self._finish()
            else:
                self.lost_unanswered = not self._parser.started
                self._fail(HttpFailed("connection_lost", "the receiver closed the connection without a whole answer"))

    def _expire(self) -> None:
        self._fail(HttpFailed("timeout", "no whole answer in time"))

    def _finish(self) -> None:
        parser, waiter = self._end()
        self.used = True
        if not parser.reusable:
            self.close()
        if waiter and not waiter.done():
            waiter.set_result(parser)

    def _fail(self, problem: HttpFailed) -> None:
        _, waiter = self._end()
        self.close()
        if waiter and not waiter.done():
            waiter.set_exception(problem)

    def _end(self) -> tuple[AnswerParser, asyncio.Future[AnswerParser] | None]:
        parser, waiter = self._parser, self._waiter
        assert parser is not None
        if self._timer is not None:
            self._timer.cancel()
        self._parser = self._waiter = self._timer = None
        return parser, waiter
