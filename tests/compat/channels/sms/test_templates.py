"""SMS templates by API: create, list, read, delete (sms.md 3.16)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api_kit import SENDER, SID, Api, add_customer, add_key, client_of

ROW = {"title": "Order sent", "content": "Dear {name}, it has left us.", "sender": SENDER, "purpose": "TXN"}
INDIAN = {
    **ROW, "content": "Dear {#var#}, it has left us.", "iso_code": "in", "template_id": "1107000000000000001",
    "entity_id": "1101000000000000001",
}  # fmt: skip


async def create(api: Api, *rows: Any, **kwargs: Any) -> httpx.Response:
    body = kwargs or {"json": {"data": list(rows)}}
    return await api.client.post(f"{api.base}/messages/template", headers=api.customer.headers, **body)


async def listed(api: Api, **params: Any) -> httpx.Response:
    return await api.client.get(f"{api.base}/messages/template", headers=api.customer.headers, params=params)


async def titles(api: Api, **params: Any) -> list[str]:
    answer = await listed(api, **params)
    assert answer.status_code == 200, answer.text
    return [row["title"] for row in answer.json()["data"]]


async def one(api: Api, name: Any, method: str = "GET") -> httpx.Response:
    return await api.client.request(method, f"{api.base}/messages/template/{name}", headers=api.customer.headers)


async def test_create_list_send_read_delete(api: Api) -> None:
    answer = await create(api, ROW, {**INDIAN, "title": "Indian", "defaults": {"var1": "friend"}})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], body["message"], body["error"]) == ("MSG111", "Template(s) created successfully", {})
    first, second = body["data"]
    assert (len(first["template_id"]), first["status"], second["status"]) == (19, 1, 0)
    row = (await listed(api, status='{"is":1}')).json()["data"]
    assert row == [
        {
            "id": first["id"], "title": "Order sent", "content": ROW["content"], "sender_id": SENDER,
            "template_id": first["template_id"], "entity_id": "", "purpose": "TXN", "iso_code": "gb", "language": "en",
            "status": 1, "version": 1, "created_at": row[0]["created_at"], "full_name": "API",
        }
    ]  # fmt: skip
    sent = await api.send(template_id=first["template_id"], template_data={"name": "Ann"}, body=None)
    assert sent.json()["body"] == "Dear Ann, it has left us."
    for name in (second["id"], "1107000000000000001"):
        assert (await one(api, name)).json()["data"]["title"] == "Indian"
    answer = await one(api, first["template_id"], "DELETE")
    assert answer.json() == {"code": "MSG114", "message": "Template deleted successfully", "data": [], "error": {}}
    assert (await one(api, first["id"])).status_code == 404
    assert await titles(api) == ["Indian"]
    assert await titles(api, status='{"is":3}') == ["Order sent"]
    assert (await create(api, ROW)).json()["code"] == "MSG111"


@pytest.mark.parametrize("family", ["messages", "sms"])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_every_form_of_a_creation(api: Api, version: str, family: str) -> None:
    path, headers = f"/{version}/{SID}/{family}/template", api.customer.headers
    answers = [
        await api.client.post(path, json={"data": [{**ROW, "sender": [SENDER]}]}, headers=headers),
        await api.client.post(path, json={"data": {**ROW, "title": "2"}}, headers=headers),
        await api.client.post(path, data={"data": json.dumps([{**ROW, "title": "3"}])}, headers=headers),
        await api.client.post(path, data={**ROW, "title": "4"}, headers=headers),
    ]
    assert [answer.json()["code"] for answer in answers] == ["MSG111"] * 4
    assert len((await api.client.get(path, headers=headers)).json()["data"]) == 4


async def test_rows_that_cannot_be_made_are_told_by_their_index(api: Api) -> None:
    answer = await create(api, {"title": "x"}, ROW, {**ROW, "title": "ORDER SENT"}, INDIAN, {**INDIAN, "title": "b"})
    body = answer.json()
    assert (answer.status_code, body["code"], len(body["data"])) == (200, "MSG112", 2)
    assert {index: text[:4] for index, text in body["error"].items()} == {"0": "E608", "2": "E633", "3": "E633"}


@pytest.mark.parametrize(
    ("row", "status", "code", "field"),
    [
        ({"title": ""}, 400, "E632", "title"),
        ({"title": "x" * 101}, 400, "E632", "title"),
        ({"content": " "}, 400, "E632", "content"),
        ({"content": "x" * 1601}, 400, "E632", "content"),
        ({"content": "{a}{b}"}, 400, "E632", "content"),
        ({"content": "Dear {#var}"}, 400, "E632", "content"),
        ({"content": "Dear { #var# }"}, 400, "E632", "content"),
        ({"content": ["a"]}, 400, "E632", "content"),
        ({"sender": None}, 400, "E604", "sender"),
        ({"sender": "NOTMINE"}, 400, "E605", "sender"),
        ({"sender": [{"a": 1}]}, 400, "E627", "sender"),
        ({"purpose": None}, 400, "E608", "purpose"),
        ({"purpose": "FREE"}, 400, "E608", "purpose"),
        ({"template_id": "12"}, 400, "E609", "template_id"),
        ({"iso_code": "zz"}, 400, "E629", "iso_code"),
        ({"language": "english!"}, 400, "E632", "language"),
        ({"defaults": ["a"]}, 400, "E632", "defaults"),
        ({"defaults": {"other": "a"}}, 400, "E632", "defaults"),
        ({"defaults": {"name": "x" * 201}}, 400, "E632", "defaults"),
        ({"iso_code": "us", "purpose": "MKT"}, 400, "E632", "content"),
        ({**INDIAN, "template_id": None}, 400, "E609", "template_id"),
        ({**INDIAN, "entity_id": None}, 400, "E626", "entity_id"),
        ({**INDIAN, "content": "Dear {name}, hello"}, 400, "E632", "content"),
        ({**INDIAN, "content": "Hi {#var#}"}, 400, "E632", "content"),
        ({**INDIAN, "defaults": {"var1": "x" * 31}}, 400, "E632", "defaults"),
    ],
)
async def test_a_bad_row_is_refused_and_nothing_is_made(
    api: Api, row: dict[str, Any], status: int, code: str, field: str
) -> None:
    given = {name: value for name, value in {**ROW, **row}.items() if value is not None}
    answer = await create(api, given)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, [])
    assert {field, "0"} <= answer.json()["error"].keys()
    assert await titles(api) == []


async def test_what_the_account_has_is_a_conflict_and_others_may_have_it_too(api: Api) -> None:
    await create(api, INDIAN)
    for row in (INDIAN, {**INDIAN, "template_id": "1107000000000000002"}, {**INDIAN, "title": "other"}):
        answer = await create(api, row)
        assert (answer.status_code, answer.json()["code"]) == (409, "E633")
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    path = f"/v1/{other.sid}/messages/template"
    answer = await api.client.post(path, json={"data": [INDIAN]}, headers=other.headers)
    assert answer.json()["code"] == "MSG111"
    mine = (await listed(api)).json()["data"][0]["id"]
    for name in (mine, "9" * 19, "0", "x", "1" * 40):
        for method in ("GET", "DELETE"):
            answer = await api.client.request(method, f"{path}/{name}", headers=other.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "E404")
    assert await titles(api) == ["Order sent"]


async def test_filters_and_pages(api: Api) -> None:
    await create(
        api, ROW, {**ROW, "title": "Offer 50%", "purpose": "MKT"}, {**INDIAN, "title": "Code", "purpose": "OTP"}
    )
    assert await titles(api) == ["Code", "Offer 50%", "Order sent"]
    assert await titles(api, title='{"like":"OR"}') == ["Order sent"]
    assert await titles(api, title='{"like":"%"}') == ["Offer 50%"]
    assert await titles(api, title="code") == ["Code"]
    assert await titles(api, status="0") == ["Code"]
    assert await titles(api, status='{"in":[1,"pending"]}', purpose="mkt") == ["Offer 50%"]
    assert await titles(api, sender_id=SENDER, limit=1, page=2) == ["Offer 50%"]
    assert await titles(api, sender_id="OTHER") == []
    assert await titles(api, created_at='{"from":"2020-01-01","to":"2020-12-31"}') == []
    assert len(await titles(api, created_at='{"from":"2020-01-01"}')) == 3
    assert (await listed(api, limit=2)).json()["meta"] == {"page": 1, "limit": 2, "total": 3}
    for bad in ({"status": "9"}, {"status": '{"bad":1}'}, {"title": "{"}, {"limit": "501"}, {"sender_id": '{"is":{}}'}):
        assert (await listed(api, **bad)).json()["code"] == "E400"
    assert (await listed(api, created_at="yesterday")).json()["code"] == "E634"


async def test_a_template_that_scheduled_messages_need_stays(api: Api) -> None:
    made = (await create(api, {**ROW, "content": "Hello"})).json()["data"][0]
    await api.send(template_id=made["template_id"], body=None)
    await api.context.database.pool.execute("UPDATE message SET status = 10")
    answer = await one(api, made["id"], "DELETE")
    assert (answer.status_code, answer.json()["code"]) == (409, "E636")


async def test_a_thousand_at_once_and_no_more(api: Api) -> None:
    rows = [{**ROW, "title": f"Template {n}"} for n in range(1001)]
    assert (await create(api, *rows)).json()["code"] == "E632"
    answer = await create(api, *rows[:1000])
    assert (answer.json()["code"], len(answer.json()["data"])) == ("MSG111", 1000)
    assert (await create(api, json={"data": []})).json()["code"] == "E632"


async def test_the_key_must_fit(api: Api) -> None:
    _, key = await add_key(api.context.database, api.customer.account_id, active=False)
    async with client_of(api.app) as client:
        answer = await client.get(f"{api.base}/messages/template", headers={"api-key": key})
    assert answer.status_code == 401
