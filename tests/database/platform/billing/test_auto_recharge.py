"""Auto-recharge against stand-ins of Stripe and Razorpay: a method is stored, and charged once, under the mark, within limits."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from aiohttp import web

from strowger.foundation.context import build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.platform.billing import auto_recharging
from strowger.platform.billing.pages import pages
from strowger.platform.billing.repository import auto
from tests.browser.site import console_app
from tests.database.messaging.console_client import running
from tests.database.platform.billing.conftest import check_books
from tests.database.platform.billing.test_money_pages import Person, Rooms, stripe_signature

FORM = {"threshold": "10", "amount": "50", "month_limit": "120", "enabled": "on", "method": "stripe"}
HERE = "/billing/auto-recharge"


class Service:
    """A stand-in that answers each path as it is told, and keeps what it is asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        text = await request.text()
        body = json.loads(text) if "json" in request.content_type else {k: v[0] for k, v in parse_qs(text).items()}
        self.asked.append((request.path, body))
        status, answer = self.answers.get(request.path, (404, {"error": {"message": "unknown"}}))
        return web.json_response(answer, status=status)


@pytest.fixture
async def service() -> AsyncIterator[tuple[Service, str]]:
    made, app = Service(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, pages)
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def report(owner: Person, kind: str, thing: dict[str, Any]) -> str:
    body = json.dumps({"type": kind, "data": {"object": thing}}).encode()
    headers = {"Stripe-Signature": stripe_signature("whsec_1", body, time.time())}
    answer: httpx.Response = await owner.client.post("/payments/stripe/webhook", content=body, headers=headers)
    return str(answer.json().get("outcome"))


async def stored(rooms: Rooms, service: tuple[Service, str]) -> Person:
    """An owner who has set up auto-recharge by Stripe and stored a card."""
    shop, url = service
    owner = await rooms.person("ada")
    keys = {"secret_key": "sk_1", "webhook_secret": "whsec_1", "base_url": url}
    assert (await owner.post("/operator/payments/stripe", enabled="on", **keys)).status_code == 303
    for wrong in (
        {"amount": "5"},
        {"month_limit": "20"},
        {"method": "manual"},
        {"threshold": "-1"},
        {"amount": "10.001"},
    ):
        assert (await owner.post(HERE, **{**FORM, **wrong})).status_code == 422, wrong
    assert (await owner.post(HERE, **FORM)).status_code == 303
    shop.answers["/v1/checkout/sessions"] = (200, {"id": "cs_1", "url": "https://checkout.stripe.example/cs_1"})
    assert (await owner.post(f"{HERE}/store")).status_code == 303
    assert "https://checkout.stripe.example/cs_1" in await owner.get(HERE)
    form = shop.asked[-1][1]
    assert form["mode"] == "setup"
    shop.answers["/v1/setup_intents/seti_1"] = (
        200, {"id": "seti_1", "payment_method": {"id": "pm_1", "card": {"brand": "visa", "last4": "4242"}}},
    )  # fmt: skip
    session = {"id": "cs_1", "client_reference_id": form["client_reference_id"], "mode": "setup", "customer": "cus_1",
               "setup_intent": "seti_1"}  # fmt: skip
    foreign = {**session, "id": "cs_other"}
    assert await report(owner, "checkout.session.completed", foreign) == "ignored"
    assert await report(owner, "checkout.session.completed", session) == "stored"
    assert await report(owner, "checkout.session.completed", session) == "ignored"
    assert "Visa ending in 4242" in await owner.get(HERE)
    return owner


async def test_a_stored_card_is_charged_once_under_the_mark(rooms: Rooms, service: tuple[Service, str]) -> None:
    shop, _ = service
    owner = await stored(rooms, service)
    context = rooms.context
    assert await context.database.run(lambda c: auto.active(c, owner.account))
    shop.answers["/v1/payment_intents"] = (200, {"id": "pi_1", "status": "processing"})
    begun = await asyncio.gather(*(auto_recharging.run(context) for _ in range(3)))
    assert sum(begun) == 1
    asked = [body for path, body in shop.asked if path == "/v1/payment_intents"]
    assert [(a["amount"], a["customer"], a["payment_method"], a["off_session"]) for a in asked] == [
        ("5000", "cus_1", "pm_1", "true")
    ]
    assert await auto_recharging.run(context) == 0  # one is under way
    assert await rooms.fetch("SELECT balance FROM wallet") == 0
    intent = {
        "id": "pi_1",
        "metadata": {"reference": asked[0]["metadata[reference]"]},
        "amount_received": 5000,
        "currency": "eur",
    }
    assert await report(owner, "payment_intent.succeeded", {**intent, "amount_received": 1}) == "another amount"
    assert await report(owner, "payment_intent.succeeded", intent) == "paid"
    assert await report(owner, "payment_intent.succeeded", intent) == "settled already"
    assert await rooms.fetch("SELECT balance FROM wallet") == 50
    assert await rooms.fetch("SELECT count(*) FROM invoice") == 1
    assert await rooms.fetch("SELECT kind FROM billing_notice") == "auto_paid"
    assert await auto_recharging.run(context) == 0  # above the mark
    await check_books(context.database)
    stranger = await rooms.person("bob")
    assert "4242" not in await stranger.get(HERE)
    assert (await owner.post(f"{HERE}/forget")).status_code == 303
    assert not await context.database.run(lambda c: auto.active(c, owner.account))


async def test_the_limit_of_a_month_and_refusals_stop_it(rooms: Rooms, service: tuple[Service, str]) -> None:
    shop, _ = service
    owner = await stored(rooms, service)
    context, pool = rooms.context, rooms.context.database.pool
    shop.answers["/v1/payment_intents"] = (402, {"error": {"message": "Your card was declined."}})
    for _ in range(3):
        assert await auto_recharging.run(context) == 0
        assert await auto_recharging.run(context) == 0  # it waits for hours
        await pool.execute("UPDATE auto_recharge SET next_at = NULL")
    kinds = [row["kind"] for row in await pool.fetch("SELECT kind FROM billing_notice ORDER BY id")]
    assert kinds == ["auto_failed", "auto_failed", "auto_off"]
    assert "Your card was declined." in await owner.get(HERE)
    assert await rooms.fetch("SELECT count(*) FROM recharge WHERE status = 'failed'") == 3
    assert await rooms.fetch("SELECT balance FROM wallet") == 0
    assert (await owner.post(HERE, **FORM)).status_code == 303  # switched on again; the card is kept
    for n in range(2):
        shop.answers["/v1/payment_intents"] = (200, {"id": f"pi_{n}", "status": "succeeded"})
        assert await auto_recharging.run(context) == 1
        reference = shop.asked[-1][1]["metadata[reference]"]
        done = {"id": f"pi_{n}", "metadata": {"reference": reference}, "amount_received": 5000, "currency": "eur"}
        assert await report(owner, "payment_intent.succeeded", done) == "paid"
        await owner.post(f"/operator/money/{owner.account}/adjust", amount="-50", reason="spent")
    assert await auto_recharging.run(context) == 0
    assert await rooms.fetch("SELECT kind FROM billing_notice ORDER BY id DESC LIMIT 1") == "auto_limit"
    await check_books(context.database)


async def test_what_nobody_knows_of_waits_and_a_late_word_counts(rooms: Rooms, service: tuple[Service, str]) -> None:
    shop, _ = service
    owner = await stored(rooms, service)
    context, pool = rooms.context, rooms.context.database.pool
    shop.answers["/v1/payment_intents"] = (200, [])  # no answer that can be read
    await auto_recharging.run(context)
    reference = shop.asked[-1][1]["metadata[reference]"]
    await pool.execute("UPDATE recharge SET status = 'pending', created_at = created_at - interval '2 hours'")
    assert await auto_recharging.give_up(context) == 1
    done = {"id": "pi_9", "metadata": {"reference": reference}, "amount_received": 5000, "currency": "eur"}
    assert await report(owner, "payment_intent.succeeded", done) == "paid"
    assert await rooms.fetch("SELECT balance FROM wallet") == 50
    await check_books(context.database)


async def test_razorpay_stores_and_charges_a_token(rooms: Rooms, service: tuple[Service, str]) -> None:
    shop, url = service
    owner = await rooms.person("ada")
    keys = {"key_id": "rzp_1", "key_secret": "s", "webhook_secret": "w", "base_url": url}
    assert (await owner.post("/operator/payments/razorpay", enabled="on", **keys)).status_code == 303
    assert (await owner.post(HERE, **{**FORM, "method": "razorpay"})).status_code == 303
    shop.answers["/v1/subscription_registration/auth_links"] = (
        200,
        {"id": "inv_1", "short_url": "https://rzp.example/i"},
    )
    await owner.post(f"{HERE}/store")

    async def tell(event: str, **payload: Any) -> str:
        body = json.dumps({"event": event, "payload": {k: {"entity": v} for k, v in payload.items()}}).encode()
        signature = hmac.new(b"w", body, hashlib.sha256).hexdigest()
        answer = await owner.client.post(
            "/payments/razorpay/webhook", content=body, headers={"X-Razorpay-Signature": signature}
        )
        return str(answer.json().get("outcome"))

    receipt = shop.asked[-1][1]["receipt"]
    paid = {"id": "pay_0", "token_id": "token_1", "customer_id": "cust_1", "card": {"last4": "1111"}}
    assert await tell("invoice.paid", invoice={"id": "inv_1", "receipt": receipt}, payment=paid) == "stored"
    shop.answers["/v1/orders"] = (200, {"id": "order_1"})
    shop.answers["/v1/payments/create/recurring"] = (200, {"razorpay_payment_id": "pay_1"})
    assert await auto_recharging.run(rooms.context) == 1
    reference = shop.asked[-1][1]["notes"]["reference"]
    done = {"id": "pay_1", "amount": 5000, "currency": "EUR", "notes": {"reference": reference}}
    assert await tell("payment.captured", payment=done) == "paid"
    assert await rooms.fetch("SELECT balance FROM wallet") == 50


async def test_a_subaccount_has_none(rooms: Rooms, service: tuple[Service, str]) -> None:
    owner = await stored(rooms, service)
    child = await rooms.person("eve", account=None)
    await rooms.context.database.pool.execute(
        "UPDATE account SET parent_id = $1 WHERE id = $2", owner.account, child.account
    )
    assert (await child.post(HERE, **FORM)).status_code == 422
    assert "Only prepaid main accounts" in await child.get(HERE)
