"""The older query-string API as its clients speak it (sms.md 3.17)."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from strowger.channels.sms.pipeline import SmsRules
from tests.api_kit import SENDER, Api, add_customer


async def get(api: Api, path: str = "/v4/", **params: Any) -> httpx.Response:
    params = {"api_key": api.customer.key, **params}
    return await api.client.get(path, params={k: v for k, v in params.items() if v is not None})


async def send(api: Api, **params: Any) -> dict[str, Any]:
    answer = await get(api, method="sms", **{"to": "447700900123", "message": "Hello", "sender": SENDER, **params})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def row(name: str, mobile: str, **custom: str) -> dict[str, str]:
    return {
        "id": name, "customid": "", "customid1": "", "customid2": "", "mobile": mobile, "status": "AWAITED-DLR",
        "senttime": "", "dlrtime": "", **custom,
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/v4/", "/v4", "/api/v4/"])
async def test_a_send_by_query(api: Api, path: str) -> None:
    answer = await get(
        api, path, method="sms", to="447700900123", message="Hello", sender=SENDER, custom="a", custom1="b", custom2="c"
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    (stored,) = await api.stored()
    assert answer.json() == {
        "status": "OK",
        "code": "200",
        "message": "Campaign of 1 numbers Submitted successfully.",
        "data": [row(f"{stored['request_id']}:1", "447700900123", customid="a", customid1="b", customid2="c")],
    }
    assert stored["options"] == {"ref": "a", "ref1": "b", "ref2": "c"}


async def test_a_send_by_form_to_several_is_a_group(api: Api) -> None:
    fields = {
        "api_key": api.customer.key,
        "method": "sms",
        "to": "447700900123,447700900124",
        "message": "x",
        "sender": SENDER,
    }
    body = (await api.client.post("/v4/", data=fields)).json()
    assert body["message"] == "Campaign of 2 numbers Submitted successfully."
    group = body["data"]["group_id"]
    assert body["data"] == {
        "group_id": group, "0": row(f"{group}:1", "447700900123"), "1": row(f"{group}:2", "447700900124"),
    }  # fmt: skip


async def test_options_and_dlrurl(api: Api) -> None:
    body = await send(
        api, unicode="1", flash="1", dlrurl="https://example.net/d?s={status}&m={msgid}&n={mobile}&c={custom}"
    )
    assert body["status"] == "OK"
    (stored,) = await api.stored()
    assert stored["options"]["unicode"] == "1"
    assert stored["options"]["flash"] == 1
    assert stored["callback"]["url"] == "https://example.net/d?s={v4_status}&m={id}&n={mobile}&c={ref}"
    await send(api, dlrurl="https://example.net/d")
    stored = (await api.stored())[-1]
    assert (stored["callback"]["url"], stored["callback"]["method"]) == (
        "https://example.net/d?status={v4_status}&msgid={id}", "GET",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-01-02 12:58:00", "2026-01-02T07:28:00+00:00"),
        ("2026-01-02 12:58", "2026-01-02T07:28:00+00:00"),
        ("2026-01-02 11:17PM", "2026-01-02T17:47:00+00:00"),
        ("2026-01-02T12:58:00+00:00", "2026-01-02T12:58:00+00:00"),
    ],
)
async def test_scheduling_in_the_accounts_zone(api: Api, time: str, expected: str) -> None:
    await api.context.database.pool.execute("UPDATE account SET time_zone = 'Asia/Kolkata'")
    body = await send(api, time=time)
    assert body["message"] == "Campaign of 1 numbers Scheduled successfully."
    due = await api.context.database.pool.fetchval("SELECT due_at FROM submission")
    assert due.isoformat() == expected


async def test_a_batch_in_a_field_json_and_in_a_field_xml(api: Api) -> None:
    batch = {
        "message": "Hello", "sender": SENDER,
        "sms": [{"to": "447700900123", "message": "Own", "msgid": "7", "custom1": "y"}, {"to": "447700900124", "custom": "z"}],
    }  # fmt: skip
    xml = (
        f"<api><campaign>spring sale</campaign><sender>{SENDER}</sender><message>Hello</message>"
        "<sms><to>447700900123</to><message>Own</message></sms><sms><to>447700900124</to></sms></api>"
    )
    for method, field, text in (("sms.json", "json", json.dumps(batch)), ("sms.xml", "xml", xml)):
        fields = {"api_key": api.customer.key, "method": method, field: text}
        body = (await api.client.post("/v4/", data=fields)).json()
        assert body["message"] == "Campaign of 2 numbers Submitted successfully."
        assert [body["data"][n]["mobile"] for n in "01"] == ["447700900123", "447700900124"]
        if field == "json":
            assert (body["data"]["0"]["customid"], body["data"]["0"]["customid1"]) == ("7", "y")
            assert body["data"]["1"]["customid"] == "z"
    rows = await api.stored()
    assert [stored["body"] for stored in rows] == ["Own", "Hello"] * 2
    assert rows[2]["campaign_name"] == "spring_sale"


async def test_status_in_the_older_spelling(api: Api) -> None:
    first = (await send(api))["data"][0]["id"]
    pool = api.context.database.pool
    ids = [first]
    for status, trace in ((90, "DELIVERED"), (80, "ABSENT-SUB"), (70, "DND-NUMB"), (40, "SUBMITTED")):
        ids.append((await send(api, custom=trace))["data"][0]["id"])
        await pool.execute(
            "UPDATE message SET status = $1, trace = $2 WHERE request_id = $3", status, trace, ids[-1].split(":")[0]
        )
    answer = (await get(api, method="sms.status", id=",".join([*ids, "nonsense"]), numberinfo="1")).json()
    assert (answer["status"], answer["message"]) == ("OK", "Processed Successfully")
    assert [found["status"] for found in answer["data"]] == [
        "AWAITED-DLR", "DELIVRD", "ABSENT-SUB", "DNDNUMB", "AWAITED-DLR", "INVALID-MSGID",
    ]  # fmt: skip
    assert answer["data"][1]["custom"] == "DELIVERED"
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    foreign = await api.client.get("/v4/", params={"api_key": other.key, "method": "sms.status", "id": first})
    assert foreign.json()["data"][0]["status"] == "INVALID-MSGID"


async def test_a_schedule_is_moved_and_cancelled(api: Api) -> None:
    group = (await send(api, time="2026-01-02 12:00:00"))["data"][0]["id"].split(":")[0]
    moved = (await get(api, method="sms.schedule", groupid=group, task="modify", time="2026-01-03 12:00:00")).json()
    assert (moved["status"], moved["message"]) == ("OK", "Campaign updated successfully")
    gone = (await get(api, method="sms.schedule", groupid=group, task="delete")).json()
    assert gone["message"] == "Campaign canceled successfully and credits are refunded."
    assert (await get(api, method="sms.schedule", groupid=group, task="delete")).json()["code"] == "A434"
    assert (await get(api, method="sms.schedule", groupid="7", task="delete")).json()["code"] == "A431"
    assert (await get(api, method="sms.schedule", groupid=group, task="pause")).json()["code"] == "A400"


async def test_credits_and_usage(api: Api) -> None:
    await api.context.database.pool.execute(
        "INSERT INTO wallet (account_id, balance) VALUES ($1, 12.5)", api.customer.account_id
    )
    answer = (await get(api, method="account.credits")).json()
    assert float(answer["data"]["credits"]) == 12.5
    usage = (await get(api, method="sms.usagecredit", **{"from": "2026-01-01", "to": "2026-01-02"})).json()
    assert (usage["startdate"], usage["enddate"], usage["total_sms"], usage["data"]) == (
        "2026-01-01",
        "2026-01-02",
        0,
        [],
    )
    assert (await get(api, method="sms.usagecredit", **{"from": "2025-01-01"})).json()["code"] == "A406"


# The number of the second message is open, too.
BATCH = '{"message": "Hello", "sms": [{"to": "447700900123", "sender": "%s"}, {"sender": "%s", "to": "%s"}]}'
XML = "<api><sms><to>447700900123</to><message>x</message><sender>NOBODY</sender></sms></api>"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"api_key": None}, "A402"),
        ({"api_key": "wrong"}, "A404"),
        ({"method": None}, "A401"),
        ({"method": "sms.fly"}, "A405"),
        ({"to": None}, "A412"),
        ({"to": "12"}, "A412"),
        ({"to": ",".join(str(447700900000 + i) for i in range(101))}, "A416"),
        ({"message": None}, "A413"),
        ({"message": "x" * 1001}, "A413"),
        ({"message": "ж" * 501}, "A413"),
        ({"sender": "NOBODY"}, "A414"),
        ({"sender": None}, "A414"),
        ({"template_id": "12"}, "A415"),
        ({"time": "tomorrow"}, "A406"),
        ({"time": "2026-01-01 00:05:00"}, "A406"),
        ({"unicode": "maybe"}, "A400"),
        ({"dlrurl": "ftp://example.net"}, "A400"),
        ({"port": "2000"}, "A400"),
        ({"port": "65536"}, "A400"),
        ({"method": "sms.json", "json": "nonsense"}, "A400"),
        ({"method": "sms.json", "json": "{}"}, "A412"),
        ({"method": "sms.json", "json": BATCH % ("NOBODY", "NOONE", "447700900124")}, "A414"),
        ({"method": "sms.json", "json": BATCH % ("NOBODY", SENDER, "12")}, "A400"),
        (
            {
                "method": "sms.xml",
                "xml": XML,
            },
            "A414",
        ),
        ({"method": "sms.xml"}, "A400"),
        ({"method": "sms.xml", "xml": "<!DOCTYPE a><api/>"}, "A400"),
        ({"method": "sms.status", "id": ""}, "A400"),
    ],
)
async def test_failures_have_their_codes_and_send_nothing(api: Api, params: dict[str, Any], code: str) -> None:
    given = {"method": "sms", "to": "447700900123", "message": "Hello", "sender": SENDER, **params}
    answer = await get(api, **given)
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (200, "ERROR", code)
    assert body["message"]
    assert await api.stored() == []


async def test_the_key_may_not_be_used_from_elsewhere(api: Api) -> None:
    await api.context.database.pool.execute("UPDATE api_key SET networks = '[\"198.51.100.0/24\"]'::jsonb")
    assert (await get(api, method="account.credits")).json()["code"] == "A407"


async def test_a_message_for_a_port_is_measured_with_its_header(api: Api) -> None:
    assert (await send(api, port="2948", message="a" * 153))["status"] == "OK"
    (stored,) = await api.stored()
    assert stored["options"]["port"] == 2948
    assert SmsRules().measure(stored["body"], stored["options"]).units == 2
    present = await api.send(port=2948, body="x")
    assert present.status_code == 202
    refused = await api.send(port=80)
    assert (refused.status_code, refused.json()["error"].get("port")) == (
        400,
        "Must be a whole number from 2001 to 65535",
    )


async def test_other_forms_of_the_answer(api: Api) -> None:
    given = {"method": "sms", "to": "447700900123", "message": "Hello", "sender": SENDER}
    tree = ET.fromstring((await get(api, format="xml", **given)).content)
    assert tree.findtext("status") == "OK"
    assert tree.findtext("data/item/mobile") == "447700900123"
    called = await get(api, format="jsonp", callback="shop.done", **given)
    assert called.text.startswith("/**/shop.done({")
    assert called.headers["content-type"].startswith("application/javascript")
    hostile = await get(api, format="jsonp", callback="alert(1);x", **given)
    assert hostile.headers["content-type"] == "application/json"
    text = (await get(api, format="php", **given)).text
    assert text.startswith('a:4:{s:6:"status";s:2:"OK";s:4:"code";s:3:"200";')
    assert 's:4:"data";a:1:{i:0;a:8:{s:2:"id";' in text
