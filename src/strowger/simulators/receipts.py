"""The deliver_sm of a receipt, built by hand: it is half of all that the simulator sends (SMPP 3.4 appendix B)."""

from __future__ import annotations

import struct
import time
from functools import lru_cache
from typing import Final

from strowger.protocols.smpp import NUMBER_BY_STATE, DataSm, MessageState, SubmitSm
from strowger.protocols.smpp.constants import ESM_TYPE_INTERMEDIATE, ESM_TYPE_RECEIPT
from strowger.protocols.smpp.tlv import TLV_MESSAGE_STATE, TLV_NETWORK_ERROR_CODE, TLV_RECEIPTED_MESSAGE_ID
from strowger.simulators.outcomes import Verdict
from strowger.simulators.plan import ReceiptForm, Submission

NETWORK_GSM: Final = 3
_TAG = struct.Struct(">HH")
_STATE_TLV: Final = {
    state.value: _TAG.pack(TLV_MESSAGE_STATE, 1) + bytes((number,)) for state, number in NUMBER_BY_STATE.items()
}
_PRINTABLE: Final = bytes(code if 0x20 <= code < 0x7F else 0x3F for code in range(256))


@lru_cache(maxsize=4096)
def _minute(minute: int) -> bytes:
    return time.strftime("%y%m%d%H%M", time.gmtime(minute * 60)).encode()


def stamp(seconds: float) -> bytes:
    """Seconds since the epoch as YYMMDDhhmm in UTC."""
    return _minute(int(seconds) // 60)


def receipt_body(
    submission: Submission,
    message_id: str,
    verdict: Verdict,
    *,
    submitted: float,
    done: float,
    form: ReceiptForm = "both",
    intermediate: bool = False,
) -> bytes:
    """The body of the deliver_sm that reports ``verdict``; times are seconds since the epoch."""
    pdu = submission.pdu
    identifier = message_id.encode("latin-1")
    text = b"" if form == "tlv" else _text(submission, identifier, verdict, submitted, done)
    esm_class = ESM_TYPE_INTERMEDIATE if intermediate else ESM_TYPE_RECEIPT
    body = b"\0%b\0%b\0%c\0\0\0\0\0\0\0\0%c%b" % (
        _address(pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr),
        _address(pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr),
        esm_class,
        len(text),
        text,
    )
    return body if form == "text" else body + _tlvs(identifier, verdict)


def _address(ton: int, npi: int, address: str) -> bytes:
    return b"%c%c%b" % (ton, npi, address.encode("latin-1"))


def _text(submission: Submission, identifier: bytes, verdict: Verdict, submitted: float, done: float) -> bytes:
    plain = submission.payload[:20].translate(_PRINTABLE) if _is_plain(submission.pdu) else b""
    return b"id:%b sub:001 dlvrd:%03d submit date:%b done date:%b stat:%b err:%03d text:%b" % (
        identifier,
        verdict.stat == MessageState.DELIVRD,
        stamp(submitted),
        stamp(done),
        verdict.stat.encode(),
        verdict.err,
        plain,
    )


def _is_plain(pdu: SubmitSm | DataSm) -> bool:
    return pdu.data_coding in {0, 1, 3}


def _tlvs(identifier: bytes, verdict: Verdict) -> bytes:
    tlvs = _TAG.pack(TLV_RECEIPTED_MESSAGE_ID, len(identifier) + 1) + identifier + b"\0" + _STATE_TLV[verdict.stat]
    if verdict.err:
        tlvs += _TAG.pack(TLV_NETWORK_ERROR_CODE, 3) + struct.pack(">BH", NETWORK_GSM, verdict.err)
    return tlvs
