"""What a payment plug-in is: its name and configuration, how a payment begins, and how its word is read."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any

import msgspec

from strowger.foundation.http_client import GuardedClient, HttpAnswer, OutgoingError

ZERO_DECIMALS = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                           "XOF", "XPF"})  # fmt: skip
MAX_ANSWER, SECONDS = 100_000, 20.0
PAID, FAILED = "paid", "failed"


class PaymentFailed(Exception):
    """The payment service cannot be reached or refused; the text is for people."""


class BadWebhook(Exception):
    """A message that does not come from the payment service, or cannot be read."""


@dataclass(frozen=True, slots=True)
class ConfigField:
    """One field of a plug-in's configuration; secret ones are sealed and never shown again."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A payment to begin. ``total`` in major units of ``currency``."""

    reference: str
    total: Decimal
    currency: str
    description: str
    email: str
    return_url: str


@dataclass(frozen=True, slots=True)
class Started:
    """A payment that has begun: the service's id of it, and where the customer pays (empty: nowhere)."""

    provider_id: str | None
    pay_url: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What the payment service says of a payment; ``total`` and ``currency`` are what was paid."""

    provider_id: str
    reference: str
    status: str
    total: Decimal | None = None
    currency: str = ""


Config = Mapping[str, str]
Start = Callable[[GuardedClient, Config, Order], Awaitable[Started]]
ReadWebhook = Callable[[Config, Mapping[str, str], bytes, datetime], Word | None]


@dataclass(frozen=True, slots=True)
class MethodKind:
    """A payment plug-in. ``read_webhook`` gives None for events that do not concern a recharge; raises BadWebhook."""

    name: str
    label: str
    text: str
    start: Start
    fields: tuple[ConfigField, ...] = ()
    read_webhook: ReadWebhook | None = None
    order: int = 10


def minor_units(amount: Decimal, currency: str) -> int:
    """An amount in the smallest unit of its currency, as payment services count."""
    factor = 1 if currency in ZERO_DECIMALS else 100
    return int((amount * factor).quantize(Decimal(1), ROUND_HALF_UP))


def major_units(amount: int, currency: str) -> Decimal:
    """What ``minor_units`` has made of an amount."""
    return Decimal(amount) / (1 if currency.upper() in ZERO_DECIMALS else 100)


def signature_fits(secret: str, signed: bytes, given: str) -> bool:
    """Whether a hexadecimal HMAC-SHA256 is that of what was signed; compared in constant time."""
    wanted = hmac.new(secret.encode(), signed, sha256).hexdigest()
    return bool(secret) and hmac.compare_digest(wanted.encode(), given.strip().encode("utf-8", "replace"))


async def ask(client: GuardedClient, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Post to a payment service; its answer as an object. Raises PaymentFailed."""
    try:
        answer: HttpAnswer = await client.request(
            "POST", url, headers=headers, body=body, timeout=SECONDS, max_response=MAX_ANSWER
        )
        found = msgspec.json.decode(answer.body)
    except (OutgoingError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise PaymentFailed("The payment service does not answer. Try again, or choose another method.") from problem
    if answer.status >= 300 or not isinstance(found, dict):
        error = found.get("error") if isinstance(found, dict) else None
        words = (error.get("message") or error.get("description")) if isinstance(error, dict) else None
        raise PaymentFailed(f"The payment service refused: {str(words or answer.status)[:200]}")
    return found


def read_object(body: bytes) -> dict[str, Any]:
    """A webhook's body. Raises BadWebhook."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadWebhook("no JSON") from problem
    if not isinstance(found, dict):
        raise BadWebhook("no object")
    return found
