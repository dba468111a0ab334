"""Stripe Checkout: a hosted page takes the payment, a signed webhook tells of it.

Source: Stripe API reference, "Checkout Sessions" and "Webhook signatures" (header Stripe-Signature, scheme v1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

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

TOLERANCE = 300  # seconds between a webhook's time stamp and now
ENDS = {
    "checkout.session.completed": PAID,
    "checkout.session.async_payment_succeeded": PAID,
    "checkout.session.async_payment_failed": FAILED,
    "checkout.session.expired": FAILED,
}


async def _start(client: GuardedClient, config: Config, order: Order) -> Started:
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
    base = (config.get("base_url") or "https://api.stripe.com").rstrip("/")
    found = await ask(client, f"{base}/v1/checkout/sessions", headers, urlencode(form).encode())
    session, url = found.get("id"), found.get("url")
    if not isinstance(session, str) or not isinstance(url, str):
        raise PaymentFailed("The payment service gave no page to pay on.")
    return Started(session, url)


def _check_signature(secret: str, header: str, body: bytes, now: datetime) -> None:
    pairs = [part.partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in pairs if name.strip() == "t"), "")
    if not (stamp.isascii() and stamp.isdigit()) or abs(now.timestamp() - int(stamp[:12])) > TOLERANCE:
        raise BadWebhook("the time stamp is missing or too old")
    signed = stamp.encode() + b"." + body
    if not any(signature_fits(secret, signed, value) for name, _, value in pairs if name.strip() == "v1"):
        raise BadWebhook("the signature does not fit")


def _read_webhook(config: Config, headers: Mapping[str, str], body: bytes, now: datetime) -> Word | None:
    _check_signature(config.get("webhook_secret", ""), headers.get("stripe-signature", ""), body, now)
    event = read_object(body)
    status = ENDS.get(str(event.get("type")))
    data: Any = event.get("data")
    session = data.get("object") if isinstance(data, dict) else None
    if status is None or not isinstance(session, dict):
        return None
    if status == PAID and session.get("payment_status") != "paid":
        return None  # completed, but the money comes later
    total, currency = session.get("amount_total"), str(session.get("currency") or "").upper()
    paid = major_units(total, currency) if isinstance(total, int) else None
    return Word(str(session.get("id")), str(session.get("client_reference_id")), status, paid, currency)


METHOD = MethodKind(
    "stripe",
    "Card (Stripe)",
    "You pay on Stripe's page; the credit is there as soon as the payment is through.",
    _start,
    (
        ConfigField("secret_key", "Secret key", secret=True, help="Begins with sk_ or rk_."),
        ConfigField("webhook_secret", "Signing secret of the webhook", secret=True, help="Begins with whsec_."),
        ConfigField("base_url", "API address", required=False, default="https://api.stripe.com"),
    ),
    _read_webhook,
)
