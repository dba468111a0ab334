"""Identifiers: time-ordered UUIDs (RFC 9562, version 7), SIDs, API keys and tokens."""

from __future__ import annotations

import os
import re
import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

_MESSAGE_ID = re.compile(
    r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?::(\d{1,5}))?", re.IGNORECASE
)
_last_ms = 0
_counter = 0


def new_uuid() -> UUID:
    """A version 7 UUID: 48 bits of milliseconds, a 12-bit counter within the millisecond, 62 random bits.

    Ids made by one process sort in the order in which they were made.
    """
    global _last_ms, _counter
    now = time.time_ns() // 1_000_000
    if now > _last_ms:
        _last_ms, _counter = now, 0
    else:
        _counter += 1
        if _counter > 0xFFF:
            _last_ms, _counter = _last_ms + 1, 0
    rest = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(_last_ms << 80) | (0x7 << 76) | (_counter << 64) | (0b10 << 62) | rest)


def is_row_id(text: str) -> bool:
    """Whether a text is the number of a row: ASCII digits that fit into a bigint."""
    return text.isascii() and text.isdigit() and len(text) < 19


def uuid_floor(moment: datetime) -> UUID:
    """The smallest version 7 UUID of a moment: a bound for ranges and partitions."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def uuid_time(value: UUID) -> datetime:
    """When a version 7 UUID was made."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def format_message_id(request_id: UUID, n: int) -> str:
    """The public id of a message, ``<request uuid>:<n>`` (sms.md 2.4)."""
    return f"{request_id}:{n}"


def parse_message_id(text: str) -> tuple[UUID, int | None] | None:
    """Read ``<uuid>:<n>`` or a bare ``<uuid>`` (n is None: every message of the request); None if it is neither."""
    found = _MESSAGE_ID.fullmatch(text.strip())
    if not found:
        return None
    n = int(found[2]) if found[2] else None
    return None if n is not None and not 0 < n <= 32767 else (UUID(found[1]), n)


def new_sid(pod: str, country: str) -> str:
    """An account SID: HX, pod, ten digits, ISO country (platform.md 2.1)."""
    return f"HX{pod.upper()}{secrets.randbelow(10**10):010d}{country.upper()}"


def new_api_key() -> str:
    """An API key: A and 32 hex digits (platform.md 2.1)."""
    return "A" + secrets.token_hex(16)


def new_token() -> str:
    """A token of 256 random bits for sessions and links."""
    return secrets.token_urlsafe(32)
