"""The user data header in front of a short message (3GPP TS 23.040 section 9.2.3.24)."""

from dataclasses import dataclass
from typing import Final

IE_CONCAT_8BIT: Final = 0x00
IE_PORT_8BIT: Final = 0x04
IE_PORT_16BIT: Final = 0x05
IE_CONCAT_16BIT: Final = 0x08
ESM_CLASS_UDHI: Final = 0x40


@dataclass(frozen=True, slots=True)
class Concat:
    """Part `n` of `total` of the message with this reference (sections 9.2.3.24.1 and 9.2.3.24.8)."""

    ref: int
    total: int
    n: int


@dataclass(frozen=True, slots=True)
class Ports:
    """Application ports (sections 9.2.3.24.3 and 9.2.3.24.4)."""

    destination: int
    source: int


@dataclass(frozen=True, slots=True)
class Udh:
    """A user data header; `length` counts its octets with the length octet, 0 when there is no usable header."""

    ies: tuple[tuple[int, bytes], ...]
    concat: Concat | None
    ports: Ports | None
    length: int


NO_UDH: Final = Udh((), None, None, 0)


def udh_concat(ref: int, total: int, n: int) -> bytes:
    """Build the six-octet concatenation header with an 8-bit reference; the reference is taken modulo 256."""
    return bytes((5, IE_CONCAT_8BIT, 3, ref & 0xFF, total, n))


def udh_concat16(ref: int, total: int, n: int) -> bytes:
    """Build the seven-octet concatenation header with a 16-bit reference, taken modulo 65536."""
    return bytes((6, IE_CONCAT_16BIT, 4, ref >> 8 & 0xFF, ref & 0xFF, total, n))


def with_port(header: bytes, port: int, source: int = 0) -> bytes:
    """A header (empty for none) with the 16-bit application port to which the message is addressed, and that of the sender's
    own application (section 9.2.3.24.4).
    """
    elements = header[1:] + bytes((IE_PORT_16BIT, 4, port >> 8 & 0xFF, port & 0xFF, source >> 8 & 0xFF, source & 0xFF))
    return bytes((len(elements),)) + elements


def parse_udh(user_data: bytes) -> Udh:
    """Read the header at the start of user data.

    Never raises: a header that claims more octets than there are is no header (`length` 0), and reading stops at an
    information element that does not fit. Of a repeated element the last one counts (section 9.2.3.24).
    """
    if not user_data or user_data[0] >= len(user_data):
        return NO_UDH
    end = user_data[0] + 1
    ies: list[tuple[int, bytes]] = []
    concat: Concat | None = None
    ports: Ports | None = None
    position = 1
    while position + 2 <= end:
        identifier, size = user_data[position], user_data[position + 1]
        value = user_data[position + 2 : position + 2 + size]
        position += 2 + size
        if position > end:
            break
        ies.append((identifier, value))
        concat = _concat(identifier, value) or concat
        ports = _ports(identifier, value) or ports
    return Udh(tuple(ies), concat, ports, end)


def split_user_data(short_message: bytes, esm_class: int) -> tuple[Udh | None, bytes]:
    """Divide user data into header and payload; there is a header only when the UDHI bit 0x40 is set."""
    if not esm_class & ESM_CLASS_UDHI:
        return None, short_message
    udh = parse_udh(short_message)
    return (udh, short_message[udh.length :]) if udh.length else (None, short_message)


def _concat(identifier: int, value: bytes) -> Concat | None:
    if identifier == IE_CONCAT_8BIT and len(value) == 3:
        ref, total, n = value
    elif identifier == IE_CONCAT_16BIT and len(value) == 4:
        ref, total, n = value[0] << 8 | value[1], value[2], value[3]
    else:
        return None
    return Concat(ref, total, n) if 1 <= n <= total else None


def _ports(identifier: int, value: bytes) -> Ports | None:
    if identifier == IE_PORT_8BIT and len(value) == 2:
        return Ports(value[0], value[1])
    if identifier == IE_PORT_16BIT and len(value) == 4:
        return Ports(value[0] << 8 | value[1], value[2] << 8 | value[3])
    return None
