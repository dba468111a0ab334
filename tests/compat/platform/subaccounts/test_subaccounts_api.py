"""The sub-accounts API: every code, money both ways, whose key reaches what (platform.md 3, R-55, R-58)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.platform.accounts.keys import create_key
from strowger.platform.billing.jobs import MoneyJobs
from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.ip_configs import service as ip_configs
from strowger.platform.ip_configs.errors import InUse
from strowger.platform.subaccounts import events
from tests.api_kit import Api, add_customer, add_key, client_of, running_api
from tests.database.platform.billing.conftest import NOW, check_books

NEW: dict[str, Any] = {
    "account_name": "Store Nord", "email": "nord@shop.example", "country_iso_code": "GB", "channels": ["sms"],
    "subaccount_credit_type": "assigned", "credit_amount": 100,
}  # fmt: skip
ALERT = {"low_balance_alert": True, "low_balance_alert_limit": 10, "low_balance_alert_emails": ["a@b.example"]}
SHARED = {"subaccount_credit_type": "shared", "credit_amount": None}


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    """A prepaid parent with 1000 EUR."""
    async with running_api(database) as api:
        await database.run(lambda c: open_wallet(c, api.customer.account_id, Decimal(0)))
        await database.run(lambda c: recharge(c, api.customer.account_id, Decimal(1000), "opening", NOW))
        yield api


async def call(
    api: Api, method: str, tail: str = "", body: Any = None, key: str = "", **headers: str
) -> httpx.Response:
    return await api.client.request(
        method, f"/api{api.base}/subaccounts{tail}", json=body,
        headers={"api-key": key or api.customer.key, **{n.replace("_", "-"): v for n, v in headers.items()}},
    )  # fmt: skip


async def create(api: Api, **changes: Any) -> dict[str, Any]:
    body = {name: value for name, value in {**NEW, **changes}.items() if value is not None}
    answer = await call(api, "POST", "", body)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["code"], answer.json()["status"]) == ("RBC103", 201)
    data: dict[str, Any] = answer.json()["data"]
    return data


async def make_postpaid(api: Api) -> None:
    await api.context.database.pool.execute("UPDATE wallet SET kind = 'postpaid', credit_limit = 50, balance = 0")
    await api.context.database.pool.execute("DELETE FROM ledger_entry")


async def test_a_subaccount_is_made_with_its_key_and_credit(api: Api) -> None:
    made = await create(api, **ALERT)
    assert made["sid"] == f"{api.customer.sid}_1"
    assert made["status"] == "invited"
    assert made["invitation_url"].startswith("http://localhost:8080/join/")
    assert (made["balance"], made["low_balance_alert"]) == (100.0, True)
    shown = (await call(api, "GET", f"/{made['sid']}")).json()["data"]
    assert shown["api_key"] == f"A…{made['api_key'][-4:]}"
    revealed = (await call(api, "GET", f"/{made['sid']}?reveal_key=1")).json()["data"]
    assert revealed["api_key"] == made["api_key"]
    assert [row["sid"] for row in (await call(api, "GET")).json()["data"]] == [made["sid"]]
    sent = await api.client.post(
        f"/v1/{made['sid']}/messages", json={"to": "447700900123", "sender": "NONE", "body": "x"},
        headers={"api-key": made["api_key"]},
    )  # fmt: skip
    assert sent.json()["code"] == "E605"
    await check_books(api.context.database)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("RBC2317", {"credit_amount": 1000.01}, "credit_amount"),
    ("RBC2319", {"low_balance_alert": True}, "low_balance_alert_limit"),
    ("RBC2319", {**ALERT, "low_balance_alert_emails": []}, "low_balance_alert_emails"),
    ("RBC2320", {"email": "nobody"}, "email"),
    ("RBC2321", {"customer_type_id": 9}, "customer_type_id"),
    ("RBC2328", {"country_iso_code": "XX"}, "country_iso_code"),
    ("RBC2330", {"country_iso_code": None}, "country_iso_code"),
    ("RBC2333", {**ALERT, "low_balance_alert_limit": "many"}, "low_balance_alert_limit"),
    ("RBC2334", {"credit_amount": "much"}, "credit_amount"),
    ("RBC2334", {"credit_amount": -1}, "credit_amount"),
    ("RBC2335", {**ALERT, "low_balance_alert_emails": ["a"]}, "low_balance_alert_emails"),
    ("RBC2336", {**ALERT, "low_balance_alert_emails": "a@b.example"}, "low_balance_alert_emails"),
    ("RBC2337", {"channels": "sms"}, "channels"),
    ("RBC2337", {"channels": [1]}, "channels"),
    ("RBC2338", {"channels": ["fax"]}, "channels"),
    (
        "RBC2340",
        {**ALERT, "low_balance_alert_emails": [f"a{n}@b.example" for n in range(11)]},
        "low_balance_alert_emails",
    ),
    ("RBC2341", {**ALERT, "low_balance_alert_emails": ["a@b.example", "A@b.example"]}, "low_balance_alert_emails"),
    ("RBC2345", {"credit_amount": None}, "credit_amount"),
    ("RBC2346", {"subaccount_credit_type": "gift"}, "subaccount_credit_type"),
    ("RBC2348", SHARED, "subaccount_credit_type"),
    ("RBC2353", {"monthly_limit": 5}, "monthly_limit"),
    ("RBC2355", {"account_name": "Store <Nord>"}, "account_name"),
    ("RBC2355", {"account_name": "x" * 161}, "account_name"),
    ("RBC2362", {"margin": -1}, "margin"),
    ("RBC2363", {"ip_config_name": "nowhere"}, "ip_config_name"),
    ("RBC2363", {"ip_config_name": 7}, "ip_config_name"),
]
BAD_SHARED: list[tuple[str, dict[str, Any], str]] = [
    ("RBC2316", {"credit_amount": 50.01}, "credit_amount"),
    ("RBC2331", {**SHARED, "monthly_limit": 0}, "monthly_limit"),
    ("RBC2332", {**SHARED, "monthly_limit": 1.5}, "monthly_limit"),
    ("RBC2352", {**SHARED, **ALERT}, "low_balance_alert"),
    ("RBC2354", {**SHARED, "credit_amount": 5}, "credit_amount"),
]


async def refused(api: Api, code: str, changes: dict[str, Any], field: str) -> None:
    body = {name: value for name, value in {**NEW, **changes}.items() if value is not None}
    answer = await call(api, "POST", "", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert field in answer.json()["error"]
    assert answer.json()["data"] == {}


async def test_each_refusal_has_its_code_and_changes_nothing(api: Api) -> None:
    for code, changes, field in BAD:
        await refused(api, code, changes, field)
    answer = await call(api, "POST", "", {})
    assert (answer.status_code, answer.json()["code"]) == (400, "RBC2318")
    await make_postpaid(api)
    for code, changes, field in BAD_SHARED:
        await refused(api, code, changes, field)
    fetch = api.context.database.pool.fetchval
    assert await fetch("SELECT count(*) FROM account") == 1
    await fetch("DELETE FROM wallet")
    answer = await call(api, "POST", "", NEW)
    assert answer.json()["code"] == "RBC2323"


async def test_names_addresses_domains_and_types(api: Api) -> None:
    await create(api)
    answer = await call(api, "POST", "", {**NEW, "account_name": "store nord", "email": "b@shop.example"})
    assert (answer.status_code, answer.json()["code"]) == (409, "RBC2356")
    answer = await call(api, "POST", "", {**NEW, "account_name": "Other", "email": "NORD@shop.example"})
    assert (answer.status_code, answer.json()["code"]) == (409, "RBC2357")
    execute = api.context.database.pool.execute
    await execute(
        "INSERT INTO app_user (account_id, email, name, password_hash) VALUES ($1, 'boss@acme.example', 'B', '!')",
        api.customer.account_id,
    )
    for kind, code in (("enterprise", "RBC2322"), ("club", "RBC2326")):
        settings = {"customer_kind": kind}
        await execute("UPDATE account SET settings = $2 WHERE id = $1", api.customer.account_id, settings)
        answer = await call(api, "POST", "", {**NEW, "account_name": "Other", "email": "c@shop.example"})
        assert answer.json()["code"] == code
    await execute(
        "UPDATE account SET settings = '{\"subaccounts_enabled\": false}' WHERE id = $1", api.customer.account_id
    )
    assert (await call(api, "POST", "", NEW)).json()["code"] == "RBC2360"


async def test_recharge_withdraw_and_set_the_balance(api: Api) -> None:
    sid = (await create(api))["sid"]
    for amount, code in (
        (0, "RBC2350"),
        ("-0", "RBC2350"),
        ("x", "RBC2350"),
        (1.234, "RBC2350"),
        (-101, "RBC2349"),
        (5000, "RBC2317"),
    ):
        answer = await call(api, "POST", f"/{sid}/recharges", {"amount": amount})
        assert (answer.status_code, answer.json()["code"]) == (400, code), amount
        assert "amount" in answer.json()["error"]
    answer = await call(api, "POST", f"/{sid}/recharges", {"amount": 500})
    assert answer.json()["data"] == {"sid": sid, "balance": 600.0, "parent_balance": 400.0}
    answer = await call(api, "POST", f"/{sid}/recharges", {"amount": -50.5})
    assert answer.json()["data"] == {"sid": sid, "balance": 549.5, "parent_balance": 450.5}
    answer = await call(api, "PATCH", f"/{sid}", {"credit_amount": 10, "account_name": "Store 2", **ALERT})
    assert (answer.json()["data"]["balance"], answer.json()["data"]["account_name"]) == (10.0, "Store 2")
    assert (await call(api, "PATCH", f"/{sid}", {"low_balance_alert": False})).json()["data"][
        "low_balance_alert"
    ] is False
    for body, code in (
        ({}, "RBC2318"), ({"email": "x@y.example"}, "RBC2361"), ({"channels": ["voice"]}, "RBC2361"),
        ({"monthly_limit": 4}, "RBC2353"), ({"low_balance_alert_limit": 4}, "RBC2319"), ({"sid": "HX"}, "RBC2318"),
    ):  # fmt: skip
        assert (await call(api, "PATCH", f"/{sid}", body)).json()["code"] == code
    await check_books(api.context.database)


async def test_a_shared_account_has_use_instead_of_balance(api: Api) -> None:
    await make_postpaid(api)
    made = await create(api, **SHARED, monthly_limit=20, is_invited=False)
    assert (made["status"], made["balance"], made["usage"], made["monthly_limit"]) == ("active", None, 0.0, 20)
    answer = await call(api, "POST", f"/{made['sid']}/recharges", {"amount": 5})
    assert answer.json()["code"] == "RBC2354"
    answer = await call(api, "PATCH", f"/{made['sid']}", {"monthly_usage_limit": 30})
    assert answer.json()["data"]["monthly_limit"] == 30


async def test_parallel_recharges_never_overdraw(api: Api) -> None:
    sid = (await create(api, credit_amount=0))["sid"]
    answers = await asyncio.gather(*(call(api, "POST", f"/{sid}/recharges", {"amount": 300}) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [200] * 3 + [400] * 5
    await check_books(api.context.database)


async def test_a_repeated_recharge_moves_money_once(api: Api) -> None:
    sid = (await create(api, credit_amount=0))["sid"]
    answers = [await call(api, "POST", f"/{sid}/recharges", {"amount": 5}, Idempotency_Key="k1") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert (await call(api, "GET", f"/{sid}")).json()["data"]["balance"] == 5.0
    made = [
        await call(api, "POST", "", {**NEW, "account_name": "S2", "email": "s2@x.example"}, Idempotency_Key="k2")
        for _ in "ab"
    ]
    assert [a.status_code for a in made] == [201, 201]
    assert made[0].json()["data"]["api_key"] not in made[1].text
    assert made[1].json()["data"]["sid"] == made[0].json()["data"]["sid"]


async def test_suspend_resume_delete(api: Api) -> None:
    made = await create(api)
    sid, key = made["sid"], made["api_key"]

    async def send(with_key: str) -> httpx.Response:
        return await api.client.get(f"/v1/{sid}/messages/sender", headers={"api-key": with_key})

    assert (await send(key)).status_code == 200
    assert (await call(api, "POST", f"/{sid}/resume")).json()["code"] == "RBC2359"
    assert (await call(api, "POST", f"/{sid}/suspend")).json()["data"]["status"] == "suspended"
    api.app.state.gateway.keys.forget()
    assert "suspended" in (await send(key)).text
    assert (await send(api.customer.key)).status_code == 403
    assert (await call(api, "POST", f"/{sid}/recharges", {"amount": 1})).json()["code"] == "RBC2359"
    assert (await call(api, "POST", f"/{sid}/resume")).json()["data"]["status"] == "invited"  # nobody has joined yet
    api.app.state.gateway.keys.forget()
    assert (await send(key)).status_code == 200
    deleted = (await call(api, "DELETE", f"/{sid}")).json()
    assert (deleted["code"], deleted["message"]) == ("RBC2347", "Account deleted successfully!")
    assert (deleted["data"]["status"], deleted["data"]["balance"]) == ("deleted", 0.0)
    api.app.state.gateway.keys.forget()
    assert (await send(key)).status_code == 401
    assert (await call(api, "DELETE", f"/{sid}")).json()["code"] == "RBC2359"
    assert (await call(api, "GET")).json()["data"] == []
    assert len((await call(api, "GET", "?status=deleted")).json()["data"]) == 1
    balance = await api.context.database.pool.fetchval(
        "SELECT balance FROM wallet WHERE account_id = $1", api.customer.account_id
    )
    assert balance == 1000
    again = await create(api, email="again@shop.example")
    assert again["sid"] == f"{api.customer.sid}_2"
    await check_books(api.context.database)


async def test_R58_nothing_is_reached_sideways_or_upwards(api: Api) -> None:
    first, second = await create(api), await create(api, account_name="Two", email="two@shop.example")
    other = await add_customer(api.context.database, "HXEU0000000009GB")

    async def reach(sid: str, key: str, tail: str = "messages/sender") -> tuple[int, str]:
        answer = await api.client.get(f"/v1/{sid}/{tail}", headers={"api-key": key})
        return answer.status_code, answer.text

    assert (await reach(first["sid"], api.customer.key))[0] == 200
    for sid, key in (
        (second["sid"], first["api_key"]), (api.customer.sid, first["api_key"]), (first["sid"], other.key),
        (other.sid, api.customer.key), (f"{first['sid']}_1", first["api_key"]), (f"{api.customer.sid}_99", api.customer.key),
    ):  # fmt: skip
        status, text = await reach(sid, key)
        assert status == 403
        assert text == (await reach("HXEU0000000404GB", key))[1]
    foreign = await api.client.get(f"/v1/{other.sid}/subaccounts/{first['sid']}", headers=other.headers)
    assert foreign.json()["code"] == "RBC2323"  # it has no wallet, and learns nothing of the other
    await api.context.database.run(lambda c: open_wallet(c, other.account_id, Decimal(0)))
    for method, tail, body in (
        ("GET", "", None), ("PATCH", "", {"account_name": "X"}), ("DELETE", "", None), ("POST", "/suspend", None),
        ("POST", "/resume", None), ("POST", "/recharges", {"amount": -5}),
    ):  # fmt: skip
        answers = [
            await api.client.request(
                method, f"/v1/{other.sid}/subaccounts/{sid}{tail}", json=body, headers=other.headers
            )
            for sid in (first["sid"], "HXEU0000000404GB_1")
        ]
        assert {a.status_code for a in answers} == {404}
        assert answers[0].content == answers[1].content
    for sid, key in ((first["sid"], first["api_key"]), (first["sid"], api.customer.key)):
        answer = await api.client.post(f"/v1/{sid}/subaccounts", json=NEW, headers={"api-key": key})
        assert (answer.status_code, answer.json()["code"]) == (403, "RBC2360")
    answer = await api.client.get(f"/v1/{second['sid']}/subaccounts", headers={"api-key": first["api_key"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "RBC403")
    assert (await api.client.get(f"{api.base}/subaccounts")).json()["code"] == "RBC401"


async def test_only_enabled_services_work(api: Api) -> None:
    made = await create(api, channels=["whatsapp"])
    answer = await api.client.get(f"/v1/{made['sid']}/messages/sender", headers={"api-key": made["api_key"]})
    assert answer.status_code == 403
    assert "sms is not enabled" in answer.text


async def test_R59_what_may_not_be_set_is_not_set(api: Api) -> None:
    extra = {
        "sid": "HXEU1",
        "balance": 9,
        "status": "active",
        "parent_id": 7,
        "operator": True,
        "api_key": "A" + "0" * 32,
    }
    made = await create(api, **extra)
    assert made["sid"] == f"{api.customer.sid}_1"
    assert (made["balance"], made["status"]) == (100.0, "invited")
    assert made["api_key"] != extra["api_key"]


async def test_forms_are_read_like_json(api: Api) -> None:
    body = {
        **NEW,
        "channels": "sms",
        "is_invited": "false",
        "low_balance_alert": "true",
        "lba_limit": "5",
        "lba_emails": "a@b.example",
    }
    answer = await api.client.post(f"{api.base}/subaccounts", data=body, headers=api.customer.headers)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["status"], data["low_balance_alert_emails"]) == ("active", ["a@b.example"])


async def test_a_prepaid_parent_reads_the_money_of_a_subaccount_by_its_address(api: Api) -> None:
    made = await create(api)

    async def read(path: str, key: str = api.customer.key) -> Any:
        return (await api.client.get(path, headers={"api-key": key})).json()

    for path in (f"/api{api.base}/billing", f"{api.base}/billing/details"):
        found = await read(f"{path}?email=NORD@shop.example")
        assert (found["code"], found["data"]["balance_amount"]) == ("RBC103", 100.0)
    entries = (await read(f"{api.base}/billing/ledger?email=nord@shop.example&to=2026-01-02"))["data"]
    assert [(entry["type"], entry["amount"]) for entry in entries] == [("transfer", 100.0)]
    assert (await read(f"{api.base}/billing?email=no@shop.example"))["code"] == "RBC2401"
    own = await read(f"/v1/{made['sid']}/billing?email=nord@shop.example", made["api_key"])
    assert own["code"] == "RBC2403"
    await make_postpaid(api)
    assert (await read(f"{api.base}/billing?email=nord@shop.example"))["code"] == "RBC2404"


async def test_R57_a_subaccount_sees_its_parents_prices_and_no_others(api: Api) -> None:
    made = await create(api, margin=10)
    other = await add_customer(api.context.database, "HXEU0000000009GB")
    parent = api.customer.account_id

    async def work(connection: Any) -> None:
        for account, country, price in ((None, None, "0.05"), (parent, "GB", "0.02"), (other.account_id, "FR", "0.01")):
            await add_tariff(connection, account, "sms", country, "EUR", Decimal(price))

    await api.context.database.run(work)
    answer = await api.client.get(f"/v1/{made['sid']}/billing/prices", headers={"api-key": made["api_key"]})
    assert {row["country"]: row["unit_price"] for row in answer.json()["data"]} == {None: 0.055, "GB": 0.022}


async def test_a_subaccount_that_never_joined_is_invited_again_after_a_resume(api: Api) -> None:
    for invited, status in ((True, "invited"), (False, "active")):
        sid = (await create(api, account_name=f"Store {status}", email=f"{status}@x.example", is_invited=invited))[
            "sid"
        ]
        await call(api, "POST", f"/{sid}/suspend")
        assert (await call(api, "POST", f"/{sid}/resume")).json()["data"]["status"] == status


async def test_the_parents_server_is_told_of_its_subaccounts(api: Api) -> None:
    profile = {
        "title": "children", "channel": "subaccounts", "http_method": "POST", "url": "http://127.0.0.1:9999/x",
        "events": ["subaccount_status", "subaccount_low_balance"], "body": {"sid": "<sid>", "status": "<status>"},
    }  # fmt: skip
    answer = await api.client.post(f"{api.base}/callback/profiles", json=profile, headers=api.customer.headers)
    name = answer.json()["data"]["profile_id"]
    for event in profile["events"]:
        chosen = {"event": event, "callback_profile_id": name}
        answer = await api.client.post(f"{api.base}/callback/defaults", json=chosen, headers=api.customer.headers)
        assert answer.status_code == 200, answer.text
    made = await create(api, low_balance_alert=True, lba_limit=50, lba_emails=["a@b.example"])
    for act in ("suspend", "resume"):
        assert (await call(api, "POST", f"/{made['sid']}/{act}")).status_code == 200
    assert (await call(api, "POST", f"/{made['sid']}/recharges", {"amount": -60})).status_code == 200
    await MoneyJobs(api.context, events.hear).mail_notices()
    assert (await call(api, "DELETE", f"/{made['sid']}")).status_code == 200
    rows = await api.context.database.pool.fetch("SELECT account_id, event, variables FROM callback ORDER BY id")
    assert {row["account_id"] for row in rows} == {api.customer.account_id}
    told = [(row["event"], row["variables"]["status"], row["variables"]["balance"]) for row in rows]
    assert told == [
        ("subaccount_status", "suspended", 100.0), ("subaccount_status", "invited", 100.0),
        ("subaccount_low_balance", "invited", 40.0), ("subaccount_status", "deleted", 0.0),
    ]  # fmt: skip
    assert rows[2]["variables"]["limit"] == 50.0
    assert {row["variables"]["sid"] for row in rows} == {made["sid"]}


async def test_R60_a_key_that_may_only_read_reveals_no_other_key(api: Api) -> None:
    made = await create(api)
    database, account = api.context.database, api.customer.account_id
    _, narrow = await add_key(database, account, name="narrow", scopes=["subaccounts.read"])
    _, wide = await add_key(database, account, name="wide", scopes=["subaccounts.read", "subaccounts.write"])
    for tail in ("", f"/{made['sid']}"):
        refused = await call(api, "GET", f"{tail}?reveal_key=1", key=narrow)
        assert (refused.status_code, refused.json()["code"]) == (403, "RBC403")
        assert "reveal_key" in refused.json()["error"]
        assert made["api_key"] not in (await call(api, "GET", tail, key=narrow)).text
        assert made["api_key"] in (await call(api, "GET", f"{tail}?reveal_key=1", key=wide)).text
    settings = {"subaccount_key_in_get": True}
    await database.pool.execute("UPDATE account SET settings = settings || $2 WHERE id = $1", account, settings)
    api.app.state.gateway.keys.forget()
    assert made["api_key"] in (await call(api, "GET", f"/{made['sid']}")).text
    assert made["api_key"] not in (await call(api, "GET", f"/{made['sid']}", key=narrow)).text


async def test_a_key_from_which_numbers_are_hidden_reveals_none_that_sees_them(api: Api) -> None:
    made = await create(api)
    database, account = api.context.database, api.customer.account_id
    settings = {"hide_numbers": True, "subaccount_key_in_get": True}
    await database.pool.execute("UPDATE account SET settings = settings || $2 WHERE id = $1", account, settings)
    scopes = ["subaccounts.read", "subaccounts.write"]
    _, narrow = await add_key(database, account, name="narrow", scopes=scopes)
    _, wide = await add_key(database, account, name="wide", scopes=[*scopes, "messages.numbers"])
    for tail in ("", f"/{made['sid']}"):
        refused = await call(api, "GET", f"{tail}?reveal_key=1", key=narrow)
        assert (refused.status_code, refused.json()["code"]) == (403, "RBC403")
        assert made["api_key"] not in (await call(api, "GET", tail, key=narrow)).text
        assert made["api_key"] in (await call(api, "GET", tail, key=wide)).text
    for key, shows in ((narrow, False), (wide, True)):
        named = {"email": f"{shows}@shop.example", "account_name": f"Shop {shows}", "is_invited": True}
        answer = await call(api, "POST", "", NEW | named, key=key)
        assert answer.status_code == 201, answer.text
        new = answer.json()["data"]
        assert ("…" not in new["api_key"]) is shows
        assert ("invitation_url" in new) is shows


async def test_an_invited_owner_is_mailed_once_and_the_others_not(api: Api) -> None:
    made = [await call(api, "POST", "", NEW, Idempotency_Key="k9") for _ in "ab"]
    assert [answer.status_code for answer in made] == [201, 201]
    await create(api, account_name="Quiet", email="quiet@shop.example", is_invited=False)
    mails = await api.context.database.pool.fetch("SELECT kind, recipient, subject FROM mail")
    assert [tuple(mail) for mail in mails] == [
        ("subaccount-invitation", "nord@shop.example", "Test invites you to Strowger")
    ]


async def test_an_ip_configuration_by_name_limits_the_keys_of_a_subaccount(api: Api) -> None:
    pool = api.context.database.pool
    add = "INSERT INTO ip_config (account_id, name, networks, created_at, changed_at) VALUES ($1, $2, $3, now(), now())"
    await pool.execute(add, api.customer.account_id, "office", ["198.51.100.0/24"])
    made = await create(api, ip_config_name="Office")
    assert made["ip_config_name"] == "office"
    url, headers = f"/v1/{made['sid']}/messages/sender", {"api-key": made["api_key"]}
    assert (await api.client.get(url, headers=headers)).status_code == 403
    async with client_of(api.app, "198.51.100.9") as inside:
        assert (await inside.get(url, headers=headers)).status_code == 200
    path, clock = f"/{made['sid']}", api.context.clock
    unknown = await call(api, "PATCH", path, {"ip_config_name": "elsewhere"})
    assert (unknown.status_code, unknown.json()["code"]) == (400, "RBC2363")
    assert (await call(api, "GET", path)).json()["data"]["ip_config_name"] == "office"
    foreign = await add_customer(api.context.database, "HXEU0000000002GB", senders=())
    await pool.execute(add, foreign.account_id, "theirs", ["0.0.0.0/0"])
    assert (await call(api, "PATCH", path, {"ip_config_name": "theirs"})).json()["code"] == "RBC2363"
    child = await pool.fetchval("SELECT account_id FROM subaccount")
    await pool.execute(add, child, "shop", ["203.0.113.0/24"])
    assert (await call(api, "PATCH", path, {"ip_config_name": "shop"})).json()["data"]["ip_config_name"] == "shop"
    for empty in ("", None):
        changed = (await call(api, "PATCH", path, {"ip_config_name": empty})).json()
        assert changed["data"]["ip_config_name"] is None
    assert isinstance(clock, FrozenClock)
    clock.advance(6)
    assert (await api.client.get(url, headers=headers)).status_code == 200


async def test_keys_made_later_take_the_ip_configuration_of_the_parent(api: Api) -> None:
    pool = api.context.database.pool
    add = """INSERT INTO ip_config (account_id, name, networks, created_at, changed_at) VALUES ($1, $2, $3, now(), now())
             RETURNING id"""
    office = await pool.fetchval(add, api.customer.account_id, "office", ["198.51.100.0/24"])
    made = await create(api, ip_config_name="office")
    child = await pool.fetchval("SELECT account_id FROM subaccount")
    own = await pool.fetchval(add, child, "everywhere", ["0.0.0.0/0"])
    later = await create_key(api.context, child, "later", ip_config_id=own)
    url = f"/v1/{made['sid']}/messages/sender"
    assert (await api.client.get(url, headers={"api-key": later.key})).status_code == 403
    async with client_of(api.app, "198.51.100.9") as inside:
        assert (await inside.get(url, headers={"api-key": later.key})).status_code == 200
    await pool.execute("UPDATE api_key SET active = false WHERE account_id = $1 AND id <> $2", child, later.id)
    shown = (await call(api, "GET", f"/{made['sid']}")).json()["data"]
    assert shown["ip_config_name"] == "office"
    await pool.execute("UPDATE api_key SET ip_config_id = NULL")
    with pytest.raises(InUse, match="Store Nord"):
        await ip_configs.delete(api.context, api.customer.account_id, office)
    await call(api, "PATCH", f"/{made['sid']}", {"ip_config_name": ""})
    free = await create_key(api.context, child, "free")
    assert (await api.client.get(url, headers={"api-key": free.key})).status_code == 200
    await ip_configs.delete(api.context, api.customer.account_id, office)


async def test_keys_made_later_begin_with_the_subaccounts_own_set_that_its_parent_chose(api: Api) -> None:
    pool = api.context.database.pool
    add = """INSERT INTO ip_config (account_id, name, networks, created_at, changed_at) VALUES ($1, $2, $3, now(), now())
             RETURNING id"""
    made = await create(api)
    child = await pool.fetchval("SELECT account_id FROM subaccount")
    own, other = [await pool.fetchval(add, child, name, ["198.51.100.0/24"]) for name in ("shop", "other")]
    await call(api, "PATCH", f"/{made['sid']}", {"ip_config_name": "shop"})
    asked = (("later", {}), ("none", {"ip_config_id": None}), ("other", {"ip_config_id": other}))
    for name, chosen in asked:
        await create_key(api.context, child, name, **chosen)
    on_keys = await pool.fetch("SELECT ip_config_id FROM api_key WHERE account_id = $1 ORDER BY id", child)
    assert [row["ip_config_id"] for row in on_keys] == [own, own, None, other], "the first is the one there was"
    with pytest.raises(InUse, match="first key, later"):
        await ip_configs.delete(api.context, child, own)
    await pool.execute("UPDATE api_key SET ip_config_id = NULL WHERE account_id = $1", child)
    await ip_configs.delete(api.context, child, own)
    assert (await call(api, "GET", f"/{made['sid']}")).json()["data"]["ip_config_name"] is None
    assert await pool.fetchval("SELECT count(*) FROM ip_config WHERE account_id = $1", child) == 1


async def test_a_deleted_account_receives_nothing_on_shared_numbers(api: Api) -> None:
    made = await create(api)
    pool = api.context.database.pool
    account = await pool.fetchval("SELECT id FROM account WHERE sid = $1", made["sid"])
    await pool.execute(
        "INSERT INTO number (account_id, msisdn, shared, created_at) VALUES ($1, '447700900777', true, now())",
        api.customer.account_id,
    )
    await pool.execute(
        "INSERT INTO number_share (account_id, number_id, msisdn, created_at)"
        " SELECT $1, id, msisdn, now() FROM number WHERE msisdn = '447700900777'", account
    )  # fmt: skip
    assert (await call(api, "DELETE", f"/{made['sid']}")).json()["code"] == "RBC2347"
    assert await pool.fetchval("SELECT count(*) FROM number_share") == 0
    assert await pool.fetchval("SELECT shared FROM number WHERE msisdn = '447700900777'") is False
