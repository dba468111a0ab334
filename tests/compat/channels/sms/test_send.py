"""Sends in the exact forms that clients use (sms.md 2 and 3)."""

from __future__ import annotations

import json
from uuid import UUID

import httpx
import pytest

from tests.api_kit import SENDER, Api

FIELDS = {"to": "447700900123", "sender": SENDER, "body": "Grüße & more", "type": "TXN", "ref": "order-7"}
URLENCODED = "application/x-www-form-urlencoded"


async def post(api: Api, path: str = "/messages", **kwargs: object) -> httpx.Response:
    headers = {**api.customer.headers, **kwargs.pop("headers", {})}  # type: ignore[dict-item]
    return await api.client.post(api.base + path, headers=headers, **kwargs)  # type: ignore[arg-type]


def encoded(fields: dict[str, str]) -> str:
    return str(httpx.QueryParams(fields))


@pytest.mark.parametrize("family", ["messages", "sms"])
@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_every_path_of_a_send_answers_alike(api: Api, family: str, prefix: str, version: str) -> None:
    path = f"{prefix}/{version}/{api.customer.sid}/{family}"
    answer = await api.client.post(path, json=FIELDS, headers=api.customer.headers)
    assert answer.status_code == 202
    assert answer.json()["data"][0]["recipient"] == "447700900123"


async def test_the_success_envelope(api: Api) -> None:
    answer = await post(api, json=FIELDS)
    assert answer.status_code == 202
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    UUID(body["id"])
    assert body == {
        "id": body["id"],
        "sender": SENDER,
        "type": "TXN",
        "body": "Grüße & more",
        "source": "API",
        "createdDateTime": "2026-01-01 00:00:00+00:00",
        "totalCount": 1,
        "data": [{"message_id": f"{body['id']}:1", "recipient": "447700900123"}],
        "dlrurl": None,
        "error": {},
    }
    assert list(body)[:6] == ["id", "sender", "type", "body", "source", "createdDateTime"]


async def test_what_was_answered_is_on_disk(api: Api) -> None:
    body = (await post(api, json=FIELDS)).json()
    (row,) = await api.stored()
    assert (str(row["request_id"]), row["n"], row["body"], row["type"]) == (body["id"], 1, "Grüße & more", "TXN")
    assert row["options"] == {"ref": "order-7"}
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM submission") == 1


async def test_all_forms_of_a_request_are_equal(api: Api) -> None:
    form = encoded(FIELDS)
    answers = [
        await post(api, json=FIELDS),
        await post(api, data=FIELDS),
        await post(api, files={name: (None, value) for name, value in FIELDS.items()}),
        await post(api, params=FIELDS),
        await post(api, content=form, headers={"content-type": "application/json"}),
        await post(api, content=json.dumps(FIELDS), headers={"content-type": URLENCODED}),
        await post(api, content=json.dumps(FIELDS), headers={"content-type": "text/plain"}),
        await post(api, content=form),
        await api.client.get(f"{api.base}/messages", params=FIELDS, headers=api.customer.headers),
        await api.client.request("GET", f"{api.base}/messages", json=FIELDS, headers=api.customer.headers),
    ]
    assert [answer.status_code for answer in answers] == [202] * len(answers)
    bodies = [{**answer.json(), "id": "", "data": []} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    rows = await api.stored()
    assert {(row["recipient"], row["body"], row["options"]["ref"]) for row in rows} == {
        ("447700900123", "Grüße & more", "order-7")
    }
    assert len(rows) == len(answers)


async def test_the_key_may_come_in_header_form_json_or_query(api: Api) -> None:
    key = api.customer.key
    url = f"{api.base}/messages"
    answers = [
        await api.client.post(url, data={**FIELDS, "api-key": key}),
        await api.client.post(url, json={**FIELDS, "api-key": key}),
        await api.client.post(url, params={"api-key": key}, json=FIELDS),
        await api.client.get(url, params={**FIELDS, "api-key": key}),
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    assert all(row["options"] == {"ref": "order-7"} for row in await api.stored())


async def test_echoes_of_the_sms_family(api: Api) -> None:
    fields = {
        "to": "7700900123", "sender": SENDER, "body": "x", "prefix": "+44", "ref_custom": "['a','b, c']",
        "unicode": "1", "flash": "1", "template_id": "1107000000000000001",
    }  # fmt: skip
    body = (await post(api, "/sms", data=fields)).json()
    assert body["data"][0]["recipient"] == "447700900123"
    assert (body["prefix"], body["ref_custom"], body["template_id"]) == ("+44", ["a", "b, c"], "1107000000000000001")
    assert (body["unicode"], body["flash"]) == (1, 1)
    (row,) = await api.stored()
    assert row["options"]["unicode"] == "1"
    assert row["options"]["flash"] == 1


async def test_auto_is_not_echoed_as_a_number(api: Api) -> None:
    assert "unicode" not in (await api.send(unicode="Auto")).json()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("+44 7700-900 123, 0044(7700)900124", ["447700900123", "447700900124"]),
        (["447700900123", 447700900124], ["447700900123", "447700900124"]),
        (447700900123, ["447700900123"]),
        (447700900123.0, ["447700900123"]),
        ("447700900123,+447700900123,447700900124", ["447700900123", "447700900124"]),
        ("['447700900123','447700900124']", ["447700900123", "447700900124"]),
        ("447700900123,,", ["447700900123"]),
    ],
)
async def test_recipients_in_every_spelling(api: Api, given: object, expected: list[str]) -> None:
    body = (await api.send(to=given)).json()
    assert [entry["recipient"] for entry in body["data"]] == expected
    assert [entry["message_id"] for entry in body["data"]] == [f"{body['id']}:{n + 1}" for n in range(len(expected))]
    assert body["totalCount"] == len(expected)


async def test_an_unescaped_plus_in_a_query_is_a_plus(api: Api) -> None:
    query = f"to=+447700900123,+447700900124&sender={SENDER}&body=x&prefix=+91"
    answer = await api.client.get(f"{api.base}/messages?{query}", headers=api.customer.headers)
    assert [entry["recipient"] for entry in answer.json()["data"]] == ["447700900123", "447700900124"]


async def test_a_space_after_a_comma_is_just_a_space(api: Api) -> None:
    data = {"to": "7700900123, 7700900124", "sender": SENDER, "body": "x", "prefix": "44"}
    answer = await post(api, data=data)
    assert [entry["recipient"] for entry in answer.json()["data"]] == ["447700900123", "447700900124"]


async def test_invalid_numbers_among_valid_ones_get_an_id(api: Api) -> None:
    body = (await api.send(to="447700900123,12")).json()
    assert body["error"] == {}
    assert [entry["recipient"] for entry in body["data"]] == ["447700900123", "12"]


async def test_invalid_numbers_are_listed_when_the_account_wants_it(api: Api) -> None:
    await api.context.database.pool.execute(
        "UPDATE account SET settings = '{\"report_invalid_in_response\": true}'::jsonb"
    )
    body = (await api.send(to="447700900123,12")).json()
    assert body["error"] == {"invalid": ["12"]}
    assert [entry["recipient"] for entry in body["data"]] == ["447700900123"]


async def test_a_type_that_the_account_does_not_use_is_refused(api: Api) -> None:
    """sms.md 3.13: E608 by the API; a node of a batch ends with ROUTE-NOT-ENABLED instead."""
    await api.context.database.pool.execute("""UPDATE account SET settings = '{"route_types": ["TXN", "OTP"]}'""")
    for type_ in ("MKT", "PROMO", "DEFAULT", None):
        answer = await api.send(type=type_)
        assert (answer.status_code, answer.json()["code"]) == (400, "E608")
        assert "type" in answer.json()["error"]
    assert (await api.send(type="TXN")).status_code == 202
    nodes = [{"to": "447700900123", "type": "MKT"}, {"to": "447700900124"}]
    answer = await post(api, "/sms/json", json={"from": SENDER, "body": "Hi", "type": "TXN", "sms": nodes})
    assert answer.status_code == 202
    options = [row["options"] or {} for row in await api.stored()]
    assert [one.get("refused") for one in options] == [None, "ROUTE-NOT-ENABLED", None]


async def test_hundred_recipients_pass(api: Api) -> None:
    numbers = [str(447700900000 + n) for n in range(100)]
    body = (await api.send(to=",".join(numbers))).json()
    assert body["totalCount"] == 100
    assert len(await api.stored()) == 100


@pytest.mark.parametrize("name", ["sender", "from"])
async def test_the_sender_has_two_names(api: Api, name: str) -> None:
    fields = {"to": "447700900123", "body": "x", name: SENDER}
    assert (await post(api, json=fields)).status_code == 202


async def test_callback_as_url_and_as_object(api: Api) -> None:
    url = "https://example.net/dlr?id={id}"
    assert (await api.send(callback=url)).json()["dlrurl"] == url
    body = (await api.send(callback={"url": "https://example.net/a", "method": "POST"})).json()
    assert body["dlrurl"] == "https://example.net/a"
    text = json.dumps({"url": "https://example.net/b", "header": {"x-api-key": "secret"}})
    assert (await post(api, data={**FIELDS, "callback": text})).json()["dlrurl"] == "https://example.net/b"
    for bare in ("https://example.net/c", "https://example.net/c?k=1#part"):
        assert (await api.send(callback=bare)).json()["dlrurl"] == bare
    stored = [row["callback"] for row in await api.stored()]
    assert "c?id={id}&recipient=" in stored.pop(3)["url"]
    assert "c?k=1&id={id}" in stored.pop(3)["url"]
    assert [target["url"] for target in stored] == [url, "https://example.net/a", "https://example.net/b"]
    assert "secret" not in json.dumps(stored)


async def test_priority_follows_the_type(api: Api) -> None:
    for type_ in ("OTP", "TXN", "MKT"):
        await api.send(type=type_)
    rows = await api.context.database.pool.fetch("SELECT priority FROM submission ORDER BY request_id")
    assert [row["priority"] for row in rows] == [0, 1, 2]


async def test_validity_bounds_the_life_of_the_message(api: Api) -> None:
    await api.send(validity="5")
    (row,) = await api.stored()
    assert (row["valid_until"] - row["created_at"]).total_seconds() == 300


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE message; --",
        "<script>alert(1)</script>",
        "{{7*7}} ${x} %s %(a)s",
        "\u202eשלום 👩\u200d👩\u200d👧 \u2028",
        "a\r\nb\tc",
    ],
)
async def test_hostile_text_is_delivered_literally(api: Api, text: str) -> None:
    body = (await api.send(body=text, ref=text, source=text[:50])).json()
    assert body["body"] == text
    (row,) = await api.stored()
    assert (row["body"], row["source"], row["options"]["ref"]) == (text, text[:50], text)
