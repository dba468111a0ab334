"""From a submission to the parts of its submit_sm. What is the same over many messages is made once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.messaging.schemas import Submission
from strowger.protocols.gsm import (
    DefaultAlphabet,
    EncodedText,
    UnicodeMode,
    encode_text,
    udh_concat,
    udh_concat16,
    with_port,
)
from strowger.protocols.smpp.constants import MAX_SHORT_MESSAGE, REGISTERED_FINAL, Npi, Ton
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.fast import SubmitTemplate
from strowger.protocols.smpp.pdu import SubmitSm
from strowger.protocols.smpp.times import RelativeTime, format_time
from strowger.protocols.smpp.tlv import (
    TLV_DESTINATION_PORT,
    TLV_DLT_ENTITY_ID,
    TLV_DLT_TELEMARKETER_ID,
    TLV_DLT_TEMPLATE_ID,
    TLV_MESSAGE_PAYLOAD,
    TLV_SAR_MSG_REF_NUM,
    TLV_SAR_SEGMENT_SEQNUM,
    TLV_SAR_TOTAL_SEGMENTS,
    TLV_SOURCE_PORT,
    Tlvs,
    int_tlv,
    text_tlv,
)

SHORT_CODE_DIGITS = 7
MINUTE = timedelta(minutes=1)
_TRACE_BY_FIELD = {"source_addr": "SENDER-REJ", "destination_addr": "INV-NUMBER", "short_message": "MAX-LIMIT"}


class Part(NamedTuple):
    """One submit_sm: its message, its optional parameters, and whether the message starts with a header."""

    message: bytes
    tlvs: Tlvs = ()
    udh: bool = False


class Encoded(NamedTuple):
    """A message ready to be framed: all that its parts share, and the parts."""

    template: SubmitTemplate
    parts: list[Part]
    as_one: bool = False  # several parts by length, handed over as one


def trace_of(problem: SmppError) -> str:
    """The trace of a message that cannot be written as submit_sm."""
    return _TRACE_BY_FIELD.get(problem.field, "SUBMIT-FAIL")


@lru_cache(maxsize=4096)
def _encode(
    body: str, unicode: UnicodeMode, flash: bool, alphabet: DefaultAlphabet, ported: bool, wide: bool
) -> EncodedText:
    return encode_text(body, unicode, flash=flash, default_alphabet=alphabet, ported=ported, wide=wide)


def _unicode_mode(value: object) -> UnicodeMode:
    text = str(value)
    return "1" if text == "1" else "0" if text == "0" else "Auto"


def is_off(value: object) -> bool:
    """Whether an option of the caller says no: 0, "0" or false."""
    return value is not None and str(value).lower() in {"0", "false"}


def is_on(value: object) -> bool:
    """Whether an option of the caller says yes: 1, "1" or true."""
    return value is not None and str(value).lower() in {"1", "true"}


class Encoder:
    """Writes messages as one carrier wants them."""

    def __init__(self, config: SmppConfig) -> None:
        self._config = config
        self._template = lru_cache(maxsize=2048)(self._make_template)

    def encode(self, submission: Submission, now: datetime) -> Encoded:
        """Encode a message. Raises SmppError when a field cannot be written."""
        options = submission.options
        port = int(options.get("port") or 0)
        text = _encode(
            submission.body,
            _unicode_mode(options.get("unicode")),
            is_on(options.get("flash")),
            self._config.default_alphabet,
            bool(port),
            self._config.long_messages == "udh16",
        )
        template = self._template(
            submission.sender, text.data_coding, not is_off(options.get("dlr")), self._validity(submission, now)
        )
        concat = options.get("concat")
        if len(text.parts) == 1:
            parts = [self._place(text.parts[0], bool(port), *concat) if concat else _whole(text.parts[0])]
        else:
            parts = self._divide(text.parts, reference_of(submission))
        if port:
            source = int(options.get("source_port") or 0)
            parts = [self._address(part, port, source) for part in parts]
        registered = self._registered(options) if self._config.dlt else ()
        if registered:
            parts = [part._replace(tlvs=(*part.tlvs, *registered)) for part in parts]
        return Encoded(template, parts, len(text.parts) > len(parts))

    def _registered(self, options: Mapping[str, object]) -> Tlvs:
        """What an Indian operator's DLT register is asked for."""
        given = (
            (TLV_DLT_ENTITY_ID, options.get("entity_id")),
            (TLV_DLT_TEMPLATE_ID, options.get("template_id")),
            (TLV_DLT_TELEMARKETER_ID, self._config.telemarketer_id),
        )
        return tuple(text_tlv(tag, str(value)) for tag, value in given if value)

    def _divide(self, payloads: tuple[bytes, ...], reference: int) -> list[Part]:
        total = len(payloads)
        form = self._config.long_messages
        if form == "payload":
            return [Part(b"", ((TLV_MESSAGE_PAYLOAD, b"".join(payloads)),))]
        if form == "sar":
            shared = int_tlv(TLV_SAR_MSG_REF_NUM, reference), int_tlv(TLV_SAR_TOTAL_SEGMENTS, total)
            return [
                _whole(payload, (*shared, int_tlv(TLV_SAR_SEGMENT_SEQNUM, n))) for n, payload in enumerate(payloads, 1)
            ]
        header = udh_concat16 if form == "udh16" else udh_concat
        return [_whole(header(reference, total, n) + payload, udh=True) for n, payload in enumerate(payloads, 1)]

    def _place(self, payload: bytes, ported: bool, reference: int, total: int, n: int) -> Part:
        """A part that an SMPP client cut itself: it keeps its place in the client's message.

        Beside a port the client filled it to the last octet, so that a wide reference is taken only where it must be.
        """
        form = self._config.long_messages
        if form == "sar":
            numbers = ((TLV_SAR_MSG_REF_NUM, reference), (TLV_SAR_TOTAL_SEGMENTS, total), (TLV_SAR_SEGMENT_SEQNUM, n))
            return _whole(payload, tuple(int_tlv(tag, number) for tag, number in numbers))
        header = udh_concat16 if reference > 0xFF or (form == "udh16" and not ported) else udh_concat
        return _whole(header(reference, total, n) + payload, udh=True)

    def _address(self, part: Part, port: int, source: int) -> Part:
        """A part for an application port: in its header, or as parameters where the carrier makes the header."""
        if self._config.long_messages in ("sar", "payload") or not part.message:
            ports = (int_tlv(TLV_SOURCE_PORT, source), int_tlv(TLV_DESTINATION_PORT, port))
            return part._replace(tlvs=(*part.tlvs, *ports))
        if part.udh:
            size = part.message[0] + 1
            return _whole(with_port(part.message[:size], port, source) + part.message[size:], part.tlvs, udh=True)
        return _whole(with_port(b"", port, source) + part.message, part.tlvs, udh=True)

    def _make_template(self, sender: str, data_coding: int, receipt: bool, validity: str) -> SubmitTemplate:
        config = self._config
        ton, npi = address_type(sender, config.source_ton, config.source_npi)
        return SubmitTemplate(
            SubmitSm(
                source_addr=sender.removeprefix("+") if ton != Ton.ALPHANUMERIC else sender,
                source_addr_ton=ton,
                source_addr_npi=npi,
                dest_addr_ton=config.dest_ton,
                dest_addr_npi=config.dest_npi,
                service_type=config.service_type,
                validity_period=validity,
                registered_delivery=REGISTERED_FINAL if receipt else 0,
                data_coding=data_coding,
            )
        )

    def _validity(self, submission: Submission, now: datetime) -> str:
        """In whole minutes, so that many messages share a template."""
        form = self._config.validity
        if form == "none":
            return ""
        expires = submission.expires_at
        if form == "absolute":
            return _absolute(
                expires.replace(second=0, microsecond=0) + (MINUTE if expires - now < MINUTE else timedelta())
            )
        return _relative(max(1, int((expires - now).total_seconds()) // 60))


@lru_cache(maxsize=8192)
def _relative(minutes: int) -> str:
    return format_time(RelativeTime.of(timedelta(minutes=minutes)))


@lru_cache(maxsize=1024)
def _absolute(moment: datetime) -> str:
    return format_time(moment)


def _whole(message: bytes, tlvs: Tlvs = (), *, udh: bool = False) -> Part:
    """A part; octets that short_message cannot hold (an alphabet of several octets per character) go as payload."""
    if len(message) > MAX_SHORT_MESSAGE:
        return Part(b"", (*tlvs, (TLV_MESSAGE_PAYLOAD, message)), udh)
    return Part(message, tlvs, udh)


def reference_of(submission: Submission) -> int:
    """The reference that joins the parts: the same at each try, so that a handset discards what it has already."""
    return (submission.request_id.int + submission.n) & 0xFFFF


def address_type(sender: str, ton: str, npi: str) -> tuple[int, int]:
    """TON and NPI of a sender (sms.md 3.18): 5/0 for names, 3/0 for short codes, 1/1 for international numbers."""
    digits = sender.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        auto = Ton.ALPHANUMERIC, Npi.UNKNOWN
    elif len(digits) <= SHORT_CODE_DIGITS and digits == sender:
        auto = Ton.NETWORK_SPECIFIC, Npi.UNKNOWN
    else:
        auto = Ton.INTERNATIONAL, Npi.ISDN
    return int(auto[0]) if ton == "auto" else int(ton), int(auto[1]) if npi == "auto" else int(npi)
