"""The text of a submit_sm or data_sm: user data header, segmentation and data coding taken apart (SMPP 3.4 section 5.2.19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strowger.protocols.gsm import Concat, Ports, decode_text, is_binary, message_class, sms_length, split_user_data
from strowger.protocols.gsm.length import GSM7_PART, PORTED_GSM7_PART, PORTED_UCS2_PART, UCS2_PART
from strowger.protocols.gsm.udh import IE_CONCAT_8BIT, IE_CONCAT_16BIT, IE_PORT_16BIT, Udh
from strowger.protocols.smpp.constants import ESM_UDHI
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.pdu import DataSm, SubmitSm
from strowger.protocols.smpp.status import (
    ESME_RINVESMCLASS,
    ESME_RINVMSGLEN,
    ESME_RINVOPTPARAMVAL,
    ESME_ROPTPARNOTALLWD,
    ESME_RSUBMITFAIL,
)
from strowger.protocols.smpp.tlv import TLV_DESTINATION_PORT, TLV_MESSAGE_PAYLOAD, TLV_SOURCE_PORT, tlv_int, tlv_value

REPLACEMENT: Final = "\ufffd"
_KNOWN: Final = frozenset({IE_CONCAT_8BIT, IE_CONCAT_16BIT, IE_PORT_16BIT})
LAST_PORT: Final = 65535
_OCTETS: Final = 140  # of the user data of one message


@dataclass(frozen=True, slots=True)
class SubmittedText:
    """What a client submitted. ``concat`` says that it is a part of a longer text, ``ports`` to which application on the
    handset it goes, ``ucs2`` that it is coded so.
    """

    text: str
    concat: Concat | None
    ports: Ports | None
    ucs2: bool
    flash: bool


def is_ucs2(data_coding: int) -> bool:
    """Tell whether a data coding means UTF-16BE (3GPP TS 23.038 section 4 for those with a class)."""
    group = data_coding >> 4
    return data_coding == 8 or group == 0xE or (group == 1 and data_coding >> 2 & 3 == 2)


def read_text(pdu: SubmitSm | DataSm) -> SubmittedText:
    """Take the text out of a submission.

    Raises SmppError: no text, or text twice; a header other than that of a part or of 16-bit ports; binary data; octets that are no
    characters of the coding; a part that is longer than one part may be.
    """
    data, header = _user_data(pdu)
    concat, ports = (header.concat, header.ports) if header else (pdu.sar, _ports(pdu))
    concat = concat if concat and concat.total > 1 else None
    coding, sequence = pdu.data_coding, pdu.sequence_number
    if not data or (is_ucs2(coding) and len(data) % 2):
        raise SmppError("no text or half a character", ESME_RINVMSGLEN, sequence, field="short_message")
    if is_binary(coding):
        raise SmppError("binary data", ESME_RSUBMITFAIL, sequence, field="data_coding")
    text = decode_text(data, coding)
    if REPLACEMENT in text or "\0" in text:
        raise SmppError("octets outside the data coding", ESME_RSUBMITFAIL, sequence, field="short_message")
    found = SubmittedText(text, concat, ports, is_ucs2(coding), message_class(coding) == 0)
    if concat:
        _check_part(found, header, sequence)
    return found


def _user_data(pdu: SubmitSm | DataSm) -> tuple[bytes, Udh | None]:
    payload = tlv_value(pdu.tlvs, TLV_MESSAGE_PAYLOAD) if pdu.tlvs else None
    short = b"" if isinstance(pdu, DataSm) else pdu.short_message
    if short and payload:
        raise SmppError("text twice", ESME_ROPTPARNOTALLWD, pdu.sequence_number, field="message_payload")
    data = short or payload or b""
    if not pdu.esm_class & ESM_UDHI:
        return data, None
    header, data = split_user_data(data, pdu.esm_class)
    if header is None or not (header.concat or header.ports) or not _KNOWN.issuperset(tag for tag, _ in header.ies):
        raise SmppError("not the header of a part or port", ESME_RINVESMCLASS, pdu.sequence_number, field="esm_class")
    return data, header


def _ports(pdu: SubmitSm | DataSm) -> Ports | None:
    """The ports of the optional parameters."""
    port = tlv_int(pdu.tlvs, TLV_DESTINATION_PORT) if pdu.tlvs else None
    if not port:
        return None
    source = tlv_int(pdu.tlvs, TLV_SOURCE_PORT) or 0
    if port > LAST_PORT or source > LAST_PORT:
        raise SmppError("no port", ESME_RINVOPTPARAMVAL, pdu.sequence_number, field="destination_port")
    return Ports(port, source)


def _room(encoding: str, ported: bool, header: Udh | None) -> int:
    """How many characters a part may have; beside a port that depends on the width of the client's own reference."""
    wide = encoding == "UCS2"
    if not ported:
        return UCS2_PART if wide else GSM7_PART
    if header is None:
        return PORTED_UCS2_PART if wide else PORTED_GSM7_PART
    free = _OCTETS - header.length
    return free // 2 if wide else free * 8 // 7


def _check_part(found: SubmittedText, header: Udh | None, sequence: int) -> None:
    length = sms_length(found.text, "1" if found.ucs2 else "Auto")
    if length.chars > _room(length.encoding, found.ports is not None, header):
        raise SmppError("longer than a part", ESME_RINVMSGLEN, sequence, field="short_message")
