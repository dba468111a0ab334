"""One TCP connection of a client: framing, binds, and what is answered to each command (SMPP 3.4 section 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from strowger.protocols import smpp
from strowger.protocols.smpp import SessionState, SmppError, status
from strowger.protocols.smpp import constants as c
from strowger.protocols.smpp.codec import HEADER
from strowger.simulators.binds import decide_bind
from strowger.simulators.centre import Centre
from strowger.simulators.misbehaviours.links import EnquireLinkIgnored
from strowger.simulators.outbox import Delivery
from strowger.simulators.plan import Plan, Submission
from strowger.simulators.queries import answer_cancel, answer_query

SYSTEM_ID: Final = "STROWGER"
_pack = HEADER.pack
_BINDS: Final = frozenset({c.BIND_TRANSMITTER, c.BIND_RECEIVER, c.BIND_TRANSCEIVER})
_ERRORS_WITH_RESP: Final = frozenset(c.COMMAND_NAMES) & frozenset(
    command & ~c.RESPONSE_BIT for command in c.COMMAND_NAMES if command & c.RESPONSE_BIT
)


class Session(asyncio.Protocol):
    """A connection from its accept to its end. Answers to one read go out in one write, in order."""

    def __init__(self, centre: Centre, sessions: set[Session]) -> None:
        self.centre = centre
        self.state = SessionState.OPEN
        self.system_id = ""
        self.peer = ""
        self.mute = False
        self.unacknowledged: dict[int, Delivery] = {}
        self._sessions = sessions
        self._reader = smpp.FrameReader()
        self._sequence = smpp.SequenceCounter()
        self._out: list[bytes] = []
        self._paused = False
        self._transport: asyncio.Transport | None = None

    @property
    def room(self) -> int:
        """How many deliveries its window takes now."""
        return 0 if self._paused else self.centre.window - len(self.unacknowledged)

    def describe(self) -> dict[str, Any]:
        """State for people: who is bound how, and how much is unacknowledged."""
        return {
            "system_id": self.system_id,
            "state": self.state.value,
            "peer": self.peer,
            "unacknowledged": len(self.unacknowledged),
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start."""
        self._transport = cast("asyncio.Transport", transport)
        host = transport.get_extra_info("peername")
        self.peer = f"{host[0]}:{host[1]}" if host else ""
        self._sessions.add(self)
        self.centre.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        """End: unacknowledged deliveries wait for the next receiver."""
        self._leave(SessionState.CLOSED)
        self._transport = None
        self._sessions.discard(self)
        self.centre.changed()

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
        if self.state.can_deliver:
            self.centre.outbox(self.system_id).schedule()

    def data_received(self, data: bytes) -> None:
        """Handle every whole frame of a read."""
        try:
            for frame in self._reader.feed(data):
                if not self.mute:
                    self._handle(frame)
                if self._transport is None or self._transport.is_closing():
                    return
        except SmppError as problem:
            self._say(c.GENERIC_NACK, problem.command_status, problem.sequence_number)
            self.close()
        self._flush()
        if self.state.can_deliver:
            self.centre.outbox(self.system_id).schedule()
        self.centre.changed()

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Write deliveries and count them against the window."""
        if self._transport is None:
            return
        frames = []
        for delivery in deliveries:
            sequence = self._sequence.next()
            self.unacknowledged[sequence] = delivery
            frames.append(_pack(16 + len(delivery.body), c.DELIVER_SM, 0, sequence) + delivery.body)
        self._transport.write(b"".join(frames))
        counters = self.centre.counters
        for delivery in deliveries:
            if delivery.kind == "receipts":
                counters.receipts_sent += 1
            else:
                counters.replies_sent += 1
            if delivery.on_sent:
                delivery.on_sent()
                delivery.on_sent = None
        self.centre.changed()

    def write(self, frame: bytes) -> None:
        """Send a frame later than the command it answers."""
        if self._transport and not self._transport.is_closing():
            self._transport.write(frame)

    def unbind(self) -> None:
        """Ask the client to unbind."""
        self._say(c.UNBIND, 0, self._sequence.next())
        self._flush()

    def close(self) -> None:
        """Close after what is written."""
        self._flush()
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._out.clear()
        if self._transport:
            self._transport.abort()

    def _handle(self, frame: bytes) -> None:
        command, sequence = int.from_bytes(frame[4:8], "big"), int.from_bytes(frame[12:16], "big")
        if not smpp.is_allowed(command, self.state, "esme"):
            self._not_allowed(command, sequence)
            return
        handler = _HANDLERS.get(command)
        if handler is None:
            if not command & c.RESPONSE_BIT:
                self._say(c.GENERIC_NACK, status.ESME_RINVCMDID, sequence)
            return
        try:
            handler(self, frame, sequence)
        except SmppError as problem:
            self._refuse(command, problem.command_status, sequence)

    def _not_allowed(self, command: int, sequence: int) -> None:
        if command & c.RESPONSE_BIT:
            return
        if command in _BINDS:
            self._refuse(command, status.ESME_RALYBND, sequence)
        elif command in _HANDLERS:
            self._refuse(command, status.ESME_RINVBNDSTS, sequence)
        else:
            self._say(c.GENERIC_NACK, status.ESME_RINVCMDID, sequence)

    def _refuse(self, command: int, status: int, sequence: int) -> None:
        known = command in _ERRORS_WITH_RESP
        self._say(command | c.RESPONSE_BIT if known else c.GENERIC_NACK, status, sequence)

    def _on_bind(self, frame: bytes, sequence: int) -> None:
        pdu = cast("smpp.Bind", smpp.parse_pdu(frame))
        decision = decide_bind(self.centre, pdu)
        if decision.silent:
            self.mute = True
            if decision.close:
                self.close()
        elif decision.status:
            self._refuse(pdu.command_id, decision.status, sequence)
        else:
            self._accept_bind(pdu, sequence)

    def _accept_bind(self, pdu: smpp.Bind, sequence: int) -> None:
        self.system_id = pdu.system_id
        self.state = smpp.STATE_AFTER_BIND[pdu.command_id]
        body = SYSTEM_ID.encode() + b"\0"
        if pdu.interface_version >= c.INTERFACE_VERSION_34:
            body += b"\x02\x10\x00\x01\x34"
        self._out.append(_pack(16 + len(body), pdu.command_id | c.RESPONSE_BIT, 0, sequence) + body)
        if self.state.can_deliver:
            self.centre.add_receiver(self.system_id, self)

    def _on_unbind(self, _: bytes, sequence: int) -> None:
        self._say(c.UNBIND_RESP, 0, sequence)
        self._leave(SessionState.UNBOUND)

    def _on_unbind_resp(self, _: bytes, __: int) -> None:
        self._leave(SessionState.UNBOUND)
        self.close()

    def _on_enquire_link(self, _: bytes, sequence: int) -> None:
        for entry in self.centre.switchboard.of(self.system_id):
            if isinstance(entry.misbehaviour, EnquireLinkIgnored):
                return
        self._out.append(smpp.enquire_link_resp_frame(sequence))

    def _on_deliver_resp(self, frame: bytes, sequence: int) -> None:
        delivery = self.unacknowledged.pop(sequence, None)
        if delivery is not None:
            status = int.from_bytes(frame[8:12], "big")
            self.centre.outbox(self.system_id).acknowledged(delivery, status)

    def _on_query(self, frame: bytes, _: int) -> None:
        pdu = cast("smpp.QuerySm", smpp.parse_pdu(frame))
        self._out.append(smpp.build_pdu(answer_query(self.centre, self.system_id, pdu)))

    def _on_cancel(self, frame: bytes, _: int) -> None:
        pdu = cast("smpp.CancelSm", smpp.parse_pdu(frame))
        self._out.append(smpp.build_pdu(answer_cancel(self.centre, self.system_id, pdu)))

    def _on_submit(self, frame: bytes, sequence: int) -> None:
        self._submit(Submission(smpp.parse_submit_sm(frame)), c.SUBMIT_SM_RESP, sequence)

    def _on_data(self, frame: bytes, sequence: int) -> None:
        self._submit(Submission(cast("smpp.DataSm", smpp.parse_pdu(frame))), c.DATA_SM_RESP, sequence)

    def _submit(self, submission: Submission, response: int, sequence: int) -> None:
        centre = self.centre
        plan = centre.plan(self.system_id, submission)
        answer = _answer_frame(plan, response, sequence)
        after: Callable[[], None] | None = None
        if answer is None:
            centre.counters.unanswered += 1
        elif plan.answer_gap is not None and plan.taken:
            after = partial(centre.agenda.after, plan.answer_gap + plan.answer_delay, self.write, answer)
        elif plan.answer_delay:
            centre.agenda.after(plan.answer_delay, self.write, answer)
        else:
            self._out.append(answer)
        if not plan.taken:
            centre.counters.refused += answer is not None
        elif not centre.take(self.system_id, submission, plan, after) and after:
            after()
        if plan.afterwards == "drop":
            self.abort()
        elif plan.afterwards == "unbind":
            self.unbind()

    def _leave(self, state: SessionState) -> None:
        """Stop being a receiver."""
        if self.state.can_deliver:
            left = list(self.unacknowledged.values())
            self.unacknowledged.clear()
            self.centre.remove_receiver(self.system_id, self, left)
        self.state = state

    def _say(self, command: int, status: int, sequence: int) -> None:
        self._out.append(_pack(16, command, status, sequence))

    def _flush(self) -> None:
        if self._out and self._transport:
            self._transport.write(b"".join(self._out))
        self._out.clear()


def _answer_frame(plan: Plan, response: int, sequence: int) -> bytes | None:
    if plan.answer == "resp":
        if plan.status:
            return _pack(16, response, plan.status, sequence)
        return b"%b%b\0" % (_pack(17 + len(plan.submit_id), response, 0, sequence), plan.submit_id.encode())
    if plan.answer == "none":
        return None
    return _pack(16, c.GENERIC_NACK, plan.status, sequence if plan.answer == "nack" else 0)


_HANDLERS: Final[dict[int, Callable[[Session, bytes, int], None]]] = {
    c.SUBMIT_SM: Session._on_submit,
    c.DELIVER_SM_RESP: Session._on_deliver_resp,
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
