"""Cards that Stripe has stored: storing one, charging it without the customer, and what the webhooks say of that.

Source: Stripe API reference, "Checkout Sessions" (mode setup), "Setup Intents" and "Payment Intents" (off_session).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from strowger.foundation.http_client import GuardedClient
from strowger.platform.billing.payments.kind import (
    FAILED,
    PAID,
    Config,
    Order,
    PaymentFailed,
    Started,
    Stored,
    Word,
    ask,
    major_units,
    minor_units,
)

INTENTS = {"payment_intent.succeeded": PAID, "payment_intent.payment_failed": FAILED}


def _headers(config: Config, key: str = "") -> dict[str, str]:
    """``key`` makes a repeated request harmless."""
    headers = {
        "Authorization": f"Bearer {config['secret_key']}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return {**headers, "Idempotency-Key": key} if key else headers


def _base(config: Config) -> str:
    return (config.get("base_url") or "https://api.stripe.com").rstrip("/")


async def store(client: GuardedClient, config: Config, order: Order) -> Started:
    """A hosted page in setup mode: the customer leaves a card, nothing is paid."""
    form = {
        "mode": "setup",
        "customer_creation": "always",
        "currency": order.currency.lower(),
        "client_reference_id": order.reference,
        "metadata[reference]": order.reference,
        "success_url": order.return_url,
        "cancel_url": order.return_url,
        **({"customer_email": order.email} if order.email else {}),
    }
    url = f"{_base(config)}/v1/checkout/sessions"
    found = await ask(client, url, _headers(config, order.reference), urlencode(form).encode())
    session, page = found.get("id"), found.get("url")
    if not isinstance(session, str) or not isinstance(page, str):
        raise PaymentFailed("The payment service gave no page to store a card on.")
    return Started(session, page)


async def describe(client: GuardedClient, config: Config, stored: Stored) -> tuple[Stored, str]:
    """The card that a setup intent has stored."""
    intent = quote(stored["setup_intent"], safe="")
    found = await ask(client, f"{_base(config)}/v1/setup_intents/{intent}?expand[]=payment_method", _headers(config))
    method = found.get("payment_method")
    if not isinstance(method, dict) or not isinstance(method.get("id"), str):
        raise PaymentFailed("The payment service stored no card.")
    card: Any = method.get("card")
    words = (
        f"{str(card.get('brand', 'card')).capitalize()} ending in {card.get('last4', '')}"
        if isinstance(card, dict)
        else "Card"
    )
    return {"customer": stored["customer"], "payment_method": method["id"]}, words[:60]


async def charge(client: GuardedClient, config: Config, stored: Stored, order: Order) -> Started:
    """Take money from the stored card; the end comes by webhook."""
    form = {
        "amount": str(minor_units(order.total, order.currency)),
        "currency": order.currency.lower(),
        "customer": stored["customer"],
        "payment_method": stored["payment_method"],
        "off_session": "true",
        "confirm": "true",
        "description": order.description,
        "metadata[reference]": order.reference,
    }
    url = f"{_base(config)}/v1/payment_intents"
    found = await ask(client, url, _headers(config, order.reference), urlencode(form).encode())
    intent = found.get("id")
    if not isinstance(intent, str):
        raise PaymentFailed("The payment service named no payment.", final=False)
    if found.get("status") not in ("succeeded", "processing"):
        raise PaymentFailed("The bank wants the customer to confirm the payment.")
    return Started(intent)


def _intent_word(intent: dict[str, Any], status: str) -> Word | None:
    """Of payments without a page: those that carry our reference."""
    metadata: Any = intent.get("metadata")
    reference = metadata.get("reference") if isinstance(metadata, dict) else None
    if not isinstance(reference, str):
        return None
    total, currency = intent.get("amount_received"), str(intent.get("currency") or "").upper()
    paid = major_units(total, currency) if isinstance(total, int) else None
    return Word(str(intent.get("id")), reference, status, paid, currency)


def read(event: dict[str, Any]) -> Word | None:
    """What an event says of a stored card or of a payment by one."""
    kind, data = str(event.get("type")), event.get("data")
    thing: Any = data.get("object") if isinstance(data, dict) else None
    if not isinstance(thing, dict):
        return None
    if kind in INTENTS:
        return _intent_word(thing, INTENTS[kind])
    if kind != "checkout.session.completed" or thing.get("mode") != "setup":
        return None
    names = {name: str(thing.get(name) or "") for name in ("customer", "setup_intent")}
    return Word(str(thing.get("id")), str(thing.get("client_reference_id")), PAID, stored=names)
