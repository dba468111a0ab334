"""What a payment plug-in is: its name and configuration, how a payment begins, and how its word is read."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from strowger.foundation.http_client import GuardedClient, HttpAnswer, OutgoingError

ZERO_DECIMALS = frozenset({"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
                           "XOF", "XPF"})  # fmt: skip
MAX_ANSWER, SECONDS = 100_000, 20.0
PAID, FAILED = "paid", "failed"


class PaymentFailed(Exception):
    """The payment service cannot be reached or refused; the text is for people.

    ``final``: it has said no. Otherwise nobody knows whether it took the money.
    """

    def __init__(self, text: str, final: bool = True) -> None:
        super().__init__(text)
        self.final = final


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
    """What the payment service says of a payment; ``total`` and ``currency`` are what was paid.

    ``stored``: it says that a payment method was stored, and how it is called there.
    """

    provider_id: str
    reference: str
    status: str
    total: Decimal | None = None
    currency: str = ""
    stored: Mapping[str, str] | None = None


Config = Mapping[str, str]
Start = Callable[[GuardedClient, Config, Order], Awaitable[Started]]
Stored = Mapping[str, str]
Charge = Callable[[GuardedClient, Config, Stored, Order], Awaitable[Started]]
Describe = Callable[[GuardedClient, Config, Stored], Awaitable[tuple[Stored, str]]]
ReadWebhook = Callable[[Config, Mapping[str, str], bytes, datetime], Word | None]


@dataclass(frozen=True, slots=True)
class MethodKind:
    """A payment plug-in. ``read_webhook`` gives None for events that do not concern a recharge; raises BadWebhook.

    Those that can be charged without the customer have ``store`` (begins storing a payment method), ``describe`` (what was
    stored, complete, and in words) and ``charge`` (the payment has begun; its end comes by webhook).
    """

    name: str
    label: str
    text: str
    start: Start
    fields: tuple[ConfigField, ...] = ()
    read_webhook: ReadWebhook | None = None
    order: int = 10
    store: Start | None = None
    describe: Describe | None = None
    charge: Charge | None = None


class Hosted(NamedTuple):
    """What sets one service with a page of its own apart from others (see ``hosted``).

    ``api`` is its address, ``keys`` its own fields besides the webhook's secret (``webhook_help`` says of that). ``path`` and
    ``page`` are where a payment begins and which field of the answer holds the page; ``order`` gives headers and body of that
    request. ``check`` raises BadWebhook for a message that the service has not signed; ``read`` finds the payment in its event.
    """

    name: str
    label: str
    company: str
    api: str
    keys: tuple[ConfigField, ...]
    webhook_help: str
    path: str
    page: str
    order: Callable[[Config, Order], tuple[dict[str, str], bytes]]
    check: Callable[[str, Mapping[str, str], bytes, datetime], None]
    read: Callable[[dict[str, Any]], tuple[str, dict[str, Any], tuple[str, str]] | None]


def hosted(service: Hosted) -> MethodKind:
    """A plug-in of a service that takes the payment on a page of its own and tells of it by a signed webhook."""

    async def start(client: GuardedClient, config: Config, order: Order) -> Started:
        headers, body = service.order(config, order)
        base = (config.get("base_url") or service.api).rstrip("/")
        found = await ask(client, base + service.path, headers, body)
        payment, url = found.get("id"), found.get(service.page)
        if not isinstance(payment, str) or not isinstance(url, str):
            raise PaymentFailed("The payment service gave no page to pay on.")
        return Started(payment, url)

    def read_webhook(config: Config, headers: Mapping[str, str], body: bytes, now: datetime) -> Word | None:
        service.check(config.get("webhook_secret", ""), headers, body, now)
        found = service.read(read_object(body))
        if found is None:
            return None
        status, entity, (reference, amount) = found
        total, currency = entity.get(amount), str(entity.get("currency") or "").upper()
        paid = major_units(total, currency) if isinstance(total, int) else None
        return Word(str(entity.get("id")), str(entity.get(reference)), status, paid, currency)

    return MethodKind(
        service.name,
        service.label,
        f"You pay on {service.company}'s page; the credit is there as soon as the payment is through.",
        start,
        (
            *service.keys,
            ConfigField("webhook_secret", "Secret of the webhook", secret=True, help=service.webhook_help),
            ConfigField("base_url", "API address", required=False, default=service.api),
        ),
        read_webhook,
    )


Read = Callable[[dict[str, Any]], Word | None]


def with_storing(kind: MethodKind, store: Start, describe: Describe, charge: Charge, read: Read) -> MethodKind:
    """The plug-in, which besides stores payment methods and charges them; ``read`` is for events of those."""
    hosted_webhook = kind.read_webhook
    assert hosted_webhook is not None

    def read_webhook(config: Config, headers: Mapping[str, str], body: bytes, now: datetime) -> Word | None:
        word = hosted_webhook(config, headers, body, now)  # checks the signature
        return word if word is not None else read(read_object(body))

    return replace(kind, read_webhook=read_webhook, store=store, describe=describe, charge=charge)


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


async def ask(client: GuardedClient, url: str, headers: Mapping[str, str], body: bytes | None = None) -> dict[str, Any]:
    """Post to a payment service, or get without a body; its answer as an object. Raises PaymentFailed."""
    try:
        answer: HttpAnswer = await client.request(
            "GET" if body is None else "POST", url, headers=headers, body=body, timeout=SECONDS, max_response=MAX_ANSWER
        )
        found = msgspec.json.decode(answer.body)
    except (OutgoingError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        silence = "The payment service does not answer. Try again, or choose another method."
        raise PaymentFailed(silence, final=False) from problem
    if answer.status >= 300 or not isinstance(found, dict):
        error = found.get("error") if isinstance(found, dict) else None
        words = (error.get("message") or error.get("description")) if isinstance(error, dict) else None
        refused = f"The payment service refused: {str(words or answer.status)[:200]}"
        raise PaymentFailed(refused, final=400 <= answer.status < 500)
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
