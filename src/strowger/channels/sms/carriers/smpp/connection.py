"""One TCP connection to a message centre: frames in, frames out gathered per turn of the loop, and the session's own commands."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, cast

from strowger.channels.sms.carriers.smpp.answers import status_name
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.codec import build_pdu, header, parse_pdu
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.fast import enquire_link_frame, enquire_link_resp_frame
from strowger.protocols.smpp.framing import FrameReader
from strowger.protocols.smpp.pdu import (
    Bind,
    BindReceiver,
    BindResp,
    BindTransceiver,
    BindTransmitter,
    GenericNack,
    Pdu,
    Unbind,
    UnbindResp,
)
from strowger.protocols.smpp.session import SequenceCounter
from strowger.protocols.smpp.status import ESME_RINVCMDID, carrier_status_info
from strowger.protocols.smpp.tlv import TLV_INSTALLATION, tlv_value

BINDS: dict[str, type[Bind]] = {"trx": BindTransceiver, "tx": BindTransmitter, "rx": BindReceiver}
UNBIND_SECONDS = 2.0
WRITE_HIGH = 256 * 1024
Handler = Callable[[bytes], None]


class LinkFailed(Exception):
    """The connection could not be made, the bind was refused, or the link broke; the message says why."""


class Connection(asyncio.Protocol):
    """Speaks SMPP on one socket. ``handlers`` take whole frames by command id; ``closed`` ends with the reason."""

    def __init__(self, enquire_seconds: float, answer_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._out: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._requests: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self.last_answer = b""  # to one of the session's own commands, as it came
        self._sequence = SequenceCounter()
        self._enquire_seconds = enquire_seconds
        self._answer_seconds = answer_seconds
        self._heard_at = self._loop.time()
        self._asked_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reading = True
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self.writable = True
        self.on_writable: Callable[[], None] = lambda: None
        self.on_nack: Callable[[int, int], bool] = lambda sequence, status: False
        self.handlers: dict[bytes, Handler] = {}
        self._session: dict[int, Callable[[int, int], None]] = {
            c.ENQUIRE_LINK: lambda sequence, _: self.send(enquire_link_resp_frame(sequence)),
            c.ENQUIRE_LINK_RESP: lambda *_: None,
            c.UNBIND: self._on_unbind,
            c.GENERIC_NACK: self._on_nack,
            c.ALERT_NOTIFICATION: lambda *_: None,
            c.OUTBIND: lambda *_: None,
        }

    def on(self, command_id: int, handler: Handler) -> None:
        """Hand frames of this command to ``handler``."""
        self.handlers[command_id.to_bytes(4, "big")] = handler

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended."""
        return self.closed.done()

    @property
    def is_reading(self) -> bool:
        """Whether we take octets from the socket; no answer can come in while we do not."""
        return self._reading

    def next_sequence(self) -> int:
        """The next sequence number of this connection."""
        return self._sequence.next()

    # The socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport and begin to watch for silence."""
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        transport.set_write_buffer_limits(WRITE_HIGH)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Hand each frame to its handler."""
        self._heard_at = self._loop.time()
        self._asked_at = 0.0
        try:
            frames = self._reader.feed(data)
        except SmppError as problem:
            self.fail(f"the carrier sent what is not SMPP: {problem}")
            return
        handlers = self.handlers
        for frame in frames:
            handler = handlers.get(frame[4:8])
            if handler is not None:
                handler(frame)
            else:
                self._on_session_frame(frame)
        if self._reader.failure is not None:
            self.fail(f"the carrier sent what is not SMPP: {self._reader.failure}")

    def connection_lost(self, exc: Exception | None) -> None:
        """End everything that waits for an answer."""
        self._end(f"connection lost: {exc}" if exc else "the carrier closed the connection")

    def pause_writing(self) -> None:
        """The carrier reads too slowly."""
        self.writable = False

    def resume_writing(self) -> None:
        """The carrier reads again."""
        self.writable = True
        self.on_writable()

    def send(self, frame: bytes) -> None:
        """Write a frame, together with all others of this turn of the loop."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame)

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def pause_reading(self) -> None:
        """Stop taking octets from the socket, until resume_reading()."""
        if self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take octets again."""
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._heard_at = self._loop.time()
            self._transport.resume_reading()

    # The session

    def _on_session_frame(self, frame: bytes) -> None:
        _, command_id, status, sequence = header(frame)
        request = self._requests.pop(sequence, None) if command_id & c.RESPONSE_BIT else None
        if request is not None and not request.done():
            self.last_answer = frame
            request.set_result((command_id, status))
        elif command_id in self._session:
            self._session[command_id](sequence, status)
        elif not command_id & c.RESPONSE_BIT:
            self.send(build_pdu(GenericNack(sequence, ESME_RINVCMDID)))

    def _on_nack(self, sequence: int, status: int) -> None:
        """A nack of a submit ends that submit; one of nothing means that the two sides no longer understand each other."""
        if not self.on_nack(sequence, status) and sequence == 0:
            self.fail(f"generic_nack without a sequence number ({status_name(status)})")

    def _on_unbind(self, sequence: int, _status: int) -> None:
        self.send(build_pdu(UnbindResp(sequence)))
        self._flush()
        self.fail("the carrier unbound the session")

    async def request(self, make: Callable[[int], Pdu], seconds: float) -> tuple[int, int]:
        """Send a command and wait for its answer: (command id, status).

        Raises LinkFailed when the link breaks or nothing comes within ``seconds``.
        """
        sequence = self.next_sequence()
        future: asyncio.Future[tuple[int, int]] = self._loop.create_future()
        self._requests[sequence] = future
        self.send(build_pdu(make(sequence)))
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            raise LinkFailed(f"no answer within {seconds:g} s") from None
        finally:
            self._requests.pop(sequence, None)

    def _watch(self) -> None:
        """Ask after silence; end a link that does not answer."""
        now = self._loop.time()
        silence = now - self._heard_at
        if self._asked_at and now - self._asked_at >= self._answer_seconds:
            self.fail(f"enquire_link was not answered within {self._answer_seconds:g} s")
            return
        if self._asked_at:
            rest = self._asked_at + self._answer_seconds - now
        elif silence >= self._enquire_seconds and self._reading:
            self.send(enquire_link_frame(self.next_sequence()))
            self._asked_at = now
            rest = self._answer_seconds
        else:
            rest = max(0.01, self._enquire_seconds - silence)
        self._timer = self._loop.call_later(rest, self._watch)

    def keep_alive_every(self, enquire_seconds: float, answer_seconds: float) -> None:
        """Use other times for watching silence."""
        self._enquire_seconds, self._answer_seconds = enquire_seconds, answer_seconds

    async def unbind(self) -> None:
        """Say goodbye and close."""
        if not self.is_closed:
            with contextlib.suppress(LinkFailed):
                await self.request(Unbind, UNBIND_SECONDS)
        self.fail("closed by us")

    def fail(self, reason: str) -> None:
        """End the connection now, for this reason."""
        self._flush()
        self._end(reason)
        if self._transport is not None:
            self._transport.close()

    def _end(self, reason: str) -> None:
        if self.closed.done():
            return
        self.closed.set_result(reason)
        if self._timer is not None:
            self._timer.cancel()
        for future in self._requests.values():
            if not future.done():
                future.set_exception(LinkFailed(reason))
        self._requests.clear()


def tls_context(config: SmppConfig) -> ssl.SSLContext | None:
    """The TLS settings of a carrier; None without TLS."""
    if not config.tls:
        return None
    context = ssl.create_default_context()
    if not config.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def connect(
    config: SmppConfig, password: str, role: str, prepare: Callable[[Connection], Any], mark: str = ""
) -> Connection:
    """Connect and bind as trx, tx or rx; ``prepare`` installs handlers before anything can come in.

    Raises LinkFailed with a reason for people, also when the answer carries our own installation's ``mark``.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(config.connect_timeout):
            _, connection = await loop.create_connection(
                lambda: Connection(config.enquire_link, config.response_timeout),
                config.host,
                config.port,
                ssl=tls_context(config),
            )
    except TimeoutError:
        raise LinkFailed(f"no connection within {config.connect_timeout:g} s") from None
    except OSError as problem:
        raise LinkFailed(f"no connection: {problem.strerror or problem}") from problem
    prepare(connection)
    try:
        await _bind(connection, config, password, role)
        _refuse_ourselves(connection.last_answer, mark)
    except BaseException as problem:
        connection.fail(str(problem) or "given up")
        raise
    return connection


def _refuse_ourselves(answer: bytes, mark: str) -> None:
    """A carrier that leads to our own SMPP server would carry each message round for ever."""
    try:
        pdu = parse_pdu(answer)
    except SmppError:
        return
    if mark and isinstance(pdu, BindResp) and tlv_value(pdu.tlvs, TLV_INSTALLATION) == mark.encode():
        raise LinkFailed("this is our own SMPP server: messages would go round in a loop")


async def _bind(connection: Connection, config: SmppConfig, password: str, role: str) -> None:
    try:
        command, status = await connection.request(
            lambda sequence: BINDS[role](
                sequence,
                system_id=config.system_id,
                password=password,
                system_type=config.system_type,
                address_range=config.address_range,
            ),
            config.response_timeout,
        )
    except SmppError as problem:
        raise LinkFailed(f"the bind cannot be written: {problem}") from problem
    except LinkFailed as problem:
        raise LinkFailed(f"bind: {problem}") from problem
    if status or command == c.GENERIC_NACK:
        info = carrier_status_info(status)
        raise LinkFailed(f"bind refused: 0x{status:02X} {info.name}: {info.text}")
