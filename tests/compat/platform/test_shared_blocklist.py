"""Sharing the blocklist with sub-accounts by API, and what a sub-account cannot do with it (R-55)."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api_kit import Api, Customer, add_customer

NUMBER, BLOCKED = "+447700900123", [{"blocklist_status": 1, "numbers": ["+447700900123"]}]


async def add_child(api: Api) -> Customer:
    child = await add_customer(api.context.database, f"{api.customer.sid}_1", senders=())
    await api.context.database.pool.execute(
        "UPDATE account SET parent_id = $2 WHERE id = $1", child.account_id, api.customer.account_id
    )
    return child


async def call(api: Api, who: Customer, method: str, sid: str, body: Any = None, tail: str = "") -> httpx.Response:
    url = f"/v1/{sid}/contacts/blocklisted{tail}"
    return await api.client.request(method, url, json=body, headers=who.headers)


async def sharing(api: Api, who: Customer) -> dict[str, Any]:
    answer = await call(api, who, "GET", who.sid, tail="/sharing")
    assert answer.json()["code"] == "BLK200", answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_it_is_off_until_the_parent_switches_it_on(api: Api) -> None:
    child = await add_child(api)
    assert await sharing(api, api.customer) == {"share_blocklist": False, "applied_by_parent": False}
    for value in (True, "true", 1):
        answer = await call(api, api.customer, "PATCH", api.customer.sid, {"share_blocklist": value}, "/sharing")
        assert answer.json()["data"] == {"share_blocklist": True, "applied_by_parent": False}
    assert await sharing(api, child) == {"share_blocklist": False, "applied_by_parent": True}
    await call(api, api.customer, "PATCH", api.customer.sid, {"share_blocklist": "false"}, "/sharing")
    assert await sharing(api, child) == {"share_blocklist": False, "applied_by_parent": False}


async def test_an_account_that_may_have_no_subaccounts_does_not_choose(api: Api) -> None:
    child, parent, pool = await add_child(api), api.customer, api.context.database.pool
    await call(api, parent, "PATCH", parent.sid, {"share_blocklist": True}, "/sharing")
    gate = "UPDATE account SET settings = settings || $2 WHERE id = $1"
    await pool.execute(gate, parent.account_id, {"subaccounts_enabled": False})
    for value in (False, True):
        refused = await call(api, parent, "PATCH", parent.sid, {"share_blocklist": value}, "/sharing")
        assert (refused.status_code, refused.json()["code"]) == (403, "BLK403")
        assert "share_blocklist" in refused.json()["error"]
    assert (await sharing(api, child))["applied_by_parent"], "what was chosen stays"
    await pool.execute(gate, parent.account_id, {"subaccounts_enabled": True})
    answer = await call(api, parent, "PATCH", parent.sid, {"share_blocklist": False}, "/sharing")
    assert answer.json()["data"] == {"share_blocklist": False, "applied_by_parent": False}


async def test_a_wrong_value_is_refused_and_changes_nothing(api: Api) -> None:
    for body in ({}, {"share_blocklist": "maybe"}, {"share_blocklist": None}, {"share_blocklist": []}):
        answer = await call(api, api.customer, "PATCH", api.customer.sid, body, "/sharing")
        assert (answer.status_code, answer.json()["code"]) == (400, "BLK410")
        assert "share_blocklist" in answer.json()["error"]
    assert not (await sharing(api, api.customer))["share_blocklist"]


async def test_a_subaccount_neither_reads_nor_alters_the_shared_list(api: Api) -> None:
    child, parent = await add_child(api), api.customer
    await call(api, parent, "POST", parent.sid, {"channel": "sms", "contacts": BLOCKED})
    await call(api, parent, "PATCH", parent.sid, {"share_blocklist": True}, "/sharing")
    assert (await call(api, child, "GET", child.sid)).json()["data"]["total"] == 0
    asked = await api.client.get(
        f"/v1/{child.sid}/contacts/blocklisted", params={"mobile": NUMBER, "channel": "sms"}, headers=child.headers
    )
    assert asked.json()["data"]["contacts"][0]["blocklist_status"] == 0
    lifted = await call(
        api, child, "POST", child.sid,
        {"channel": "sms", "contacts": [{"blocklist_status": 0, "numbers": [NUMBER]}]},
    )  # fmt: skip
    assert lifted.json()["data"]["removed"] == 0
    refused = await call(api, child, "PATCH", child.sid, {"share_blocklist": False}, "/sharing")
    assert (refused.status_code, refused.json()["code"]) == (403, "BLK403")
    for method, body, tail in (
        ("GET", None, ""), ("POST", {"channel": "sms", "contacts": BLOCKED}, ""), ("GET", None, "/sharing"),
        ("PATCH", {"share_blocklist": False}, "/sharing"),
    ):  # fmt: skip
        answer = await call(api, child, method, parent.sid, body, tail)
        assert (answer.status_code, answer.json()["code"]) == (403, "BLK403"), (method, tail)
    assert (await sharing(api, parent))["share_blocklist"]
    assert (await call(api, parent, "GET", parent.sid)).json()["data"]["total"] == 1
    # The parent's key may work in the sub-account, but there, too, a sub-account has nobody to share with.
    assert (await call(api, parent, "PATCH", child.sid, {"share_blocklist": True}, "/sharing")).status_code == 403
