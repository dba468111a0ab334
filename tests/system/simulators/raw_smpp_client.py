"""An SMPP client by hand: struct only, nothing of strowger.protocols, so that both are checked against each other."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
HEADER = struct.Struct(">IIII")


def cstring(text: str) -> bytes:
    return text.encode("latin-1") + b"\0"


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


@dataclass
class Frame:
    """One frame as it came."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def message_id(self) -> str:
        return self.body.split(b"\0", 1)[0].decode()


@dataclass
class Delivered:
    """A deliver_sm taken apart."""

    sequence: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    text: bytes
    tlvs: dict[int, bytes]
    source_ton: int = 0
    dest_ton: int = 0

    @property
    def fields(self) -> dict[str, str]:
        import re

        pattern = r"(id|sub|dlvrd|submit date|done date|stat|err|text):(\S*)"
        return dict(re.findall(pattern, self.text.decode("latin-1")))


def take_deliver(frame: Frame) -> Delivered:
    body, p = frame.body, 0

    def text() -> str:
        nonlocal p
        end = body.index(0, p)
        found = body[p:end].decode("latin-1")
        p = end + 1
        return found

    text()
    source_ton = body[p]
    p += 2
    source = text()
    dest_ton = body[p]
    p += 2
    destination = text()
    esm_class = body[p]
    p += 3
    text()
    text()
    data_coding, length = body[p + 2], body[p + 4]
    p += 5
    message = body[p : p + length]
    p += length
    tlvs = {}
    while p < len(body):
        tag, size = struct.unpack_from(">HH", body, p)
        tlvs[tag] = body[p + 4 : p + 4 + size]
        p += 4 + size
    assert p == len(body)
    return Delivered(frame.sequence, source, destination, esm_class, data_coding, message, tlvs, source_ton, dest_ton)


@dataclass
class RawClient:
    """One connection. Acknowledges deliveries with ``ack_status`` unless that is None."""

    port: int
    ack_status: int | None = 0
    frames: asyncio.Queue[Frame] = field(default_factory=asyncio.Queue)
    order: list[str] = field(default_factory=list)
    delivered: asyncio.Queue[Delivered] = field(default_factory=asyncio.Queue)
    sequence: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> RawClient:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        self.writer.close()

    async def _read(self) -> None:
        try:
            while True:
                head = await self.reader.readexactly(16)
                length, command, status, sequence = HEADER.unpack(head)
                frame = Frame(command, status, sequence, await self.reader.readexactly(length - 16))
                if command == 5:
                    self.order.append("deliver")
                    self.delivered.put_nowait(take_deliver(frame))
                    if self.ack_status is not None:
                        self.send(0x80000005, b"\0", sequence=sequence, status=self.ack_status)
                else:
                    self.order.append(f"{command:08x}")
                    self.frames.put_nowait(frame)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed.set()

    def send(self, command: int, body: bytes = b"", *, sequence: int | None = None, status: int = 0) -> int:
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        self.writer.write(HEADER.pack(16 + len(body), command, status, sequence) + body)
        return sequence

    async def next(self) -> Frame:
        return await self._next_of(self.frames)

    async def next_delivery(self) -> Delivered:
        return await self._next_of(self.delivered)

    async def _next_of(self, queue: asyncio.Queue[T]) -> T:
        """Raises ConnectionError as soon as the connection has ended, for then nothing more comes."""
        getting, closing = asyncio.create_task(queue.get()), asyncio.create_task(self.closed.wait())
        try:
            await asyncio.wait((getting, closing), timeout=30, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                return getting.result()
            if not queue.empty():
                return queue.get_nowait()
            if self.closed.is_set():
                raise ConnectionError("the connection has ended")
            raise TimeoutError
        finally:
            getting.cancel()
            closing.cancel()

    async def call(self, command: int, body: bytes = b"") -> Frame:
        sequence = self.send(command, body)
        frame = await self.next()
        assert frame.sequence == sequence, frame
        return frame

    async def bind(self, command: int = 9, system_id: str = "test", password: str = "secret") -> Frame:
        body = cstring(system_id) + cstring(password) + cstring("smpp") + bytes((0x34, 0, 0)) + b"\0"
        return await self.call(command, body)

    def submit(self, to: str, text: bytes = b"hello", **options: Any) -> int:
        return self.send(4, submit_body(to, text, **options))

    async def submitted(self, to: str, text: bytes = b"hello", **options: Any) -> Frame:
        return await self.call(4, submit_body(to, text, **options))

    def drained(self) -> bool:
        return self.frames.empty() and self.delivered.empty()


def submit_body(
    to: str,
    text: bytes,
    *,
    source: str = "STROWG",
    ton: int = 5,
    registered: int = 1,
    esm_class: int = 0,
    data_coding: int = 0,
    schedule: str = "",
    validity: str = "",
    tlvs: bytes = b"",
) -> bytes:
    return (
        b"\0" + bytes((ton, 0)) + cstring(source) + b"\x01\x01" + cstring(to) + bytes((esm_class, 0, 0))
        + cstring(schedule) + cstring(validity) + bytes((registered, 0, data_coding, 0, len(text))) + text + tlvs
    )  # fmt: skip


def udh(ref: int, total: int, n: int) -> bytes:
    return bytes((5, 0, 3, ref, total, n))
