"""The rooms of money and of sub-accounts: every page opens, money moves as it says, strangers stay out."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import xlsxwriter
from aiohttp import web
from litestar import Litestar

from strowger.foundation.context import Context, build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.platform.billing.pages import pages as money_pages
from strowger.platform.billing.repository import open_wallet
from strowger.platform.subaccounts.pages import pages as subaccount_pages
from tests.browser.site import console_app
from tests.database.messaging.console_client import add_person, running
from tests.database.platform.billing.conftest import check_books

NEW = {
    "account_name": "Store Nord", "email": "nord@shop.example", "is_invited": "on", "country_iso_code": "GB", "channels": "sms",
    "subaccount_credit_type": "assigned", "credit_amount": "100", "low_balance_alert_limit": "10",
    "low_balance_alert_emails": "a@b.example, c@d.example", "margin": "0", "day_cap": "25",
}  # fmt: skip


@dataclass
class Person:
    client: httpx.AsyncClient
    account: int
    csrf: str

    async def get(self, path: str, status: int = 200) -> str:
        answer = await self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[-2000:])
        return answer.text

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **fields})


@dataclass
class Rooms:
    context: Context
    app: Litestar

    async def person(self, name: str, role: str = "owner", account: int | None = None) -> Person:
        account_id, token = await add_person(self.context, name, role, account)
        if account is None:
            await self.context.database.run(lambda c: open_wallet(c, account_id, Decimal(0)))
        return await self.signed_in(account_id, token)

    async def signed_in(self, account_id: int, token: str) -> Person:
        transport = httpx.ASGITransport(app=self.app)
        client = httpx.AsyncClient(
            transport=transport, base_url="http://localhost", cookies={"strowger_session": token}
        )
        csrf = re.search(r'name="csrf" content="([^"]+)"', (await client.get("/profile")).text)
        assert csrf
        return Person(client, account_id, csrf[1])

    async def fetch(self, sql: str, *values: Any) -> Any:
        return await self.context.database.pool.fetchval(sql, *values)


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, [*money_pages, *subaccount_pages])
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def test_every_room_opens(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    for path in (
        "/billing", "/billing/credits", "/billing/usage", "/billing/ledger", "/billing/pricing", "/billing/preferences",
        "/subaccounts", "/subaccounts/new", "/subaccounts/credits", "/subaccounts/usage", "/subaccounts/reports",
        "/operator/prices", "/operator/prices/new", "/operator/prices/import", "/operator/money",
        f"/operator/money/{owner.account}",
        "/operator/recharges", "/operator/payments",
    ):  # fmt: skip
        await owner.get(path)
    assert "No credits have been allocated" in await owner.get("/subaccounts/credits")
    for path in ("/billing/usage", "/billing/ledger", "/subaccounts/credits", "/subaccounts/usage", "/operator/prices"):
        assert (await owner.get(f"{path}?export=csv")).startswith("\ufeff")


async def test_the_operators_rooms_are_closed_to_others(rooms: Rooms) -> None:
    await rooms.person("ada")
    other = await rooms.person("bob")
    for path in (
        "/operator/prices",
        "/operator/money",
        f"/operator/money/{other.account}",
        "/operator/recharges",
        "/operator/payments",
    ):
        await other.get(path, 403)
    assert (await other.post(f"/operator/money/{other.account}/adjust", amount="5", reason="gift")).status_code == 403
    support = await rooms.person("sue", "support", other.account)
    await support.get("/billing/ledger", 403)
    await support.get("/subaccounts", 403)
    assert await rooms.fetch("SELECT count(*) FROM ledger_entry") == 0


async def test_a_bank_transfer_is_confirmed_once_and_invoiced(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    await owner.post("/operator/payments/tax", country="GB", rate="20", name="VAT")
    assert (await owner.post("/billing/credits", amount="5", method="manual")).status_code == 422
    begun = await owner.post("/billing/credits", amount="100", method="manual")
    assert begun.status_code == 303, begun.text[-3000:]
    shown = await owner.get(begun.headers["location"])
    reference = re.search(r"RC-[0-9A-F]{10}", shown)
    assert reference
    assert "120.00 EUR" in shown
    for _ in range(2):
        assert (await owner.post(f"/operator/recharges/{reference[0]}/paid")).status_code == 303
    assert await rooms.fetch("SELECT balance FROM wallet") == 100
    number = await rooms.fetch("SELECT number FROM invoice")
    assert re.fullmatch(r"INV-\d{4}-000001", number)
    pdf = await owner.client.get(f"/billing/invoices/{number}.pdf")
    assert pdf.content.startswith(b"%PDF-")
    stranger = await rooms.person("bob")
    await stranger.get(f"/billing/invoices/{number}.pdf", 404)
    await stranger.get(begun.headers["location"], 404)
    await check_books(rooms.context.database)


async def test_adjusting_and_terms(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    base = f"/operator/money/{owner.account}"
    assert (await owner.post(f"{base}/adjust", amount="-1", reason="too much")).status_code == 422
    assert (await owner.post(f"{base}/adjust", amount="12.5", reason="good will")).status_code == 303
    assert (await owner.post(f"{base}/terms", kind="postpaid", limit="")).status_code == 422
    assert (await owner.post(f"{base}/terms", kind="postpaid", limit="500", subaccounts="on")).status_code == 303
    assert "Used of the limit" in await owner.get("/billing")
    entry = await rooms.context.database.pool.fetchrow("SELECT kind, amount, by_user, reference FROM ledger_entry")
    assert dict(entry) == {
        "kind": "adjustment", "amount": Decimal("12.5"), "by_user": "ada@example.com", "reference": "good will"
    }  # fmt: skip


async def test_prices_change_with_history_and_come_from_files(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    price = {"channel": "sms", "currency": "EUR", "unit_price": "0.05", "country": "gb", "fee": "0"}
    assert (await owner.post("/operator/prices/new", **price)).status_code == 303
    number = await rooms.fetch("SELECT id FROM tariff")
    assert (await owner.post(f"/operator/prices/{number}", **{**price, "unit_price": "0.04"})).status_code == 303
    assert await rooms.fetch("SELECT count(*) FROM tariff WHERE valid_until IS NULL") == 1
    assert "0.050000" in await owner.get(f"/operator/prices/{number}")
    assert "0.04" in await owner.get("/billing/pricing")
    assert (await owner.post("/operator/prices/new", **{**price, "unit_price": "cheap"})).status_code == 422
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet = workbook.add_worksheet()
        rows = [["currency", "unit_price", "country", "type"], ["EUR", 0.02, "FR", "OTP"], ["EUR", 0.03, "DE", ""]]
        for line, row in enumerate(rows):
            sheet.write_row(line, 0, row)

    async def upload(name: str, content: bytes) -> httpx.Response:
        return await owner.client.post(
            "/operator/prices/import", data={"csrf": owner.csrf}, files={"file": (name, content)}
        )

    assert (await upload("p.xlsx", book.getvalue())).status_code == 303
    assert await rooms.fetch("SELECT unit_price FROM tariff WHERE country = 'FR' AND type = 'OTP'") == Decimal("0.02")
    before = await rooms.fetch("SELECT count(*) FROM tariff")
    for name, content in (
        ("p.csv", b"currency,unit_price\nEUR,0.01\nEUR,x\n"), ("p.csv", b"unit_price\n1\n"), ("p.xlsx", b"PK nothing"),
        ("p.csv", b"account,currency,unit_price\nHXNOBODY,EUR,1\n"), ("p.csv", b"\xff\xfe"),
    ):  # fmt: skip
        answer = await upload(name, content)
        assert answer.status_code == 422, content
        assert "Nothing was imported" in answer.text
    assert await rooms.fetch("SELECT count(*) FROM tariff") == before


async def tries_to_sign_in(rooms: Rooms, email: str) -> int:
    transport = httpx.ASGITransport(app=rooms.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return (await client.post("/sign-in", data={"email": email, "password": "Correct-Horse-9"})).status_code


async def test_a_subaccounts_whole_life(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    await owner.post(f"/operator/money/{owner.account}/adjust", amount="1000", reason="start")
    assert (await owner.post("/subaccounts/new", **{**NEW, "credit_amount": "2000"})).status_code == 422
    made = await owner.post("/subaccounts/new", **NEW)
    assert made.status_code == 200, made.text[-3000:]
    link = re.search(r"/join/[\w-]+", made.text)
    sid = re.search(r"HXEU\d{10}GB_1", made.text)
    assert link
    assert sid
    assert await rooms.fetch("SELECT count(*) FROM mail WHERE recipient = 'nord@shop.example'") == 1
    base = f"/subaccounts/of/{sid[0]}"
    assert "Store Nord" in await owner.get("/subaccounts")
    assert "100.00 EUR" in await owner.get(base)
    assert (await owner.post(f"{base}/recharge", amount="-500")).status_code == 422
    assert (await owner.post(f"{base}/recharge", amount="50")).status_code == 303
    changed = {**NEW, "account_name": "Store 2", "credit_amount": "80", "channels": "voice"}
    assert (await owner.post(f"{base}/edit", **changed)).status_code == 303
    row = await rooms.context.database.pool.fetchrow("SELECT * FROM wallet WHERE account_id <> $1", owner.account)
    assert (row["balance"], row["low_at"], row["day_cap"]) == (80, 10, 25)
    assert "Store 2" in await owner.get("/subaccounts/credits")
    joined = await owner.client.post(link[0], data={"name": "Nora", "password": "weak"})
    assert joined.status_code == 422
    joined = await owner.client.post(link[0], data={"name": "Nora", "password": "Correct-Horse-9"})
    assert joined.headers["location"] == "/sign-in"
    assert (await owner.client.get(link[0])).status_code == 404
    assert await tries_to_sign_in(rooms, "nord@shop.example") == 303
    stranger = await rooms.person("bob")
    for act in ("", "/edit", "/recharge"):
        await stranger.get(base + act, 404)
    for act in ("/enter", "/suspend", "/key", "/invite", "/delete"):
        assert (await stranger.post(base + act)).status_code == 404
    assert (await owner.post(f"{base}/suspend")).status_code == 303
    assert (
        await rooms.fetch(
            "SELECT count(*) FROM user_session s JOIN app_user u ON u.id = s.user_id WHERE u.name = 'Nora'"
        )
        == 0
    )
    assert await tries_to_sign_in(rooms, "nord@shop.example") == 403
    await owner.post(f"{base}/delete")
    assert await rooms.fetch("SELECT status FROM subaccount") == "suspended"  # it has a balance
    assert (await owner.post(f"{base}/resume")).status_code == 303
    assert await tries_to_sign_in(rooms, "nord@shop.example") == 303
    await check_books(rooms.context.database)


async def test_entering_a_subaccount_is_recorded_and_gives_no_more_than_its_data(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    made = await owner.post("/subaccounts/new", **{**NEW, "credit_amount": "0"})
    sid = re.search(r"HXEU\d{10}GB_1", made.text)
    assert sid
    base = f"/subaccounts/of/{sid[0]}"
    manager = await rooms.person("mia", "manager", owner.account)
    assert (await manager.post(f"{base}/enter")).status_code == 403
    assert (await owner.post(f"{base}/enter")).status_code == 303
    shown = await owner.get("/billing")
    assert "Currently Viewing as subaccount" in shown
    for path in ("/operator/money", "/subaccounts", base):
        await owner.get(path, 403)
    assert (await owner.post("/billing/preferences/limits", day_cap="9")).status_code == 403
    for path in ("/profile/password", "/developers/keys/new"):
        assert (await owner.post(path)).status_code == 403
    assert (await owner.post("/subaccounts/leave")).status_code == 303
    assert "Currently Viewing" not in await owner.get("/billing")
    acts = await rooms.context.database.pool.fetch("SELECT act, by_user FROM subaccount_event ORDER BY id")
    assert [tuple(row) for row in acts][-2:] == [("entered", "ada@example.com"), ("left", "ada@example.com")]


class Shop:
    """A stand-in for a payment service: keeps what it is asked and answers as told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.answer: dict[str, Any] = {}
        self.status = 200

    async def take(self, request: web.Request) -> web.Response:
        text = await request.text()
        body = json.loads(text) if "json" in request.content_type else {k: v[0] for k, v in parse_qs(text).items()}
        self.asked.append((request.path, dict(request.headers), body))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def shop() -> AsyncIterator[tuple[Shop, str]]:
    made, app = Shop(), web.Application()
    app.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield made, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def stripe_signature(secret: str, body: bytes, at: float) -> str:
    stamp = str(int(at))
    return f"t={stamp},v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


async def test_stripe_pays_by_signed_webhook_once(rooms: Rooms, shop: tuple[Shop, str]) -> None:
    service, url = shop
    owner = await rooms.person("ada")
    assert (await owner.post("/operator/payments/stripe", enabled="on", base_url=url)).status_code == 422
    keys = {"secret_key": "sk_test_1", "webhook_secret": "whsec_1", "base_url": url}
    assert (await owner.post("/operator/payments/stripe", enabled="on", **keys)).status_code == 303
    assert "sk_test_1" not in await owner.get("/operator/payments")
    service.answer = {"id": "cs_1", "url": "https://checkout.stripe.example/cs_1"}
    begun = await owner.post("/billing/credits", amount="50", method="stripe")
    assert begun.status_code == 303, begun.text[-2000:]
    path, headers, form = service.asked[0]
    assert (path, headers["Authorization"]) == ("/v1/checkout/sessions", "Bearer sk_test_1")
    assert form["line_items[0][price_data][unit_amount]"] == "5000"
    assert "https://checkout.stripe.example/cs_1" in await owner.get(begun.headers["location"])
    session = {
        "id": "cs_1",
        "client_reference_id": form["client_reference_id"],
        "payment_status": "paid",
        "amount_total": 5000,
        "currency": "eur",
    }
    event = {"type": "checkout.session.completed", "data": {"object": session}}

    async def report(event: dict[str, Any], secret: str = "whsec_1", at: float | None = None) -> httpx.Response:
        body = json.dumps(event).encode()
        signature = stripe_signature(secret, body, time.time() if at is None else at)
        return await owner.client.post(
            "/payments/stripe/webhook", content=body, headers={"Stripe-Signature": signature}
        )

    assert (await report(event, secret="whsec_2")).status_code == 400
    assert (await report(event, at=time.time() - 900)).status_code == 400
    unpaid = {"type": "checkout.session.completed", "data": {"object": {**session, "payment_status": "unpaid"}}}
    assert (await report(unpaid)).json() == {"outcome": "ignored"}
    assert await rooms.fetch("SELECT balance FROM wallet") == 0
    assert (await report(event)).json() == {"outcome": "paid"}
    assert (await report(event)).json() == {"outcome": "settled already"}
    assert await rooms.fetch("SELECT balance FROM wallet") == 50
    assert await rooms.fetch("SELECT count(*) FROM invoice") == 1
    await check_books(rooms.context.database)


async def test_razorpay_pays_by_signed_webhook_and_another_amount_is_refused(
    rooms: Rooms, shop: tuple[Shop, str]
) -> None:
    service, url = shop
    owner = await rooms.person("ada")
    keys = {"key_id": "rzp_1", "key_secret": "s", "webhook_secret": "w", "base_url": url}
    assert (await owner.post("/operator/payments/razorpay", enabled="on", **keys)).status_code == 303
    service.status, service.answer = 400, {"error": {"description": "no such key"}}
    refused = await owner.post("/billing/credits", amount="20", method="razorpay")
    assert refused.status_code == 422
    assert "no such key" in refused.text

    async def report(link: str, reference: str, paid: int) -> httpx.Response:
        entity = {"id": link, "reference_id": reference, "amount_paid": paid, "currency": "EUR"}
        body = json.dumps({"event": "payment_link.paid", "payload": {"payment_link": {"entity": entity}}}).encode()
        signature = hmac.new(b"w", body, hashlib.sha256).hexdigest()
        return await owner.client.post(
            "/payments/razorpay/webhook", content=body, headers={"X-Razorpay-Signature": signature}
        )

    service.status = 200
    for link, paid, outcome in (("plink_1", 2000, "paid"), ("plink_2", 1, "another amount")):
        service.answer = {"id": link, "short_url": f"https://rzp.example/{link}"}
        assert (await owner.post("/billing/credits", amount="20", method="razorpay")).status_code == 303
        path, _, body = service.asked[-1]
        assert (path, body["amount"], body["currency"]) == ("/v1/payment_links", 2000, "EUR")
        assert (await report(link, body["reference_id"], paid)).json() == {"outcome": outcome}
    assert await rooms.fetch("SELECT balance FROM wallet") == 20
    assert (await owner.client.post("/payments/razorpay/webhook", content=b"{}")).status_code == 400
    assert (await owner.client.post("/payments/manual/webhook", content=b"{}")).status_code == 400
    assert (await owner.client.post("/payments/nobody/webhook", content=b"{}")).status_code == 400


async def test_only_a_postpaid_account_is_offered_to_share_its_limit(rooms: Rooms) -> None:
    owner = await rooms.person("ada")
    assert "Shared Usage" not in await owner.get("/subaccounts/new")
    await rooms.fetch("UPDATE wallet SET kind = 'postpaid', credit_limit = 100 WHERE account_id = $1", owner.account)
    assert "Shared Usage" in await owner.get("/subaccounts/new")
