"""One TCP connection of a customer's client: framing, bind, and what is answered to each command (SMPP 3.4 section 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from strowger.channels.sms.smpp_access.clients import Client, Pace, Rate
from strowger.channels.sms.smpp_access.desk import Desk
from strowger.channels.sms.smpp_access.outbox import Outbox, Row
from strowger.channels.sms.smpp_access.reading import named_profile_of
from strowger.channels.sms.smpp_access.receipts import delivery_bodies
from strowger.foundation.logs import get_logger
from strowger.protocols import smpp
from strowger.protocols.smpp import SessionState, SmppError, status
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.codec import HEADER
from strowger.protocols.smpp.tlv import TLV_INSTALLATION, build_tlvs

log = get_logger(__name__)
SYSTEM_ID: Final = b"STROWGER\0"
VERSION_34: Final = b"\x02\x10\x00\x01\x34"  # sc_interface_version
UNBOUND_SECONDS, SILENT_SECONDS, IDLE_SECONDS, ANSWER_SECONDS = 10.0, 60.0, 300.0, 60.0
LOOK_SECONDS = 0.02
_pack = HEADER.pack
_BINDS: Final = {
    c.BIND_TRANSMITTER: "transmitter",
    c.BIND_RECEIVER: "receiver",
    c.BIND_TRANSCEIVER: "transceiver",
}
_WITH_RESP: Final = frozenset(command for command in c.COMMAND_NAMES if command | c.RESPONSE_BIT in c.COMMAND_NAMES)


@dataclass(slots=True)
class Sent:
    """A row in the client's hands: how many of its deliver_sm are unanswered, the worst answer, when it was sent."""

    row: Row
    left: int
    at: float
    answer: int = 0


class Session(asyncio.Protocol):
    """A connection from its accept to its end. What is answered in one go is written in one go."""

    def __init__(self, desk: Desk, outbox: Outbox, sessions: set[Session], tls: bool) -> None:
        self.state = SessionState.OPEN
        self.client: Client | None = None
        self.bind_id = 0
        self.figures = {"submitted": 0, "refused": 0, "delivered": 0}
        self._desk, self._outbox, self._sessions, self._tls = desk, outbox, sessions, tls
        self._reader = smpp.FrameReader()
        self._sequence = smpp.SequenceCounter()
        self._out: list[bytes] = []
        self._flushing = False
        self._paused = self._leaving = False
        self._binding: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._submits = 0
        self._sent: dict[int, Sent] = {}
        self._with_tlvs = True
        self._transport: asyncio.Transport | None = None
        now = desk.monotonic()
        self._opened = self._heard = now
        self._asked = False
        self._pace, self._rate = Pace(now), Rate(now)
        self._address, self._port = "", 0

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername") or ("", 0)
        self._address, self._port = str(peer[0]), int(peer[1])
        self._sessions.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: what was not acknowledged goes back."""
        self._transport = None
        self._leave(SessionState.CLOSED)
        self._sessions.discard(self)

    def pause_writing(self) -> None:
        """The client does not read: neither deliver to it nor take more from it."""
        self._paused = True
        if self._transport:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._paused = False
        if self._transport:
            self._transport.resume_reading()
        self._pump()

    def data_received(self, data: bytes) -> None:
        """Handle every whole frame of a read."""
        self._heard, self._asked = self._desk.monotonic(), False
        try:
            for frame in self._reader.feed(data):
                self._handle(frame)
                if self._transport is None or self._transport.is_closing():
                    return
        except SmppError as problem:
            self._say(c.GENERIC_NACK, problem.command_status, problem.sequence_number)
            self.close()
        self._pump()
        self._flush()

    def close(self) -> None:
        """Close after what is written."""
        self._flush()
        if self._transport:
            self._transport.close()

    def unbind(self) -> None:
        """Ask the client to go; it is cut if it does not answer."""
        if self.state.is_bound:
            self._leave(SessionState.UNBOUND)
            self._say(c.UNBIND, 0, self._sequence.next())
            self._opened = self._desk.monotonic()
            self._flush()
        else:
            self.close()

    def tick(self, now: float) -> None:
        """Once a second: end what is idle, ask a silent client whether it is there."""
        if self.state.is_bound and self.client:
            if now - self._heard > IDLE_SECONDS or any(now - sent.at > ANSWER_SECONDS for sent in self._sent.values()):
                log.warning("smpp_session_idle", system_id=self.client.system_id, address=self._address)
                self.close()
            elif now - self._heard > SILENT_SECONDS and not self._asked:
                self._asked = True
                self._out.append(smpp.enquire_link_frame(self._sequence.next()))
                self._flush()
        elif self._transport and now - self._opened > UNBOUND_SECONDS:
            self._transport.abort()

    def renewed(self, client: Client | None) -> None:
        """The user was changed, or removed (None)."""
        if client is None or self.client is None or not client.outlives(self.client):
            self.unbind()
        else:
            self.client = client
            self._pump()

    def look(self, now: float) -> dict[str, Any]:
        """Figures for people."""
        window = {"window_used": self._submits, "unacknowledged": len(self._sent)}
        return self.figures | window | {"tps_now": self._rate.look(self.figures["submitted"], now)}

    async def finished(self) -> None:
        """Deliver nothing more; return when what is under way is answered on both sides."""
        self._leaving = True
        while self._tasks or self._sent:  # noqa: ASYNC110 - both sides end it, and it happens once
            await asyncio.sleep(LOOK_SECONDS)

    # Deliveries

    @property
    def room(self) -> int:
        """How many deliveries its window takes now."""
        if self._paused or self._leaving or self.client is None or not self.state.can_deliver:
            return 0
        return self.client.window - len(self._sent)

    def deliver(self, row: Row) -> None:
        """Send a receipt or an incoming message."""
        try:
            bodies = delivery_bodies(row, self._with_tlvs)
        except (SmppError, ValueError, KeyError, TypeError):
            log.exception("smpp_delivery_unreadable", delivery=row["id"])
            self._outbox.drop(row)
            return
        sent = Sent(row, len(bodies), self._desk.monotonic())
        for body in bodies:
            sequence = self._sequence.next()
            self._sent[sequence] = sent
            self._out.append(_pack(16 + len(body), c.DELIVER_SM, 0, sequence) + body)
        self._flush_soon()

    def _on_answer(self, frame: bytes, sequence: int) -> None:
        sent = self._sent.pop(sequence, None)
        if sent is None:
            return
        command, answer = int.from_bytes(frame[4:8], "big"), int.from_bytes(frame[8:12], "big")
        sent.left -= 1
        sent.answer = sent.answer or answer or (status.ESME_RUNKNOWNERR if command == c.GENERIC_NACK else 0)
        if not sent.left:
            self.figures["delivered"] += not sent.answer
            self._outbox.acknowledged(sent.row, sent.answer)

    def _pump(self) -> None:
        if self.client and self.state.can_deliver:
            self._outbox.pump(self.client.user_id)

    # Commands

    def _handle(self, frame: bytes) -> None:
        command, sequence = int.from_bytes(frame[4:8], "big"), int.from_bytes(frame[12:16], "big")
        handler = _HANDLERS.get(command)
        if not smpp.is_allowed(command, self.state, "esme"):
            self._not_allowed(command, sequence)
        elif handler is not None:
            try:
                handler(self, frame, sequence)
            except SmppError as problem:
                self._refuse(command, problem.command_status, sequence)
        elif not command & c.RESPONSE_BIT:
            self._refuse(command, status.ESME_RINVCMDID, sequence)

    def _not_allowed(self, command: int, sequence: int) -> None:
        if command & c.RESPONSE_BIT:
            return
        if command in _BINDS:
            self._refuse(command, status.ESME_RALYBND, sequence)
        else:
            known = command in _HANDLERS
            self._refuse(command, status.ESME_RINVBNDSTS if known else status.ESME_RINVCMDID, sequence)

    def _refuse(self, command: int, reason: int, sequence: int) -> None:
        self._say(command | c.RESPONSE_BIT if command in _WITH_RESP else c.GENERIC_NACK, reason, sequence)

    def _on_bind(self, frame: bytes, sequence: int) -> None:
        pdu = cast("smpp.Bind", smpp.parse_pdu(frame))
        if self._binding is not None:
            self._refuse(pdu.command_id, status.ESME_RALYBND, sequence)
            return
        self._binding = asyncio.create_task(self._bind(pdu, sequence))

    async def _bind(self, pdu: smpp.Bind, sequence: int) -> None:
        mode = _BINDS[pdu.command_id]
        decision = await self._desk.admission.decide(pdu, mode, self._address, self._port, self._tls)
        if decision.client is None:
            self._refuse(pdu.command_id, decision.status, sequence)
            self.close()
            return
        self.bind_id, client = decision.bind_id, decision.client
        if not await self._desk.welcome(client) or self._transport is None:
            self._desk.bind_ended(self.bind_id)
            self._refuse(pdu.command_id, status.ESME_RSYSERR, sequence)
            self.close()
            return
        self.client, self.state = client, smpp.STATE_AFTER_BIND[pdu.command_id]
        self._with_tlvs = pdu.interface_version == c.INTERFACE_VERSION_34
        body = SYSTEM_ID + (VERSION_34 + build_tlvs(((TLV_INSTALLATION, self._desk.mark),)) if self._with_tlvs else b"")
        self._out.append(_pack(16 + len(body), pdu.command_id | c.RESPONSE_BIT, 0, sequence) + body)
        self._flush()
        log.info("smpp_bound", system_id=client.system_id, mode=mode, address=self._address, tls=self._tls)
        if self.state.can_deliver:
            self._outbox.add_receiver(client.user_id, self)

    def _on_unbind(self, _: bytes, sequence: int) -> None:
        self._leave(SessionState.UNBOUND)
        self._say(c.UNBIND_RESP, 0, sequence)
        self._opened = self._desk.monotonic()

    def _on_unbind_resp(self, _: bytes, __: int) -> None:
        if self.state is SessionState.UNBOUND:
            self.close()

    def _on_enquire_link(self, _: bytes, sequence: int) -> None:
        self._out.append(smpp.enquire_link_resp_frame(sequence))

    def _on_submit(self, frame: bytes, sequence: int) -> None:
        if self._may_ask(c.SUBMIT_SM, sequence):
            self._submit(smpp.parse_submit_sm(frame), c.SUBMIT_SM, sequence)

    def _on_data(self, frame: bytes, sequence: int) -> None:
        if self._may_ask(c.DATA_SM, sequence):
            self._submit(cast("smpp.DataSm", smpp.parse_pdu(frame)), c.DATA_SM, sequence)

    def _on_query(self, frame: bytes, sequence: int) -> None:
        if self._may_ask(c.QUERY_SM, sequence):
            pdu = cast("smpp.QuerySm", smpp.parse_pdu(frame))
            self._later(c.QUERY_SM, sequence, lambda client: self._desk.query(client, pdu))

    def _on_cancel(self, frame: bytes, sequence: int) -> None:
        if self._may_ask(c.CANCEL_SM, sequence):
            pdu = cast("smpp.CancelSm", smpp.parse_pdu(frame))
            self._later(c.CANCEL_SM, sequence, lambda client: self._desk.cancel(client, pdu))

    def _may_ask(self, command: int, sequence: int) -> bool:
        """Whether window and pace take another request; if not, it is answered ESME_RTHROTTLED."""
        client = self.client
        assert client is not None
        if self._submits >= client.window or not self._pace.take(client.tps, self._desk.monotonic()):
            self.figures["refused"] += 1
            self._refuse(command, status.ESME_RTHROTTLED, sequence)
            return False
        return True

    def _submit(self, pdu: smpp.SubmitSm | smpp.DataSm, command: int, sequence: int) -> None:
        assert self.client is not None
        try:
            request = self._desk.read(pdu, self.client)
        except SmppError:
            self.figures["refused"] += 1
            raise

        profile = named_profile_of(pdu)

        async def accept(_: Client) -> bytes:
            message_id = await self._desk.accept(request, profile)
            self.figures["submitted"] += 1
            frame = smpp.submit_sm_resp_frame(sequence, 0, message_id)
            return frame if command == c.SUBMIT_SM else frame[:4] + c.DATA_SM_RESP.to_bytes(4, "big") + frame[8:]

        self._later(command, sequence, accept)

    def _later(self, command: int, sequence: int, work: Callable[[Client], Any]) -> None:
        """Answer when ``work`` is done: with the frame that it gives, or the status that it raises."""
        assert self.client is not None
        self._submits += 1
        task = asyncio.create_task(self._answer_later(command, sequence, work, self.client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_later(self, command: int, sequence: int, work: Callable[[Client], Any], client: Client) -> None:
        try:
            self._out.append(await work(client))
        except SmppError as problem:
            self.figures["refused"] += 1
            self._refuse(command, problem.command_status, sequence)
        finally:
            self._submits -= 1
            self._flush_soon()

    def _leave(self, state: SessionState) -> None:
        """The bind ends."""
        if self.state.is_bound and self.client:
            rows = {sent.row["id"]: sent.row for sent in self._sent.values()}
            self._sent.clear()
            self.state = state
            self._outbox.remove_receiver(self.client.user_id, self, rows.values())
            self._desk.bind_ended(self.bind_id)
        self.state = state

    def _say(self, command: int, reason: int, sequence: int) -> None:
        self._out.append(_pack(16, command, reason, sequence))

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._out and self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()


_HANDLERS: Final[Mapping[int, Callable[[Session, bytes, int], None]]] = {
    c.SUBMIT_SM: Session._on_submit,
    c.DELIVER_SM_RESP: Session._on_answer,
    c.GENERIC_NACK: Session._on_answer,
    c.DATA_SM: Session._on_data,
    c.ENQUIRE_LINK: Session._on_enquire_link,
    c.BIND_TRANSMITTER: Session._on_bind,
    c.BIND_RECEIVER: Session._on_bind,
    c.BIND_TRANSCEIVER: Session._on_bind,
    c.UNBIND: Session._on_unbind,
    c.UNBIND_RESP: Session._on_unbind_resp,
    c.QUERY_SM: Session._on_query,
    c.CANCEL_SM: Session._on_cancel,
}
