"""The receiving half of a bind: receipts and incoming messages, acknowledged only when they are on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from strowger.channels.sms.carriers.counters import Counters
from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.connection import Connection
from strowger.channels.sms.carriers.smpp.traces import translate
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.logs import get_logger
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.protocols.gsm import decode_text, split_user_data
from strowger.protocols.smpp import receipt as wire
from strowger.protocols.smpp.codec import build_pdu, header, parse_pdu
from strowger.protocols.smpp.constants import DATA_SM, DELIVER_SM
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.fast import deliver_sm_resp_frame, parse_deliver_sm
from strowger.protocols.smpp.ids import normalise_id
from strowger.protocols.smpp.pdu import DataSm, DataSmResp, DeliverSm
from strowger.protocols.smpp.status import ESME_RINVCMDLEN, ESME_RINVDSTADR, ESME_RX_T_APPN
from strowger.protocols.smpp.tlv import TLV_RECEIPTED_MESSAGE_ID, tlv_text

log = get_logger(__name__)
MAX_IN_HAND = 500
NOBODYS_NUMBER = "MO404"
Respond = Callable[[int, int], bytes]


def _data_sm_resp(sequence: int, status: int = 0) -> bytes:
    return build_pdu(DataSmResp(sequence, status))


def _parse_data_sm(frame: bytes) -> DataSm:
    pdu = parse_pdu(frame)
    assert isinstance(pdu, DataSm)
    return pdu


class Receiver:
    """Takes deliver_sm and data_sm of one connection; at most ``MAX_IN_HAND`` are unacknowledged, then we stop reading."""

    def __init__(
        self, around: Surroundings, config: SmppConfig, connection: Connection, counters: Counters, bind: int
    ) -> None:
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._counters = counters
        self._bind = bind
        self._tasks: set[asyncio.Task[None]] = set()
        self.apply(config)
        connection.on(DELIVER_SM, lambda frame: self._take(frame, parse_deliver_sm, deliver_sm_resp_frame))
        connection.on(DATA_SM, lambda frame: self._take(frame, _parse_data_sm, _data_sm_resp))

    def apply(self, config: SmppConfig) -> None:
        """Use another configuration from the next delivery on."""
        self._config = config

    async def settle(self, seconds: float) -> None:
        """Wait until everything in hand is acknowledged, at most ``seconds``."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    def _take(self, frame: bytes, parse: Callable[[bytes], DeliverSm | DataSm], respond: Respond) -> None:
        try:
            pdu = parse(frame)
            report = self._read(pdu, self._around.clock.now())
        except SmppError as problem:
            self._counters.unreadable += 1
            self._counters.last_error = f"a delivery cannot be read: {problem}"
            self._connection.send(respond(header(frame)[3], problem.command_status or ESME_RINVCMDLEN))
            return
        if report is None:
            self._counters.unreadable += 1
            self._connection.send(respond(pdu.sequence_number, 0))
            return
        task = self._loop.create_task(self._store(report, pdu.sequence_number, respond))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        if len(self._tasks) >= MAX_IN_HAND:
            self._connection.pause_reading()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if len(self._tasks) <= MAX_IN_HAND // 2:
            self._connection.resume_reading()

    async def _store(self, report: Receipt | Incoming, sequence: int, respond: Respond) -> None:
        status = 0
        try:
            await self._around.journal.report(report)
        except Unavailable:
            status = ESME_RX_T_APPN
        except StrowgerError as problem:
            # A number that nobody owns will have no owner at the next try either; anything else may pass.
            status = ESME_RINVDSTADR if problem.code == NOBODYS_NUMBER else ESME_RX_T_APPN
        except Exception:
            log.exception("report_failed", carrier=self._around.name, bind=self._bind)
            status = ESME_RX_T_APPN
        if status:
            self._counters.refused_reports += 1
        if not self._connection.is_closed:
            self._connection.send(respond(sequence, status))

    def _read(self, pdu: DeliverSm | DataSm, now: datetime) -> Receipt | Incoming | None:
        """What a delivery says; None for a receipt that names no message."""
        found = wire.parse_receipt(pdu, by_text=self._config.receipt_source == "text")
        if found is None:
            self._counters.incoming += 1
            return self._incoming(pdu, now)
        raw_id = self._receipt_id(pdu, found)
        if not raw_id:
            log.warning("receipt_without_id", carrier=self._around.name, bind=self._bind, stat=found.stat)
            return None
        self._counters.receipts += 1
        status, trace = translate(found.state, found.err, self._config.err_traces)
        return Receipt(
            self._around.carrier_id,
            normalise_id(raw_id, self._config.id_quirk, "receipt"),
            status,
            trace,
            now,
            _receipt_detail(found, self._bind),
        )

    def _receipt_id(self, pdu: DeliverSm | DataSm, found: wire.Receipt) -> str:
        if self._config.receipt_source == "text":
            return found.text_id or found.message_id
        if self._config.receipt_source == "tlv":
            return tlv_text(pdu.tlvs, TLV_RECEIPTED_MESSAGE_ID) or ""
        return found.message_id

    def _incoming(self, pdu: DeliverSm | DataSm, now: datetime) -> Incoming:
        udh, payload = split_user_data(pdu.user_data, pdu.esm_class)
        place = (udh.concat if udh else None) or pdu.sar
        text = decode_text(payload, pdu.data_coding, default_alphabet=self._config.default_alphabet)
        detail: dict[str, Any] = {"data_coding": pdu.data_coding, "esm_class": pdu.esm_class, "bind": self._bind}
        if udh and udh.ports:
            detail["port"] = udh.ports.destination
        message = Incoming(
            self._around.carrier_id,
            pdu.source_addr.removeprefix("+"),
            pdu.destination_addr.removeprefix("+"),
            text.replace("\0", ""),
            now,
            detail=detail,
        )
        if place is not None and place.total > 1:
            message.reference, message.part, message.total = place.ref, place.n, place.total
        return message


def _receipt_detail(found: wire.Receipt, bind: int) -> dict[str, Any]:
    detail: dict[str, Any] = {"stat": found.stat or found.state.value, "err": found.err, "bind": bind}
    if found.done_date is not None:
        detail["done_date"] = found.done_date.isoformat()
    if found.intermediate:
        detail["intermediate"] = True
    return detail
