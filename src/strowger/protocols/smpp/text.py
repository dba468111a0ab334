"""The text of a submit_sm or data_sm: user data header, segmentation and data coding taken apart (SMPP 3.4 section 5.2.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strowger.protocols.gsm import Concat, decode_text, is_binary, message_class, sms_length, split_user_data
from strowger.protocols.gsm.length import GSM7_PART, UCS2_PART
from strowger.protocols.gsm.udh import IE_CONCAT_8BIT, IE_CONCAT_16BIT
from strowger.protocols.smpp.constants import ESM_UDHI
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.pdu import DataSm, SubmitSm
from strowger.protocols.smpp.status import (
    ESME_RINVESMCLASS,
    ESME_RINVMSGLEN,
    ESME_ROPTPARNOTALLWD,
    ESME_RSUBMITFAIL,
)
from strowger.protocols.smpp.tlv import TLV_MESSAGE_PAYLOAD, tlv_value

REPLACEMENT: Final = "\ufffd"
_JOINING: Final = frozenset({IE_CONCAT_8BIT, IE_CONCAT_16BIT})


@dataclass(frozen=True, slots=True)
class SubmittedText:
    """What a client submitted. ``concat`` says that it is a part of a longer text, ``ucs2`` that it is coded so."""

    text: str
    concat: Concat | None
    ucs2: bool
    flash: bool


def is_ucs2(data_coding: int) -> bool:
    """Tell whether a data coding means UTF-16BE (3GPP TS 23.038 section 4 for those with a class)."""
    group = data_coding >> 4
    return data_coding == 8 or group == 0xE or (group == 1 and data_coding >> 2 & 3 == 2)


def read_text(pdu: SubmitSm | DataSm) -> SubmittedText:
    """Take the text out of a submission.

    Raises SmppError: no text, or text twice; a header other than that of a part; binary data; octets that are no
    characters of the coding; a part that is longer than one part may be.
    """
    data, concat = _user_data(pdu)
    coding, sequence = pdu.data_coding, pdu.sequence_number
    if not data or (is_ucs2(coding) and len(data) % 2):
        raise SmppError("no text or half a character", ESME_RINVMSGLEN, sequence, field="short_message")
    if is_binary(coding):
        raise SmppError("binary data", ESME_RSUBMITFAIL, sequence, field="data_coding")
    text = decode_text(data, coding)
    if REPLACEMENT in text or "\0" in text:
        raise SmppError("octets outside the data coding", ESME_RSUBMITFAIL, sequence, field="short_message")
    found = SubmittedText(text, concat, is_ucs2(coding), message_class(coding) == 0)
    if concat:
        _check_part(found, sequence)
    return found


def _user_data(pdu: SubmitSm | DataSm) -> tuple[bytes, Concat | None]:
    payload = tlv_value(pdu.tlvs, TLV_MESSAGE_PAYLOAD) if pdu.tlvs else None
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    if short and payload:
        raise SmppError("text twice", ESME_ROPTPARNOTALLWD, pdu.sequence_number, field="message_payload")
    data, concat = short or payload or b"", pdu.sar
    if pdu.esm_class & ESM_UDHI:
        header, data = split_user_data(data, pdu.esm_class)
        if header is None or header.concat is None or not _JOINING.issuperset(tag for tag, _ in header.ies):
            raise SmppError("not the header of a part", ESME_RINVESMCLASS, pdu.sequence_number, field="esm_class")
        concat = header.concat
    return data, concat if concat and concat.total > 1 else None


def _check_part(found: SubmittedText, sequence: int) -> None:
    length = sms_length(found.text, "1" if found.ucs2 else "Auto")
    if length.chars > (UCS2_PART if length.encoding == "UCS2" else GSM7_PART):
        raise SmppError("longer than a part", ESME_RINVMSGLEN, sequence, field="short_message")
