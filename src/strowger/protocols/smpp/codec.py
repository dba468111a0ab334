"""Octets to commands and back, driven by the layouts (SMPP 3.4 section 3.2).

`build_pdu` and `parse_pdu` are inverse. Reading is lenient where the field is: an answer may have no body at all, a
command without parameters may carry octets that nobody asked for, and unknown optional parameters are kept.
"""

import struct
from typing import Any, Final

from strowger.protocols.smpp.constants import HEADER_SIZE, RESPONSE_BIT
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.layout import LAYOUTS, PDU_CLASSES, Field, Layout
from strowger.protocols.smpp.pdu import KnownPdu, Pdu, UnknownPdu
from strowger.protocols.smpp.status import ESME_RINVCMDLEN, ESME_RINVPARLEN
from strowger.protocols.smpp.tlv import build_tlvs, parse_tlvs

HEADER: Final = struct.Struct(">IIII")


def header(frame: bytes) -> tuple[int, int, int, int]:
    """Give command_length, command_id, command_status and sequence_number without looking at the body."""
    if len(frame) < HEADER_SIZE:
        raise SmppError("shorter than a header", ESME_RINVCMDLEN)
    return HEADER.unpack_from(frame)


def parse_pdu(frame: bytes) -> Pdu:
    """Read one whole frame; raises `SmppError` and nothing else."""
    length, command_id, command_status, sequence = header(frame)
    if length != len(frame):
        raise SmppError(f"command_length is {length}, the frame has {len(frame)}", ESME_RINVCMDLEN, sequence)
    cls = PDU_CLASSES.get(command_id)
    if cls is None:
        return UnknownPdu(sequence, command_status, command_id, frame[HEADER_SIZE:])
    if length == HEADER_SIZE and command_id & RESPONSE_BIT:
        return cls(sequence, command_status)
    layout = LAYOUTS[cls]
    values: list[Any] = [sequence, command_status]
    position = HEADER_SIZE
    for field in layout.fields:
        value, position = _READERS[field.kind](frame, position, field, sequence)
        values.append(value)
    if layout.tlvs:
        values.append(parse_tlvs(frame, position, sequence))
    return cls(*values)


def build_pdu(pdu: Pdu) -> bytes:
    """Write one frame; raises `SmppError` when a value does not fit its field."""
    if isinstance(pdu, UnknownPdu):
        body = pdu.body
    else:
        body = _body(pdu, LAYOUTS[type(pdu)])
    sequence = pdu.sequence_number
    try:
        return HEADER.pack(HEADER_SIZE + len(body), pdu.command_id, pdu.command_status, sequence) + body
    except struct.error:
        raise SmppError("header value out of range", ESME_RINVPARLEN, field="header") from None


def _body(pdu: KnownPdu, layout: Layout) -> bytes:
    if pdu.command_status and not layout.error_body and pdu == type(pdu)(pdu.sequence_number, pdu.command_status):
        return b""
    out = [_WRITERS[field.kind](getattr(pdu, field.name), field, pdu.sequence_number) for field in layout.fields]
    if layout.tlvs:
        out.append(build_tlvs(pdu.tlvs, pdu.sequence_number))  # type: ignore[attr-defined]
    return b"".join(out)


def _read_text(frame: bytes, position: int, field: Field, sequence: int) -> tuple[str, int]:
    end = frame.find(0, position, position + field.limit)
    if end < 0:
        if len(frame) < position + field.limit:
            raise SmppError("terminator missing", ESME_RINVCMDLEN, sequence, field=field.name, position=position)
        raise SmppError(f"longer than {field.limit - 1}", field.status, sequence, field=field.name, position=position)
    return frame[position:end].decode("latin-1"), end + 1


def _read_octet(frame: bytes, position: int, field: Field, sequence: int) -> tuple[int, int]:
    if position >= len(frame):
        raise SmppError("frame ends", ESME_RINVCMDLEN, sequence, field=field.name, position=position)
    return frame[position], position + 1


def _read_message(frame: bytes, position: int, field: Field, sequence: int) -> tuple[bytes, int]:
    size, position = _read_octet(frame, position, field, sequence)
    if size > field.limit or position + size > len(frame):
        raise SmppError(f"sm_length {size}", field.status, sequence, field=field.name, position=position - 1)
    return frame[position : position + size], position + size


def _write_text(value: str, field: Field, sequence: int) -> bytes:
    try:
        octets = value.encode("latin-1")
    except UnicodeEncodeError:
        raise SmppError("not an octet string", field.status, sequence, field=field.name) from None
    if len(octets) >= field.limit or 0 in octets:
        raise SmppError(f"longer than {field.limit - 1} or with NUL", field.status, sequence, field=field.name)
    return octets + b"\0"


def _write_octet(value: int, field: Field, sequence: int) -> bytes:
    if not 0 <= value <= 0xFF:
        raise SmppError(f"{value} is not an octet", field.status, sequence, field=field.name)
    return bytes((value,))


def _write_message(value: bytes, field: Field, sequence: int) -> bytes:
    if len(value) > field.limit:
        raise SmppError(f"longer than {field.limit}", field.status, sequence, field=field.name)
    return bytes((len(value),)) + value


_READERS: Final[dict[str, Any]] = {"text": _read_text, "octet": _read_octet, "message": _read_message}
_WRITERS: Final[dict[str, Any]] = {"text": _write_text, "octet": _write_octet, "message": _write_message}
