"""Delivery receipts inside deliver_sm and data_sm (SMPP 3.4 sections 2.11 and 5.2.12, appendix B)."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any, Final

from strowger.protocols.gsm import split_user_data
from strowger.protocols.smpp.constants import (
    ESM_TYPE_INTERMEDIATE,
    ESM_TYPE_MASK,
    ESM_TYPE_RECEIPT,
    ESM_UDHI,
    DataCoding,
)
from strowger.protocols.smpp.pdu import DataSm, DeliverSm
from strowger.protocols.smpp.receipt_text import NO_FIELDS, ReceiptFields, parse_fields, parse_receipt_date
from strowger.protocols.smpp.tlv import (
    TLV_MESSAGE_STATE,
    TLV_NETWORK_ERROR_CODE,
    TLV_RECEIPTED_MESSAGE_ID,
    Tlvs,
    tlv_value,
)


class MessageState(StrEnum):
    """The `stat` values of appendix B, with FAILED and SKIPPED that some message centres add."""

    ENROUTE = "ENROUTE"
    DELIVRD = "DELIVRD"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"
    UNDELIV = "UNDELIV"
    ACCEPTD = "ACCEPTD"
    UNKNOWN = "UNKNOWN"
    REJECTD = "REJECTD"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing better or worse can follow."""
        return self in FINAL_STATES


FINAL_STATES: Final = frozenset(MessageState) - {MessageState.ENROUTE, MessageState.ACCEPTD, MessageState.UNKNOWN}

# Section 5.2.28; 0 and 9 are from SMPP 5.0.
STATE_BY_NUMBER: Final[dict[int, MessageState]] = {
    0: MessageState.ENROUTE,
    1: MessageState.ENROUTE,
    2: MessageState.DELIVRD,
    3: MessageState.EXPIRED,
    4: MessageState.DELETED,
    5: MessageState.UNDELIV,
    6: MessageState.ACCEPTD,
    7: MessageState.UNKNOWN,
    8: MessageState.REJECTD,
    9: MessageState.SKIPPED,
}
NUMBER_BY_STATE: Final[dict[MessageState, int]] = {
    state: number for number, state in STATE_BY_NUMBER.items() if number != 0
} | {MessageState.FAILED: 5}

_STATE_BY_TEXT: Final[dict[str, MessageState]] = {state.value: state for state in MessageState} | {
    "DELIVERED": MessageState.DELIVRD,
    "DELIVERD": MessageState.DELIVRD,
    "UNDELIVERED": MessageState.UNDELIV,
    "UNDELIVERABLE": MessageState.UNDELIV,
    "UNDELIVRD": MessageState.UNDELIV,
    "ACCEPTED": MessageState.ACCEPTD,
    "BUFFERED": MessageState.ENROUTE,
    "BUFFRED": MessageState.ENROUTE,
    "EN_ROUTE": MessageState.ENROUTE,
    "REJECTED": MessageState.REJECTD,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a message centre reports about one message (part).

    `message_id` and `err` come from the optional parameters where these are present; `text_id` is the id in the text
    when that differs. `state` keeps to the known ones and `stat` holds the word as written.
    """

    message_id: str
    state: MessageState
    err: str = ""
    submit_date: datetime | None = None
    done_date: datetime | None = None
    sub: int | None = None
    dlvrd: int | None = None
    text: str = ""
    stat: str = ""
    text_id: str = ""
    network_type: int | None = None
    intermediate: bool = False


class _Draft(Receipt):
    """A receipt whose fields can still be set, which is many times faster than the frozen constructor."""

    __slots__ = ()
    __setattr__ = object.__setattr__
    __delattr__ = object.__delattr__


_new = object.__new__
_RECEIPT_KINDS: Final = frozenset({0, ESM_TYPE_RECEIPT, ESM_TYPE_INTERMEDIATE})


def parse_receipt(pdu: DeliverSm | DataSm, *, zone: tzinfo = UTC, by_text: bool = False) -> Receipt | None:
    """Read a receipt, or give None for any other delivery, acknowledgements by the user among them.

    A delivery is a receipt when esm_class says so (0x04, or 0x20 for an intermediate one), or when esm_class has no
    message type but receipted_message_id is there. With `by_text` a text that reads like a receipt is enough, for a
    message centre that leaves esm_class 0; anyone with a handset can then forge one. A marked receipt that cannot be
    read comes back with an empty id and the state UNKNOWN. `zone` is the time zone of the dates in the text.
    """
    kind = pdu.esm_class & ESM_TYPE_MASK
    tlvs = pdu.tlvs
    if kind not in _RECEIPT_KINDS:
        return None
    marked = kind != 0 or (bool(tlvs) and tlv_value(tlvs, TLV_RECEIPTED_MESSAGE_ID) is not None)
    if not marked and not by_text:
        return None
    fields = parse_fields(_text_of(pdu))
    if fields is None:
        if not marked:
            return None
        fields = NO_FIELDS
    elif not marked and not (fields.id and fields.stat):
        return None
    return _merge(fields, tlvs, zone, kind == ESM_TYPE_INTERMEDIATE)


def _text_of(pdu: DeliverSm | DataSm) -> str:
    data = pdu.user_data
    if pdu.esm_class & ESM_UDHI:
        data = split_user_data(data, pdu.esm_class)[1]
    if pdu.data_coding == DataCoding.UCS2:
        return data[: len(data) & ~1].decode("utf-16-be", "replace")
    return data.decode("latin-1")


def _merge(fields: ReceiptFields, tlvs: Tlvs, zone: tzinfo, intermediate: bool) -> Receipt:
    message_id, stat, err = fields.id, fields.stat, fields.err
    state = _STATE_BY_TEXT.get(stat) or _STATE_BY_TEXT.get(stat.upper(), MessageState.UNKNOWN)
    text_id = ""
    network_type: int | None = None
    if tlvs:
        values = dict(reversed(tlvs))
        tlv_id = values.get(TLV_RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1").strip()
        if tlv_id and tlv_id != message_id:
            message_id, text_id = tlv_id, message_id
        number = values.get(TLV_MESSAGE_STATE)
        if number:
            state = STATE_BY_NUMBER.get(int.from_bytes(number, "big"), state)
        network_error = values.get(TLV_NETWORK_ERROR_CODE, b"")
        if len(network_error) == 3:
            network_type, err = network_error[0], _network_error(network_error, err)
    receipt: Any = _new(_Draft)
    receipt.message_id = message_id
    receipt.state = state
    receipt.err = err
    receipt.submit_date = parse_receipt_date(fields.submit_date[:20], zone)
    receipt.done_date = parse_receipt_date(fields.done_date[:20], zone)
    receipt.sub = _count(fields.sub)
    receipt.dlvrd = _count(fields.dlvrd)
    receipt.text = fields.text
    receipt.stat = stat
    receipt.text_id = text_id
    receipt.network_type = network_type
    receipt.intermediate = intermediate
    receipt.__class__ = Receipt
    return receipt  # type: ignore[no-any-return]


def _network_error(value: bytes, err: str) -> str:
    """Read the code of network_error_code (section 5.3.2.31), which counts unless it is 0."""
    code = int.from_bytes(value[1:], "big")
    return f"{code:03d}" if code or not err else err


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
