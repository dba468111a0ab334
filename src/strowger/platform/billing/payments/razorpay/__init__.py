"""Razorpay payment links: a hosted page takes the payment, a signed webhook tells of it.

Source: Razorpay API reference, "Payment Links" and "Validate and test webhooks" (header X-Razorpay-Signature).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from strowger.platform.billing.payments.kind import (
    FAILED,
    PAID,
    BadWebhook,
    Config,
    ConfigField,
    Hosted,
    Order,
    hosted,
    minor_units,
    signature_fits,
    with_storing,
)
from strowger.platform.billing.payments.razorpay import storing

ENDS = {"payment_link.paid": PAID, "payment_link.cancelled": FAILED, "payment_link.expired": FAILED}


def _order(config: Config, order: Order) -> tuple[dict[str, str], bytes]:
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
    return {"Authorization": f"Basic {login}", "Content-Type": "application/json"}, msgspec.json.encode(body)


def _check(secret: str, headers: Mapping[str, str], body: bytes, _now: datetime) -> None:
    if not signature_fits(secret, body, headers.get("x-razorpay-signature", "")):
        raise BadWebhook("the signature does not fit")


def _read(event: dict[str, Any]) -> tuple[str, dict[str, Any], tuple[str, str]] | None:
    status = ENDS.get(str(event.get("event")))
    payload: Any = event.get("payload")
    link = payload.get("payment_link") if isinstance(payload, dict) else None
    entity = link.get("entity") if isinstance(link, dict) else None
    if status is None or not isinstance(entity, dict):
        return None
    return status, entity, ("reference_id", "amount_paid")


METHOD = with_storing(
    hosted(Hosted(
        "razorpay", "UPI, card or net banking (Razorpay)", "Razorpay", "https://api.razorpay.com",
        (ConfigField("key_id", "Key id"), ConfigField("key_secret", "Key secret", secret=True)), "",
        "/v1/payment_links", "short_url", _order, _check, _read,
    )), storing.store, storing.describe, storing.charge, storing.read,
)  # fmt: skip
