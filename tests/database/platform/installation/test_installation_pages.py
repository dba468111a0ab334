"""The operator's rooms: accounts are suspended, opened and limited, features switched; customers feel it at once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from strowger.foundation.context import build_context
from strowger.foundation.database import Database
from strowger.foundation.settings import Settings
from strowger.platform.access.history import METHODS
from strowger.platform.features import service as features
from strowger.platform.installation.pages import pages
from strowger.platform.lookup import pages as lookup
from strowger.platform.subaccounts.pages import pages as subaccount_pages
from tests.api_kit import Api, add_customer, running_api
from tests.browser.site import console_app
from tests.database.messaging.console_client import running
from tests.database.platform.billing.test_money_pages import Rooms


@pytest.fixture
async def rooms(database: Database, tmp_path: Path) -> AsyncIterator[Rooms]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32))
    await context.database.open()
    app = console_app(context, [*pages, *lookup.pages, *subaccount_pages])
    async with running(app):
        yield Rooms(context, app)
    await context.http.close()
    await context.database.close()


async def test_the_operator_sees_and_stops_accounts(rooms: Rooms) -> None:
    ada, bob = await rooms.person("ada"), await rooms.person("bob")
    assert "bob" in await ada.get("/operator/accounts?q=bob")
    path = f"/operator/accounts/{bob.account}"
    assert "bob@example.com" in await ada.get(path)
    for wrong in (
        {"act": "suspend", "reason": ""},
        {"act": "close", "reason": "too early"},
        {"act": "open", "reason": "is open"},
    ):
        assert (await ada.post(f"{path}/state", **wrong)).status_code == 422
    assert (await ada.post(f"{path}/limits", day_cap="12.5", rate="7")).status_code == 303
    assert await rooms.fetch("SELECT day_cap FROM wallet WHERE account_id = $1", bob.account) == 12.5
    assert (await ada.post(f"{path}/state", act="suspend", reason="no answer to our questions")).status_code == 303
    assert await rooms.fetch("SELECT state FROM account WHERE id = $1", bob.account) == "suspended"
    assert await rooms.fetch("SELECT recipient FROM mail WHERE kind = 'account-state'") == "bob@example.com"
    assert (await bob.client.get("/directory/lookups")).status_code in (302, 303)  # signed out
    assert "no answer to our questions" in await ada.get(path)
    own = await ada.post(f"/operator/accounts/{ada.account}/state", act="suspend", reason="a mistake")
    assert own.status_code == 422
    assert "runs the installation" in own.text
    assert (await ada.post(f"{path}/state", act="open", reason="answered")).status_code == 303
    await ada.get("/operator/accounts/999999", 404)


async def test_the_rooms_are_open_to_the_operators_networks_alone(database: Database, tmp_path: Path) -> None:
    networks = ("192.0.2.0/24", "2001:db8::/32")
    settings = Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32, operator_networks=networks)
    context = build_context(settings)
    await context.database.open()
    app = console_app(context, [*pages, *lookup.pages])
    async with running(app):
        ada = await Rooms(context, app).person("ada")
        for address, inside in (("192.0.2.7", True), ("198.51.100.7", False), ("2001:db8::1", True), ("", False)):
            transport = httpx.ASGITransport(app=app, client=(address, 5000))
            there = httpx.AsyncClient(transport=transport, base_url="http://console.test", cookies=ada.client.cookies)
            answer = await there.get("/operator/accounts")
            assert answer.status_code == (200 if inside else 403), address
            own = await there.get("/directory/lookups")
            assert own.status_code == 200
            assert ('href="/operator/accounts"' in own.text) is inside, address
            refused = await there.post("/operator/features", data={"lookup": "off"})
            assert refused.status_code == 403 or inside
    await context.http.close()
    await context.database.close()


async def test_the_rooms_want_a_second_factor_where_the_setting_says_so(database: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=database.url, secret_key="00" * 32, operator_second_factor=True)
    context = build_context(settings)
    await context.database.open()
    app = console_app(context, [*pages, *lookup.pages])
    async with running(app):
        ada = await Rooms(context, app).person("ada")
        for method in METHODS:
            await context.database.pool.execute("UPDATE user_session SET method = $1", method)
            status = 403 if method in ("password", "link", "invitation") else 200
            await ada.get("/operator/accounts", status)
            await ada.get("/directory/lookups")
    await context.http.close()
    await context.database.close()


async def test_the_rooms_are_closed_to_customers(rooms: Rooms) -> None:
    ada, bob = await rooms.person("ada"), await rooms.person("bob")
    for path in ("/operator/accounts", f"/operator/accounts/{ada.account}", "/operator/features", "/operator/health"):
        await bob.get(path, 403)
    assert (
        await bob.post(f"/operator/accounts/{ada.account}/state", act="suspend", reason="revenge")
    ).status_code == 403
    assert (await bob.post(f"/operator/accounts/{bob.account}/features", lookup="on")).status_code == 403


async def test_a_feature_that_is_off_is_gone_from_the_console(rooms: Rooms) -> None:
    ada, bob = await rooms.person("ada"), await rooms.person("bob")
    assert 'href="/directory/lookups"' in await bob.get("/subaccounts")
    assert (await ada.post("/operator/features", lookup="off", subaccounts="on")).status_code == 303
    assert 'href="/directory/lookups"' not in await bob.get("/subaccounts")
    assert "switched off for your account" in await bob.get("/directory/lookups", 403)
    await ada.post(f"/operator/accounts/{bob.account}/features", lookup="on", subaccounts="off")
    await bob.get("/directory/lookups")
    await bob.get("/subaccounts", 403)
    await ada.get("/directory/lookups", 403)  # off for everybody else
    await ada.post(f"/operator/accounts/{bob.account}/features", lookup="", subaccounts="")
    await bob.get("/directory/lookups", 403)
    await bob.get("/subaccounts")
    assert (await ada.post("/operator/features", lookup="maybe", subaccounts="on")).status_code == 422


async def test_the_health_page_tells_what_is_wrong(rooms: Rooms) -> None:
    ada = await rooms.person("ada")
    shown = await ada.get("/operator/health")
    assert "none alive" in shown
    assert "PostgreSQL" in shown
    await rooms.context.database.pool.execute("INSERT INTO worker (kind, host, pid) VALUES ('worker', 'box', 7)")
    assert "1 alive" in await ada.get("/operator/health/now")


async def test_a_feature_that_is_off_answers_a_clear_error(database: Database) -> None:
    async with running_api(database) as api:
        await check_off(api)


async def check_off(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    path, headers = f"{api.base}/lookup/447400123456", api.customer.headers
    assert (await api.client.get(path, headers=headers)).status_code == 200
    await features.switch(api.context, api.customer.account_id, {"lookup": False, "sms": False}, "ada")
    api.app.state.gateway.keys.forget()
    answer = await api.client.get(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "LKP403")
    sent = await api.send()
    assert (sent.status_code, sent.json()["code"]) == (403, "E403")
    assert "SMS is switched off" in json.dumps(sent.json())
    old = await api.client.get("/v4/", params={"api_key": api.customer.key, "method": "lookup", "to": "447400123456"})
    assert old.json()["code"] == "A403"
    free = await api.client.get(f"/v1/{other.sid}/lookup/447400123456", headers=other.headers)
    assert free.status_code == 200
    assert await api.stored() == []
