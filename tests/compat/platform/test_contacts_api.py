"""The Contacts API: contacts, tags, who wears them; what it refuses, and that nobody reaches another's directory."""

from __future__ import annotations

from typing import Any

import httpx

from strowger.platform.directory import service
from tests.api_kit import Api, Customer, add_customer, add_key

NUMBER, OTHER = "+447700900123", "+447700900124"


async def call(api: Api, method: str, tail: str = "", customer: Customer | None = None, **more: Any) -> httpx.Response:
    who = customer or api.customer
    path = f"/v1/{who.sid}/contacts{tail}"
    return await api.client.request(method, path, headers=who.headers, **more)


async def add(api: Api, **body: Any) -> dict[str, Any]:
    answer = await call(api, "POST", json={"mobile": NUMBER, **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_a_contact_is_added_read_changed_and_deleted(api: Api) -> None:
    pool = api.context.database.pool
    await api.context.database.run(
        lambda c: service.create_field(
            c, api.customer.account_id, "Customer number", "number", now=api.context.clock.now()
        )
    )
    made = await add(
        api,
        name="Ada",
        email="Ada@example.com",
        fields={"customer number": 4711},
        tags=["VIP", "London"],
        blocklist=["sms"],
    )
    assert made["fields"] == {"Customer number": 4711}
    assert (made["tags"], made["blocklist"], made["country"], made["email"]) == (
        ["London", "VIP"],
        ["sms"],
        "GB",
        "ada@example.com",
    )
    assert await pool.fetchval("SELECT source FROM blocklist_entry") == "api"
    for way in (str(made["id"]), "%2B447700900123", NUMBER):
        assert (await call(api, "GET", f"/{way}")).json()["data"] == made
    changed = await call(api, "PATCH", f"/{made['id']}", json={"name": "Ada L.", "tags": ["VIP"], "blocklist": []})
    assert changed.status_code == 200
    assert {**changed.json()["data"], "updated_at": ""} == {
        **made,
        "name": "Ada L.",
        "tags": ["VIP"],
        "blocklist": [],
        "updated_at": "",
    }
    assert await pool.fetchval("SELECT count(*) FROM blocklist_entry") == 0
    assert (await call(api, "POST", json={"mobile": "07700 900123"})).json()["code"] == "DIR406"
    assert (await call(api, "DELETE", f"/{made['id']}")).json()["data"] == {"id": made["id"]}
    assert (await call(api, "GET", f"/{made['id']}")).json()["code"] == "DIR404"


async def test_pages_and_filters(api: Api) -> None:
    for n in range(5):
        await add(api, mobile=f"+44770090010{n}", tags=["Even"] if n % 2 == 0 else [], email=f"p{n}@example.com")
    first = (await call(api, "GET", params={"limit": "2"})).json()["data"]
    second = (await call(api, "GET", params={"limit": "2", "after": str(first["next"])})).json()["data"]
    assert [c["mobile"][-1] for c in first["contacts"] + second["contacts"]] == ["4", "3", "2", "1"]
    even = (await call(api, "GET", params={"tag": "even"})).json()["data"]
    assert ([c["mobile"][-1] for c in even["contacts"]], even["next"]) == (["4", "2", "0"], None)
    named = (await call(api, "GET", params={"mobile": "07700900101,+447700900103"})).json()["data"]["contacts"]
    assert [c["mobile"][-1] for c in named] == ["3", "1"]
    assert len((await call(api, "GET", params={"email": "P3@example.com"})).json()["data"]["contacts"]) == 1
    for wrong in ({"limit": "0"}, {"limit": "101"}, {"after": "x"}):
        assert (await call(api, "GET", params=wrong)).json()["code"] == "DIR410"
    assert (await call(api, "GET", params={"tag": "nobody"})).json()["code"] == "DIR405"


async def test_bad_input_names_the_field_and_changes_nothing(api: Api) -> None:
    for body, code, field in (
        ({"mobile": "12"}, "DIR401", "mobile"), ({"name": "<b>"}, "DIR402", "name"), ({"email": "x"}, "DIR402", "email"),
        ({"country": "Mars"}, "DIR402", "country"), ({"fields": {"none": 1}}, "DIR403", "fields"),
        ({"fields": [1]}, "DIR403", "fields"),
        ({"tags": ["a|b"]}, "DIR408", "name"), ({"blocklist": ["fax"]}, "DIR411", "channels"),
        ({"blocklist": ["email"]}, "DIR411", "channels"), ({"tags": [{}]}, "DIR408", "tags"), ({"name": ["a"]}, "DIR402", "name"),
    ):  # fmt: skip
        answer = await call(api, "POST", json={"mobile": NUMBER, **body})
        assert answer.status_code == 400, (body, answer.text)
        assert (answer.json()["code"], field in answer.json()["error"]) == (code, True), (body, answer.text)
    pool = api.context.database.pool
    assert await pool.fetchval("SELECT count(*) FROM contact") == 0
    assert await pool.fetchval("SELECT count(*) FROM tag") == 0


async def test_tags_are_made_worn_renamed_and_deleted(api: Api) -> None:
    made = (await call(api, "POST", "/tags", json={"name": "VIP", "colour": "info"})).json()["data"]
    assert (await call(api, "POST", "/tags", json={"name": "vip"})).json()["code"] == "DIR407"
    worn = await call(api, "POST", "/tags/VIP/contacts", json={"add": [NUMBER, OTHER, "07700 900124"], "remove": []})
    assert worn.json()["data"] == {"added": 2, "removed": 0}
    assert (await call(api, "POST", "/tags/VIP/contacts", data={"remove": OTHER})).json()["data"] == {
        "added": 0,
        "removed": 1,
    }
    renamed = await call(api, "PATCH", f"/tags/{made['id']}", json={"name": "Friends"})
    assert {k: renamed.json()["data"][k] for k in ("name", "colour", "contacts")} == {
        "name": "Friends",
        "colour": "info",
        "contacts": 1,
    }
    assert [t["name"] for t in (await call(api, "GET", "/tags")).json()["data"]["tags"]] == ["Friends"]
    assert (await call(api, "DELETE", "/tags/friends")).status_code == 200
    assert len((await call(api, "GET")).json()["data"]["contacts"]) == 2
    for body, code in (({"add": ["x"]}, "DIR401"), ({}, "DIR401"), ({"add": [NUMBER]}, "DIR405")):
        assert (await call(api, "POST", "/tags/gone/contacts", json=body)).json()["code"] == code
    assert (await call(api, "POST", "/tags", json={"name": "x", "colour": "pink"})).json()["code"] == "DIR408"


async def test_R56_nobody_reaches_the_directory_of_another(api: Api) -> None:
    mine = await add(api, tags=["VIP"])
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    assert (await call(api, "GET", customer=other)).json()["data"]["contacts"] == []
    for method, tail in (("GET", ""), ("PATCH", ""), ("DELETE", "")):
        for way in (str(mine["id"]), NUMBER):
            answer = await call(api, method, f"/{way}{tail}", customer=other, json={"name": "Mallory"})
            assert answer.json()["code"] == "DIR404"
    tag = (await call(api, "GET", "/tags")).json()["data"]["tags"][0]["id"]
    for method, tail in (("PATCH", f"/tags/{tag}"), ("DELETE", f"/tags/{tag}"), ("POST", f"/tags/{tag}/contacts")):
        assert (await call(api, method, tail, customer=other, json={"name": "x", "add": [OTHER]})).json()[
            "code"
        ] == "DIR405"
    theirs = await call(api, "POST", customer=other, json={"mobile": NUMBER, "name": "Bob"})
    assert theirs.status_code == 201  # a number is unique in an account, not beyond it
    assert (await call(api, "GET", f"/{mine['id']}")).json()["data"]["name"] == ""


async def test_a_key_needs_the_scope_and_the_blocklist_makes_contacts(api: Api) -> None:
    _, key = await add_key(api.context.database, api.customer.account_id, name="narrow", scopes=["campaigns.read"])
    narrow = Customer(api.customer.account_id, api.customer.sid, key, 0)
    assert (await call(api, "GET", customer=narrow)).status_code == 200
    assert (await call(api, "POST", customer=narrow, json={"mobile": NUMBER})).status_code == 403
    body = {"channel": "sms", "contacts": [{"blocklist_status": 1, "numbers": [NUMBER]}]}
    assert (await call(api, "POST", "/blocklisted", json=body)).json()["data"]["added"] == 1
    found = (await call(api, "GET")).json()["data"]["contacts"]
    assert [(c["mobile"], c["blocklist"], c["source"], c["country"]) for c in found] == [
        (NUMBER, ["sms"], "blocklist", "GB")
    ]
