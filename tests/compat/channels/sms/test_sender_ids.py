"""Sender IDs by API: create, list, delete (sms.md 3.12)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api_kit import SENDER, SID, Api, add_customer

ROW = {"sender": "ACMEGB", "description": "Order news", "iso_code": "gb"}
INDIAN = {"sender": "DEMOHX", "description": "Order news", "iso_code": "in", "entity_id": "1101000000000000001"}


async def create(api: Api, *rows: Any, path: str = "/messages/sender", **kwargs: Any) -> httpx.Response:
    body = kwargs or {"json": {"data": list(rows)}}
    return await api.client.post(api.base + path, headers=api.customer.headers, **body)


async def listed(api: Api, path: str = "/messages/sender", **params: str) -> list[dict[str, Any]]:
    answer = await api.client.get(api.base + path, headers=api.customer.headers, params=params)
    assert (answer.status_code, answer.json()["code"]) == (200, "MSG110")
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def delete(api: Api, sender: Any, **kwargs: Any) -> httpx.Response:
    body = kwargs or {"json": {"sender": sender}}
    return await api.client.request("DELETE", f"{api.base}/messages/sender", headers=api.customer.headers, **body)


async def test_create_list_send_delete(api: Api) -> None:
    answer = await create(api, ROW, INDIAN)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], body["message"], body["error"]) == ("MSG107", "Sender ID(s) created successfully", {})
    assert [{**row, "id": 0} for row in body["data"]] == [
        {"id": 0, "sender": "ACMEGB", "iso_code": "gb", "status": "Approved"},
        {"id": 0, "sender": "DEMOHX", "iso_code": "in", "status": "Pending"},
    ]
    rows = {row["identifier"]: row for row in await listed(api)}
    assert rows["DEMOHX"] == {
        "id": body["data"][1]["id"], "identifier": "DEMOHX", "sender": "DEMOHX", "description": "Order news",
        "iso_code": "in", "entity_id": "1101000000000000001", "status": "Pending", "purpose": "TXN",
        "created_at": rows["DEMOHX"]["created_at"],
    }  # fmt: skip
    assert [row["id"] for row in await listed(api, "/messages/identifier")] == [row["id"] for row in await listed(api)]
    assert len(await listed(api, page="2", limit="1")) == 1
    assert (await api.send(sender="ACMEGB")).status_code == 202
    answer = await delete(api, ["ACMEGB", "DEMOHX"])
    assert answer.status_code == 200
    assert answer.json() == {
        "code": "MSG108", "message": "Sender ID(s) deleted successfully", "data": [], "error": {},
    }  # fmt: skip
    assert [row["sender"] for row in await listed(api)] == [SENDER]
    stored = await api.context.database.pool.fetchval("SELECT status FROM sender WHERE sender = 'ACMEGB'")
    assert stored == "Deleted"  # reports keep the name
    assert (await create(api, ROW)).json()["code"] == "MSG107"  # and it may come again


@pytest.mark.parametrize("family", ["messages", "sms"])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_every_form_of_a_creation(api: Api, version: str, family: str) -> None:
    path = f"/{version}/{SID}/{family}/sender"
    headers = api.customer.headers
    answers = [
        await api.client.post(path, json={"data": [ROW]}, headers=headers),
        await api.client.post(path, json={"data": {**ROW, "sender": "ONE"}}, headers=headers),
        await api.client.post(path, data={"data": json.dumps([{**ROW, "sender": "TWO"}])}, headers=headers),
        await api.client.post(path, data={**ROW, "sender": "THREE"}, headers=headers),
    ]
    assert [answer.json()["code"] for answer in answers] == ["MSG107"] * 4
    listed = await api.client.get(path, headers=headers)
    assert [row["sender"] for row in listed.json()["data"]] == [SENDER, "ACMEGB", "ONE", "TWO", "THREE"]
    for body in ({"sender": "ONE"}, {"sender": "TWO,THREE"}):
        answer = await api.client.request("DELETE", path, data=body, headers=headers)
        assert answer.json()["code"] == "MSG108"


async def test_rows_that_cannot_be_made_are_told_by_their_index(api: Api) -> None:
    answer = await create(
        api, {**ROW, "sender": "ä"}, ROW, ROW, {**ROW, "sender": SENDER, "iso_code": "xx"}, {"sender": "GOOD"}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert (body["code"], [row["sender"] for row in body["data"]]) == ("MSG109", ["ACMEGB"])
    assert {index: reason[:4] for index, reason in body["error"].items()} == {
        "0": "E627", "2": "E628", "3": "E629", "4": "E629",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "status", "code", "field"),
    [
        ({"sender": None}, 400, "E604", "sender"),
        ({"sender": "ab"}, 400, "E627", "sender"),
        ({"sender": "much too long"}, 400, "E627", "sender"),
        ({"sender": "٣٣٣٣"}, 400, "E627", "sender"),
        ({"sender": ["ACME"]}, 400, "E627", "sender"),
        ({"sender": " .&- "}, 400, "E627", "sender"),
        ({"sender": "ACME", "iso_code": "us"}, 400, "E627", "sender"),
        ({"iso_code": None}, 400, "E629", "iso_code"),
        ({"iso_code": "zz"}, 400, "E629", "iso_code"),
        ({"iso_code": "gbr"}, 400, "E629", "iso_code"),
        ({"description": ""}, 400, "E631", "description"),
        ({"description": "x" * 256}, 400, "E631", "description"),
        ({"purpose": "OTHER"}, 400, "E400", "purpose"),
        ({**INDIAN, "entity_id": None}, 400, "E626", "entity_id"),
        ({**INDIAN, "entity_id": "12"}, 400, "E626", "entity_id"),
        ({**INDIAN, "sender": "DEMO"}, 400, "E627", "sender"),
        ({**INDIAN, "purpose": "MKT"}, 400, "E627", "sender"),
    ],
)
async def test_a_bad_row_is_refused_and_nothing_is_made(
    api: Api, row: dict[str, Any], status: int, code: str, field: str
) -> None:
    given = {name: value for name, value in {**ROW, **row}.items() if value is not None}
    answer = await create(api, given)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, [])
    assert {field, "0"} <= answer.json()["error"].keys()
    assert len(await listed(api)) == 1


async def test_what_the_account_has_is_a_conflict(api: Api) -> None:
    await create(api, ROW)
    answer = await create(api, ROW)
    assert (answer.status_code, answer.json()["code"]) == (409, "E628")
    assert (await create(api, {**ROW, "iso_code": "DE"})).json()["code"] == "MSG107"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "E630"), ({"data": []}, "E630"), ({"data": "nonsense"}, "E400"), ({"data": ["ACME"]}, "E400"), ({"data": 7}, "E400")],
)  # fmt: skip
async def test_what_is_no_list_of_rows(api: Api, body: dict[str, Any], code: str) -> None:
    answer = await create(api, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_up_to_5000_are_created_and_100_deleted_at_once(api: Api) -> None:
    rows = [{**ROW, "sender": f"S{n}X"} for n in range(5001)]
    answer = await create(api, *rows)
    assert (answer.status_code, answer.json()["code"]) == (400, "E630")
    answer = await create(api, *rows[:5000])
    assert (answer.status_code, len(answer.json()["data"])) == (200, 5000)
    names = [row["sender"] for row in rows]
    assert (await delete(api, names[:101])).json()["code"] == "E630"
    assert (await delete(api, names[:100])).json()["code"] == "MSG108"
    assert len(await listed(api)) == 4901


async def test_a_number_is_approved_at_once_only_for_its_owner(api: Api) -> None:
    pool, account = api.context.database.pool, api.customer.account_id
    await pool.execute("INSERT INTO number (account_id, msisdn) VALUES ($1, '447700900001')", account)
    answer = await create(api, {**ROW, "sender": "447700900001"}, {**ROW, "sender": "+447700900002"})
    assert [(row["sender"], row["status"]) for row in answer.json()["data"]] == [
        ("447700900001", "Approved"), ("447700900002", "Pending"),
    ]  # fmt: skip


async def test_in_india_digits_are_promotional_and_the_accounts_entity_serves_all(api: Api) -> None:
    await api.context.database.pool.execute("UPDATE account SET settings = $1", {"entity_id": "1101000000000000009"})
    api.app.state.gateway.keys.forget()
    await create(api, {"sender": "567890", "description": "Offers", "iso_code": "IN"})
    row = next(row for row in await listed(api) if row["sender"] == "567890")
    assert (row["purpose"], row["entity_id"]) == ("MKT", "1101000000000000009")


async def test_a_sender_that_scheduled_messages_need_stays(api: Api) -> None:
    await create(api, ROW)
    await api.send(sender="ACMEGB")
    await api.context.database.pool.execute("UPDATE message SET status = 10")
    answer = await delete(api, ["ACMEGB"])
    assert (answer.status_code, answer.json()["code"]) == (409, "E630")
    assert "ACMEGB" in answer.json()["error"]["sender"]
    assert len(await listed(api)) == 2


async def test_a_sender_that_a_scheduled_campaign_needs_stays(api: Api) -> None:
    await create(api, ROW)
    await api.context.database.pool.execute(
        "INSERT INTO campaign (account_id, id, channel, name, state, sender, type, pace, created_at)"
        " VALUES ($1, gen_random_uuid(), 'sms', 'Spring', 'scheduled', 'ACMEGB', 'MKT', 10, now())", api.customer.account_id,
    )  # fmt: skip
    assert (await delete(api, ["ACMEGB"])).json()["code"] == "E630"
    await api.context.database.pool.execute("UPDATE campaign SET state = 'submitted'")
    assert (await delete(api, ["ACMEGB"])).json()["code"] == "MSG108"


@pytest.mark.parametrize("given", [["NOTMINE"], [], [{"a": 1}], None])
async def test_deleting_what_is_not_there(api: Api, given: Any) -> None:
    answer = await delete(api, given)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (400, "E630", [])


async def test_a_deletion_with_an_unknown_name_deletes_nothing(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB", senders=("OTHERS",))
    answer = await delete(api, [SENDER, "OTHERS"])
    assert answer.json()["error"]["sender"] == "Not found: OTHERS"
    assert len(await listed(api)) == 1
    states = await api.context.database.pool.fetchval(
        "SELECT status FROM sender WHERE account_id = $1", other.account_id
    )
    assert states == "Approved"
