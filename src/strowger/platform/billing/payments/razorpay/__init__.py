"""Razorpay payment links: a hosted page takes the payment, a signed webhook tells of it.

Source: Razorpay API reference, "Payment Links" and "Validate and test webhooks" (header X-Razorpay-Signature).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from strowger.foundation.http_client import GuardedClient
from strowger.platform.billing.payments.kind import (
    FAILED,
    PAID,
    BadWebhook,
    Config,
    ConfigField,
    MethodKind,
    Order,
    PaymentFailed,
    Started,
    Word,
    ask,
    major_units,
    minor_units,
    read_object,
    signature_fits,
)

ENDS = {"payment_link.paid": PAID, "payment_link.cancelled": FAILED, "payment_link.expired": FAILED}


async def _start(client: GuardedClient, config: Config, order: Order) -> Started:
    body = {
        "amount": minor_units(order.total, order.currency),
        "currency": order.currency,
        "reference_id": order.reference,
        "description": order.description,
        "callback_url": order.return_url,
        "callback_method": "get",
        **({"customer": {"email": order.email}} if order.email else {}),
    }
    login = base64.b64encode(f"{config['key_id']}:{config['key_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    base = (config.get("base_url") or "https://api.razorpay.com").rstrip("/")
    found = await ask(client, f"{base}/v1/payment_links", headers, msgspec.json.encode(body))
    link, url = found.get("id"), found.get("short_url")
    if not isinstance(link, str) or not isinstance(url, str):
        raise PaymentFailed("The payment service gave no page to pay on.")
    return Started(link, url)


def _read_webhook(config: Config, headers: Mapping[str, str], body: bytes, _now: datetime) -> Word | None:
    if not signature_fits(config.get("webhook_secret", ""), body, headers.get("x-razorpay-signature", "")):
        raise BadWebhook("the signature does not fit")
    event = read_object(body)
    status = ENDS.get(str(event.get("event")))
    payload: Any = event.get("payload")
    link = payload.get("payment_link") if isinstance(payload, dict) else None
    entity = link.get("entity") if isinstance(link, dict) else None
    if status is None or not isinstance(entity, dict):
        return None
    total, currency = entity.get("amount_paid"), str(entity.get("currency") or "").upper()
    paid = major_units(total, currency) if isinstance(total, int) else None
    return Word(str(entity.get("id")), str(entity.get("reference_id")), status, paid, currency)


METHOD = MethodKind(
    "razorpay",
    "UPI, card or net banking (Razorpay)",
    "You pay on Razorpay's page; the credit is there as soon as the payment is through.",
    _start,
    (
        ConfigField("key_id", "Key id"),
        ConfigField("key_secret", "Key secret", secret=True),
        ConfigField("webhook_secret", "Secret of the webhook", secret=True),
        ConfigField("base_url", "API address", required=False, default="https://api.razorpay.com"),
    ),
    _read_webhook,
)
