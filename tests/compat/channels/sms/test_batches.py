"""Batches in JSON and XML as clients send them (sms.md 3.7)."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.api_kit import SENDER, Api

TOP = {"channel": "SMS", "type": "TXN", "source": "API", "from": SENDER, "body": "Hello", "unicode": "Auto"}


async def post(api: Api, tail: str = "/sms/json", **kwargs: Any) -> httpx.Response:
    headers = {**api.customer.headers, **kwargs.pop("headers", {})}
    return await api.client.post(api.base + tail, headers=headers, **kwargs)


async def batch(api: Api, *nodes: Any, tail: str = "/sms/json", **top: Any) -> httpx.Response:
    return await post(api, tail, json={**TOP, **top, "sms": list(nodes)})


def problems(rows: list[Any]) -> list[str | None]:
    return [(row["options"] or {}).get("refused") for row in rows]


@pytest.mark.parametrize("family", ["messages", "sms"])
async def test_one_text_for_many_or_a_text_for_each(api: Api, family: str) -> None:
    answer = await batch(
        api, {"to": "447700900123", "body": "Hello A"}, {"to": "+44 7700 900124"}, tail=f"/{family}/json", prefix="+44"
    )
    assert answer.status_code == 202
    body = answer.json()
    expected = {
        "id": body["id"],
        "sender": SENDER,
        "type": "TXN",
        "body": "Hello",
        "source": "API",
        "createdDateTime": "2026-01-01 00:00:00+00:00",
        "totalCount": 2,
        "data": [
            {"message_id": f"{body['id']}:1", "recipient": "447700900123"},
            {"message_id": f"{body['id']}:2", "recipient": "447700900124"},
        ],
        "dlrurl": None,
        "error": {},
    }
    assert body == expected | ({"prefix": "+44"} if family == "sms" else {})
    rows = await api.stored()
    assert [(row["n"], row["recipient"], row["body"]) for row in rows] == [
        (1, "447700900123", "Hello A"),
        (2, "447700900124", "Hello"),
    ]


async def test_a_node_overrides_whatever_stands_on_top(api: Api) -> None:
    await api.context.database.pool.execute(
        "INSERT INTO sender (account_id, sender) VALUES ($1, 'OTHER')", api.customer.account_id
    )
    own = {
        "to": "447700900123", "from": "OTHER", "body": "Own", "type": "OTP", "flash": 1, "unicode": 1, "validity": 5,
        "template_id": "1107000000000000001", "entity_id": "1101000000000000001", "ref_custom": ["a", "b"],
        "time": "2026-01-01T01:00:00Z", "callback": "https://example.net/own",
    }  # fmt: skip
    answer = await batch(
        api, own, {"to": "447700900124"}, {"to": "447700900125"}, callback="https://example.net/top", sender=SENDER
    )
    assert answer.status_code == 202
    first, second, third = await api.stored()
    assert (first["sender"], first["body"], first["type"], first["status"]) == ("OTHER", "Own", "OTP", 10)
    assert first["options"] == {
        "unicode": "1", "flash": 1, "template_id": "1107000000000000001", "entity_id": "1101000000000000001",
        "ref_custom": ["a", "b"],
    }  # fmt: skip
    assert first["callback"]["url"].startswith("https://example.net/own")
    assert (second["sender"], second["status"], second["options"]) == (SENDER, 20, {"unicode": "Auto"})
    assert second["callback"]["url"].startswith("https://example.net/top")
    assert third["callback"] == second["callback"]
    queued = await api.context.database.pool.fetch(
        "SELECT n, priority, due_at > $1 AS later FROM submission ORDER BY n", first["created_at"]
    )
    assert [(row["n"], row["priority"], row["later"]) for row in queued] == [(1, 0, True), (2, 1, False), (3, 1, False)]


async def test_top_values_that_are_missing_come_back_as_null(api: Api) -> None:
    body = (await post(api, json={"sms": [{"to": "447700900123", "from": SENDER, "body": "x"}]})).json()
    assert (body["sender"], body["body"], body["type"]) == (None, None, "DEFAULT")
    assert "time" not in body


async def test_a_bad_node_gets_an_id_and_a_trace_and_the_others_go(api: Api) -> None:
    nodes = [
        {"to": "447700900123"},
        {"to": "12"},
        {"body": "nobody"},
        {"to": "447700900124", "from": "UNKNOWN"},
        {"to": "447700900125", "body": "x" * 1601},
        {"to": "447700900126", "type": "EXPRESS"},
        {"to": "447700900127", "template_id": "12"},
        {"to": "447700900128", "unicode": "maybe"},
        {"to": "447700900129", "time": "2025-01-01T00:00:00Z"},
        "447700900130",
        {"to": "447700900131", "ref_custom": {"a": 1}},
        {"to": "447700900132"},
    ]
    answer = await batch(api, *nodes)
    assert answer.status_code == 202
    body = answer.json()
    assert body["error"] == {}
    assert [row["message_id"] for row in body["data"]] == [f"{body['id']}:{n}" for n in range(1, 13)]
    rows = await api.stored()
    assert problems(rows) == [
        None, "INV-NUMBER", "INV-NUMBER", "SNDRID-NOT-ALLOTED", "MAX-LIMIT", "ROUTE-NOT-ENABLED", "TEMPLATE-NOT-FOUND",
        "INV-ENCODING", "INV-NODE", "INV-NODE", "INV-NODE", None,
    ]  # fmt: skip
    assert rows[3]["options"]["refused_because"].startswith("E605")


async def test_bad_nodes_are_listed_when_the_account_wants_that(api: Api) -> None:
    await api.context.database.pool.execute(
        "UPDATE account SET settings = '{\"report_invalid_in_response\": true}'::jsonb"
    )
    body = (await batch(api, {"to": "447700900123"}, {"to": "12"})).json()
    assert body["totalCount"] == 2
    assert body["error"]["invalid"] == ["12"]
    assert "E602" in body["error"]["nodes"]["2"]


async def test_without_a_usable_node_nothing_is_stored(api: Api) -> None:
    answer = await batch(api, {"to": "12"}, {"to": "447700900123", "from": "UNKNOWN"})
    assert (answer.status_code, answer.json()["code"]) == (400, "E623")
    assert "node 1: E602" in answer.json()["error"]["sms"]
    assert "node 2: E605" in answer.json()["error"]["sms"]
    assert await api.stored() == []


@pytest.mark.parametrize(
    ("top", "code", "field"),
    [
        ({"sms": []}, "E623", "sms"),
        ({"sms": "hello"}, "E623", "sms"),
        ({"sms": 7}, "E623", "sms"),
        ({"sms": None}, "E623", "sms"),
        ({"sms": [{"to": "447700900123"}] * 1001}, "E623", "sms"),
        ({"sms": [{"to": ",".join(["447700900123"] * 600)}] * 2}, "E603", "sms"),
        ({"type": "EXPRESS"}, "E608", "type"),
        ({"unicode": "maybe"}, "E622", "unicode"),
        ({"prefix": "+12345"}, "E621", "prefix"),
        ({"body": "x" * 1601}, "E607", "body"),
        ({"time": "soon"}, "E613", "time"),
        ({"time": "2026-01-01T00:10:00Z"}, "E614", "time"),
        ({"callback": "ftp://example.net"}, "E615", "callback"),
        ({"campaign_name": "spring sale"}, "E620", "campaign_name"),
        ({"channel": "whatsapp"}, "E400", "channel"),
        ({"url_data": {"shorten_url": 1, "url": "javascript:alert(1)"}}, "E617", "url_data"),
    ],
)
async def test_what_is_wrong_on_top_refuses_the_batch(api: Api, top: dict[str, Any], code: str, field: str) -> None:
    answer = await post(api, json={**TOP, "sms": [{"to": "447700900123"}], **top})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert field in answer.json()["error"]
    assert await api.stored() == []


async def test_lists_in_a_node_are_spread_and_duplicates_kept(api: Api) -> None:
    body = (await batch(api, {"to": "447700900123,447700900124"}, {"to": ["447700900123"]})).json()
    assert [row["recipient"] for row in body["data"]] == ["447700900123", "447700900124", "447700900123"]


async def test_a_thousand_nodes_are_one_request(api: Api) -> None:
    nodes = [{"to": str(447700000000 + i), "body": f"Text {i}"} for i in range(1000)]
    body = (await batch(api, *nodes)).json()
    assert body["totalCount"] == 1000
    rows = await api.stored()
    assert (rows[999]["n"], rows[999]["body"]) == (1000, "Text 999")
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM submission") == 1000


async def test_form_multipart_and_wrong_types_are_read_alike(api: Api) -> None:
    fields = {"from": SENDER, "body": "x", "sms": json.dumps([{"to": "447700900123"}])}
    document = json.dumps({**fields, "sms": [{"to": "447700900123"}]})
    answers = [
        await post(api, data=fields),
        await post(api, files={name: (None, value) for name, value in fields.items()}),
        await post(api, content=document, headers={"content-type": "application/x-www-form-urlencoded"}),
        await post(api, content=document, headers={"content-type": "application/xml", "accept": "application/json"}),
        await post(api, content=str(httpx.QueryParams(fields)), headers={"content-type": "application/json"}),
    ]
    assert [answer.status_code for answer in answers] == [202] * len(answers)
    assert len(await api.stored()) == len(answers)


async def test_nul_within_the_json_of_a_form_is_refused(api: Api) -> None:
    for node in (
        {"to": "447700900123\0"},
        {"to": "447700900123", "variables": {"a\0": "x"}},
        {"to": "447700900123", "body": "\0"},
    ):
        answer = await post(api, data={**TOP, "sms": json.dumps([node])})
        assert (answer.status_code, answer.json()["code"]) == (400, "E400")
        assert "sms" in answer.json()["error"]
    assert await api.stored() == []


async def test_R21_a_repeated_batch_is_one_batch(api: Api) -> None:
    document = {**TOP, "sms": [{"to": "447700900123"}, {"to": "447700900124"}]}
    headers = {"idempotency-key": "b-1"}
    first, second = await post(api, json=document, headers=headers), await post(api, json=document, headers=headers)
    assert first.json() == second.json()
    assert len(await api.stored()) == 2


XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<request>
  <channel>SMS</channel><type>TXN</type><source>API</source><prefix>+44</prefix><from>{SENDER}</from>
  <body><![CDATA[Fish & <chips>]]></body>
  <sms><to>7700900123</to><body>Grüße &amp; more</body></sms>
  <sms><to>447700900124</to></sms>
  <sms><to>12</to></sms>
</request>"""


@pytest.mark.parametrize("family", ["messages", "sms"])
async def test_xml_in_and_out(api: Api, family: str) -> None:
    answer = await post(api, f"/{family}/xml", content=XML, headers={"content-type": "application/xml"})
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/xml"
    tree = ET.fromstring(answer.content)
    assert tree.tag == "response"
    assert tree.findtext("sender") == SENDER
    assert tree.findtext("body") == "Fish & <chips>"
    assert tree.findtext("totalCount") == "3"
    assert tree.find("error") is not None
    assert not list(tree.find("error") or [])
    items = tree.findall("data/item")
    assert [item.findtext("recipient") for item in items] == ["447700900123", "447700900124", "12"]
    assert items[0].findtext("message_id") == f"{tree.findtext('id')}:1"
    rows = await api.stored()
    assert [row["body"] for row in rows] == ["Grüße & more", "Fish & <chips>", "Fish & <chips>"]
    assert problems(rows) == [None, None, "INV-NUMBER"]


@pytest.mark.parametrize("root", ["request", "api", "xmlapi"])
async def test_roots_and_the_answer_in_json(api: Api, root: str) -> None:
    document = XML.replace("<request>", f"<{root}>").replace("</request>", f"</{root}>")
    for tail, headers in (("/sms/xml", {"accept": "application/json"}), ("/sms/json", {})):
        answer = await post(api, tail, content=document, headers={"content-type": "text/xml", **headers})
        assert answer.status_code == 202
        assert answer.json()["totalCount"] == 3


@pytest.mark.parametrize("tail", ["/sms/xml", "/messages/json"])
@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE request [<!ENTITY a "b">]><request><sms><to>&a;</to></sms></request>',
        '<!DOCTYPE request SYSTEM "file:///etc/passwd"><request/>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1/">]><request><body>&x;</body></request>',
        "<request><sms>" + "<a>" * 20 + "</a>" * 20 + "</sms></request>",
        "<request>" + "<a/>" * 50_000 + "</request>",
        "<request><sms><to>447700900123</to></sms>",
        "<other><sms><to>447700900123</to></sms></other>",
        "<request>hello</request>",
        "<request><item>1</item></request>",
        '<?xml version="1.0" encoding="klingon"?><request/>',
        "<request>&undefined;</request>",
    ],
)
async def test_hostile_and_broken_xml_is_refused(api: Api, tail: str, document: str) -> None:
    answer = await post(api, tail, content=document, headers={"content-type": "application/xml"})
    assert answer.status_code == 400
    if tail.endswith("xml"):
        assert ET.fromstring(answer.content).findtext("code") == "E400"
    else:
        assert answer.json()["code"] == "E400"
    assert await api.stored() == []


async def test_failures_of_the_xml_path_are_xml(api: Api) -> None:
    answer = await api.client.post(f"{api.base}/sms/xml", content=XML, headers={"api-key": "wrong"})
    assert answer.status_code == 401
    assert ET.fromstring(answer.content).findtext("error/code") == "E401"


async def test_xml_stays_refused_where_it_is_not_spoken(api: Api) -> None:
    answer = await post(api, "/messages", content=XML, headers={"content-type": "application/xml"})
    assert answer.status_code == 415
