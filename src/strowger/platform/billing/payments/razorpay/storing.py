"""Cards that Razorpay has stored: registration links, recurring payments, and what the webhooks say of them.

Source: Razorpay API reference, "Recurring Payments" (registration links, cards) and "Webhook payloads".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

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

VERIFIED_BY = Decimal(1)  # the least that a card is verified with
PAYMENTS = {"payment.captured": PAID, "payment.failed": FAILED}


async def _post(client: GuardedClient, config: Config, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    login = base64.b64encode(f"{config['key_id']}:{config['key_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    base = (config.get("base_url") or "https://api.razorpay.com").rstrip("/")
    return await ask(client, f"{base}/v1/{path}", headers, msgspec.json.encode(body))


async def store(client: GuardedClient, config: Config, order: Order) -> Started:
    """A registration link: the customer pays one unit of the currency and allows payments up to ``order.total``."""
    body = {
        "customer": {"name": order.description[:50], "email": order.email},
        "type": "link",
        "amount": minor_units(VERIFIED_BY, order.currency),
        "currency": order.currency,
        "description": order.description,
        "subscription_registration": {"method": "card", "max_amount": minor_units(order.total, order.currency)},
        "receipt": order.reference,
        "notes": {"setup": order.reference},
    }
    found = await _post(client, config, "subscription_registration/auth_links", body)
    link, url = found.get("id"), found.get("short_url")
    if not isinstance(link, str) or not isinstance(url, str):
        raise PaymentFailed("The payment service gave no page to store a card on.")
    return Started(link, url)


async def describe(_client: GuardedClient, _config: Config, stored: Stored) -> tuple[Stored, str]:
    """The webhook has told everything."""
    return dict(stored), f"Card ending in {stored['last4']}" if stored.get("last4") else "Card"


async def charge(client: GuardedClient, config: Config, stored: Stored, order: Order) -> Started:
    """An order, and a recurring payment of it; the end comes by webhook."""
    amount, notes = minor_units(order.total, order.currency), {"reference": order.reference}
    made = await _post(
        client, config, "orders",
        {"amount": amount, "currency": order.currency, "payment_capture": True, "receipt": order.reference, "notes": notes},
    )  # fmt: skip
    body = {
        "email": order.email, "contact": stored.get("contact", ""), "amount": amount, "currency": order.currency,
        "order_id": made.get("id"), "customer_id": stored["customer"], "token": stored["token"], "recurring": "1",
        "description": order.description, "notes": notes,
    }  # fmt: skip
    found = await _post(client, config, "payments/create/recurring", body)
    payment = found.get("razorpay_payment_id")
    if not isinstance(payment, str):
        raise PaymentFailed("The payment service named no payment.", final=False)
    return Started(payment)


def _entity(payload: Any, name: str) -> dict[str, Any] | None:
    part = payload.get(name) if isinstance(payload, dict) else None
    found = part.get("entity") if isinstance(part, dict) else None
    return found if isinstance(found, dict) else None


def _stored_word(payload: Any) -> Word | None:
    """A registration link was paid: the token with which further payments are made."""
    invoice, payment = _entity(payload, "invoice"), _entity(payload, "payment")
    if invoice is None or payment is None or not payment.get("token_id"):
        return None
    card: Any = payment.get("card")
    names = {
        "customer": str(payment.get("customer_id") or ""), "token": str(payment["token_id"]),
        "contact": str(payment.get("contact") or ""), "last4": str(card.get("last4") or "") if isinstance(card, dict) else "",
    }  # fmt: skip
    return Word(str(invoice.get("id")), str(invoice.get("receipt")), PAID, stored=names)


def _payment_word(payload: Any, status: str) -> Word | None:
    """A payment that carries our reference was captured or has failed."""
    payment = _entity(payload, "payment")
    notes: Any = payment.get("notes") if payment else None
    reference = notes.get("reference") if isinstance(notes, dict) else None
    if payment is None or not isinstance(reference, str):
        return None
    total, currency = payment.get("amount"), str(payment.get("currency") or "").upper()
    paid = major_units(total, currency) if isinstance(total, int) else None
    return Word(str(payment.get("id")), reference, status, paid, currency)


def read(event: dict[str, Any]) -> Word | None:
    """What an event says of a stored card or of a payment by one."""
    kind, payload = str(event.get("event")), event.get("payload")
    if kind == "invoice.paid":
        return _stored_word(payload)
    return _payment_word(payload, PAYMENTS[kind]) if kind in PAYMENTS else None
