"""Signatures of reports: an HMAC over what the configuration says, and the time within it that ends a replay."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strowger.foundation.errors import StrowgerError

if TYPE_CHECKING:
    from strowger.channels.sms.carriers.http.config import HttpConfig
    from strowger.channels.sms.carriers.schemas import Delivery

PARTS = ("body", "timestamp", "id", "url")
STANDARD = "whsec_"  # how secrets of Standard Webhooks begin; what follows is base64
MILLISECONDS_FROM = 100_000_000_000  # a time of this many seconds would be in the year 5138
LARGEST = 100_000_000_000_000
_PART = re.compile(r"\{\{\s*([A-Za-z_]*)\s*\}\}")


def check_signing(config: HttpConfig) -> None:
    """Check the fields that belong together. Raises ValueError naming the one at fault."""
    names = _PART.findall(config.hook_signed)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise ValueError(f"field `hook_signed` names {unknown[0] or 'nothing'}; there are {', '.join(PARTS)}")
    if "body" not in names:
        raise ValueError("field `hook_signed` must name {{body}}: what is not signed can be changed on the way")
    for part, field in (("timestamp", "hook_timestamp"), ("id", "hook_id")):
        header = getattr(config, field)
        if part in names and not header:
            raise ValueError(f"field `{field}` must name the header that holds the {part}, since hook_signed names it")
        if header and part not in names:
            raise ValueError(f"field `hook_signed` must name {{{{{part}}}}}, or anybody can change it")
    for field in ("hook_signature", "hook_timestamp", "hook_id"):
        name = getattr(config, field)
        if name and not re.fullmatch(r"[A-Za-z0-9-]+", name):
            raise ValueError(f"field `{field}` must be the name of a header")


def _refused(reason: str) -> StrowgerError:
    return StrowgerError("HOOK", reason, status=401)


def _keys(secret: str) -> list[bytes]:
    """The keys of a stored secret: several while it is being changed. Those of Standard Webhooks are base64."""
    found = []
    for word in secret.split():
        try:
            found.append(
                base64.b64decode(word.removeprefix(STANDARD), validate=True)
                if word.startswith(STANDARD)
                else word.encode()
            )
        except ValueError:
            found.append(word.encode())
    return found


def _time(text: str) -> datetime:
    """Seconds or milliseconds since 1970, or ISO 8601 with a zone."""
    if text.isascii() and text.isdecimal() and int(text) < LARGEST:
        seconds = int(text) / 1000 if int(text) >= MILLISECONDS_FROM else int(text)
        return datetime.fromtimestamp(seconds, UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _refused("the time of the report cannot be read") from None
    if found.tzinfo is None:
        raise _refused("the time of the report names no zone")
    return found


class Signature:
    """Checks the signatures of one carrier's reports."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self.on = bool(config.hook_signature)
        names = _PART.split(config.hook_signed)
        self._texts, self._names = [text.encode() for text in names[::2]], names[1::2]

    def check(self, delivery: Delivery, secret: str | None, now: datetime) -> Mapping[str, str]:
        """The fields of the query that may be believed: all, or with a signature those that it covers.

        Raises StrowgerError HOOK (401) when the signature does not fit or its time is too far from ours.
        """
        if not self.on:
            return delivery.fields
        if not secret:
            raise _refused("reports must be signed, and no signing secret is set here")
        given = self._given(delivery.headers.get(self._config.hook_signature.lower(), ""))
        if not given:
            raise _refused(f"the header {self._config.hook_signature} is missing")
        signed = self._signed(delivery)
        fits = [hmac.compare_digest(self._mac(key, signed), one) for key in _keys(secret) for one in given]
        if not any(fits):
            raise _refused("the signature does not fit")
        if self._config.hook_timestamp:
            age = abs(now - _time(delivery.headers.get(self._config.hook_timestamp.lower(), "")))
            if age > timedelta(seconds=self._config.hook_tolerance):
                raise _refused("the report is too old, or one of our clocks is wrong")
        return delivery.fields if "url" in self._names else {}

    def _given(self, header: str) -> list[bytes]:
        """The signatures in a header: one, or several by spaces or commas, each after the prefix."""
        prefix, found = self._config.hook_prefix, []
        for word in header.split() if "," in prefix else header.replace(",", " ").split():
            if word.startswith(prefix) and (one := self._decoded(word[len(prefix) :])):
                found.append(one)
        return found

    def _decoded(self, text: str) -> bytes:
        try:
            return bytes.fromhex(text) if self._config.hook_encoding == "hex" else base64.b64decode(text, validate=True)
        except ValueError:
            return b""

    def _signed(self, delivery: Delivery) -> bytes:
        values = {"body": delivery.body, "url": delivery.url.encode()}
        for part, header in (("timestamp", self._config.hook_timestamp), ("id", self._config.hook_id)):
            values[part] = delivery.headers.get(header.lower(), "").encode("latin-1", "replace") if header else b""
        filled = [values[name] for name in self._names] + [b""]
        return b"".join(text + value for text, value in zip(self._texts, filled, strict=True))

    def _mac(self, key: bytes, signed: bytes) -> bytes:
        return hmac.new(key, signed, getattr(hashlib, self._config.hook_algorithm)).digest()
