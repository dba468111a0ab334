"""Stripe Checkout: a hosted page takes the payment, a signed webhook tells of it.

Source: Stripe API reference, "Checkout Sessions" and "Webhook signatures" (header Stripe-Signature, scheme v1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

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
from strowger.platform.billing.payments.stripe import storing

TOLERANCE = 300  # seconds between a webhook's time stamp and now
ENDS = {
    "checkout.session.completed": PAID,
    "checkout.session.async_payment_succeeded": PAID,
    "checkout.session.async_payment_failed": FAILED,
    "checkout.session.expired": FAILED,
}


def _order(config: Config, order: Order) -> tuple[dict[str, str], bytes]:
    form = {
        "mode": "payment",
        "client_reference_id": order.reference,
        "metadata[reference]": order.reference,
        "success_url": order.return_url,
        "cancel_url": order.return_url,
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": order.currency.lower(),
        "line_items[0][price_data][unit_amount]": str(minor_units(order.total, order.currency)),
        "line_items[0][price_data][product_data][name]": order.description,
        **({"customer_email": order.email} if order.email else {}),
    }
    headers = {
        "Authorization": f"Bearer {config['secret_key']}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Idempotency-Key": order.reference,
    }
    return headers, urlencode(form).encode()


def _check(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    pairs = [part.partition("=") for part in headers.get("stripe-signature", "").split(",")]
    stamp = next((value for name, _, value in pairs if name.strip() == "t"), "")
    if not (stamp.isascii() and stamp.isdigit()) or abs(now.timestamp() - int(stamp[:12])) > TOLERANCE:
        raise BadWebhook("the time stamp is missing or too old")
    signed = stamp.encode() + b"." + body
    if not any(signature_fits(secret, signed, value) for name, _, value in pairs if name.strip() == "v1"):
        raise BadWebhook("the signature does not fit")


def _read(event: dict[str, Any]) -> tuple[str, dict[str, Any], tuple[str, str]] | None:
    status = ENDS.get(str(event.get("type")))
    data: Any = event.get("data")
    session = data.get("object") if isinstance(data, dict) else None
    if status is None or not isinstance(session, dict):
        return None
    if status == PAID and session.get("payment_status") != "paid":
        return None  # completed, but the money comes later
    return status, session, ("client_reference_id", "amount_total")


METHOD = with_storing(
    hosted(Hosted(
        "stripe", "Card (Stripe)", "Stripe", "https://api.stripe.com",
        (ConfigField("secret_key", "Secret key", secret=True, help="Begins with sk_ or rk_."),), "Begins with whsec_.",
        "/v1/checkout/sessions", "url", _order, _check, _read,
    )), storing.store, storing.describe, storing.charge, storing.read,
)  # fmt: skip
