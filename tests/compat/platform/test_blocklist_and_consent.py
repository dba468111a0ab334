"""The Blocklist and Consent APIs in the forms that clients use (platform.md 9 and 10.1), and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api_kit import Api, add_customer

NUMBER, OTHER, THIRD = "+447700900123", "+447700900124", "+447700900125"


async def block(api: Api, body: dict[str, Any], base: str = "", **kwargs: Any) -> httpx.Response:
    path = (base or api.base) + "/contacts/blocklisted"
    return await api.client.post(path, headers=api.customer.headers, **(kwargs or {"json": body}))


async def blocked(api: Api, **params: str) -> httpx.Response:
    return await api.client.get(f"{api.base}/contacts/blocklisted", params=params, headers=api.customer.headers)


async def test_numbers_are_blocked_listed_and_unblocked(api: Api) -> None:
    body = {"channel": "sms", "contacts": [{"blocklist_status": 1, "numbers": [NUMBER, OTHER]}]}
    answer = await block(api, body)
    assert answer.status_code == 200
    assert answer.json() == {
        "code": "BLK200", "message": "Request executed successfully", "data": {"added": 2, "removed": 0, "failed": []}, "error": {},
    }  # fmt: skip
    again = {"channel": "sms", "contacts": [*body["contacts"], {"blocklist_status": 0, "numbers": [THIRD]}]}  # type: ignore[misc]
    assert (await block(api, again, f"/v2/{api.customer.sid}")).json()["data"] == {
        "added": 0,
        "removed": 0,
        "failed": [],
    }
    listed = (await blocked(api, channel="sms", limit="1", offset="1")).json()["data"]
    assert {**listed, "contacts": []} == {"total": 2, "limit": 1, "offset": 1, "contacts": []}
    assert listed["contacts"] == [
        {
            "mobile": OTHER,
            "channel": "sms",
            "blocklist_status": 1,
            "source": "api",
            "created_at": "2026-01-01T00:00:00Z",
        }
    ]
    asked = (await blocked(api, channel="sms", mobile=f"{NUMBER},{THIRD}")).json()["data"]["contacts"]
    assert [(row["mobile"], row["blocklist_status"]) for row in asked] == [(NUMBER, 1), (THIRD, 0)]
    lifted = await block(api, {"channel": "sms", "contacts": [{"blocklist_status": "0", "numbers": [NUMBER]}]})
    assert lifted.json()["data"] == {"added": 0, "removed": 1, "failed": []}


async def test_all_channels_forms_and_partly_wrong_numbers(api: Api) -> None:
    contacts = json.dumps([{"blocklist_status": 1, "numbers": [NUMBER, "nonsense"]}])
    answer = await block(api, {}, data={"channel": '["sms","voice"]', "contacts": contacts})
    assert answer.json()["code"] == "BLK207"
    failed = [{"number": "nonsense", "code": "BLK408", "message": "Invalid number"}]
    assert answer.json()["data"] == {"added": 2, "removed": 0, "failed": failed}
    email = {"channel": "email", "contacts": [{"blocklist_status": 1, "numbers": ["A@Example.org"]}]}
    assert (await block(api, email)).json()["data"]["added"] == 1
    rows = (await blocked(api)).json()["data"]["contacts"]
    assert {(row["channel"], row["mobile"]) for row in rows} == {
        ("sms", NUMBER), ("voice", NUMBER), ("email", "a@example.org"),
    }  # fmt: skip


MANY = [f"+4477009{i:05d}" for i in range(101)]
ONE = [{"blocklist_status": 1, "numbers": [NUMBER]}]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"contacts": ONE}, "BLK402", "channel"),
        ({"channel": "fax", "contacts": ONE}, "BLK402", "channel"),
        ({"channel": ["sms", 5], "contacts": ONE}, "BLK402", "channel"),
        ({"channel": "sms"}, "BLK404", "contacts"),
        ({"channel": "sms", "contacts": [1]}, "BLK404", "contacts"),
        ({"channel": "sms", "contacts": [{"blocklist_status": 1}]}, "BLK404", "numbers"),
        ({"channel": "sms", "contacts": [{"blocklist_status": 1, "numbers": [{}]}]}, "BLK404", "numbers"),
        ({"channel": "sms", "contacts": [{"blocklist_status": 2, "numbers": [NUMBER]}]}, "BLK405", "blocklist_status"),
        ({"channel": "sms", "contacts": [{"blocklist_status": 1, "numbers": MANY}]}, "BLK406", "numbers"),
        ({"channel": "sms", "contacts": [*ONE, {"blocklist_status": 0, "numbers": [NUMBER]}]}, "BLK407", "numbers"),
        ({"channel": "sms", "contacts": [*ONE, {"blocklist_status": 0, "numbers": ["0044 7700 900123"]}]}, "BLK407", "contacts"),
    ],
)  # fmt: skip
async def test_bad_blocklist_requests_change_nothing(api: Api, body: dict[str, Any], code: str, field: str) -> None:
    answer = await block(api, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert field in answer.json()["error"]
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM blocklist_entry") == 0


async def test_bad_questions_and_foreign_accounts(api: Api) -> None:
    for params in ({"limit": "101"}, {"limit": "x"}, {"offset": "-1"}):
        assert (await blocked(api, **params)).json()["code"] == "BLK409"
    assert (await blocked(api, mobile="x")).json()["code"] == "BLK408"
    stranger = await add_customer(api.context.database, "HXEU0000000009GB")
    await block(api, {"channel": "sms", "contacts": ONE})
    seen = await api.client.get(f"/v1/{stranger.sid}/contacts/blocklisted", headers=stranger.headers)
    assert seen.json()["data"]["total"] == 0
    theirs = [{"blocklist_status": 0, "numbers": [NUMBER]}]
    lifted = await api.client.post(
        f"/v1/{stranger.sid}/contacts/blocklisted",
        json={"channel": "sms", "contacts": theirs},
        headers=stranger.headers,
    )
    assert lifted.json()["data"]["removed"] == 0
    crossed = await api.client.get(f"/v1/{stranger.sid}/contacts/blocklisted", headers=api.customer.headers)
    assert crossed.status_code == 403
    assert (await blocked(api)).json()["data"]["total"] == 1


STATEMENT = {
    "channel": "sms", "sender_identifier": "STROWG", "contact_identifier": NUMBER, "source": "web", "consent_status": "OPT_IN",
}  # fmt: skip


async def state(api: Api, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in {**STATEMENT, **changes}.items() if value is not None}
    return await api.client.post(f"{api.base}/consent", json=body, headers=api.customer.headers)


async def validate(api: Api, *contacts: str, **changes: Any) -> list[int]:
    body = {"channel": "sms", "sender_identifier": "STROWG", "contact_identifiers": list(contacts), **changes}
    answer = await api.client.post(f"{api.base}/consent/validate", json=body, headers=api.customer.headers)
    assert answer.status_code == 200, answer.text
    return [row["status"] for row in answer.json()["data"]]


async def test_the_newest_statement_wins_and_older_ones_are_history(api: Api) -> None:
    answer = await state(api, timestamp="2025-12-31T10:00:00Z", request_identifier="form-7")
    assert answer.status_code == 202
    assert answer.json() == {"data": {"request_identifier": "form-7", "status": "accepted", "result": "stored"}}
    older = await state(api, timestamp="2025-12-30T10:00:00+00:00", consent_status="OPT_OUT")
    assert older.json()["data"]["result"] == "older"
    assert await validate(api, NUMBER, OTHER) == [1, -1]
    await state(api, consent_status="opt_out")
    await state(api, contact_identifier=OTHER, consent_status="DEACTIVATED")
    assert await validate(api, NUMBER, OTHER) == [0, 2]
    assert await validate(api, NUMBER, consent_category="news", consent_topic="offers") == [-1]
    history = await api.context.database.pool.fetch("SELECT status, applied FROM consent_history ORDER BY id")
    assert [tuple(row) for row in history] == [(1, True), (0, False), (0, True), (2, True)]
    listed = await api.client.get(
        f"{api.base}/consent", params={"channel": "sms", "status": "2"}, headers=api.customer.headers
    )
    assert (listed.json()["total"], listed.json()["data"][0]["contact_identifier"]) == (1, OTHER)


async def test_the_result_is_told_to_a_callback(api: Api) -> None:
    await state(api, x_callback_url="https://example.net/consent", request_identifier="r1")
    (row,) = await api.context.database.pool.fetch("SELECT event, target, variables FROM callback")
    assert row["target"]["url"] == "https://example.net/consent"
    assert row["variables"] == {
        "request_identifier": "r1", "contact_identifier": NUMBER, "result": "stored", "reason": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"channel": "fax"}, "CNS402", "channel"),
        ({"sender_identifier": None}, "CNS400", "sender_identifier"),
        ({"contact_identifier": "nobody"}, "CNS400", "contact_identifier"),
        ({"consent_status": "MAYBE"}, "CNS400", "consent_status"),
        ({"source": "dream"}, "CNS400", "source"),
        ({"timestamp": "yesterday"}, "CNS400", "timestamp"),
        ({"timestamp": "2026-02-01T00:00:00Z"}, "CNS400", "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "CNS400", "timestamp"),
        ({"consent_category": "news"}, "CNS400", "consent_topic"),
        ({"x_callback_url": "ftp://example.net"}, "CNS400", "x_callback_url"),
    ],
)
async def test_bad_statements_change_nothing(api: Api, changes: dict[str, Any], code: str, field: str) -> None:
    answer = await state(api, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert field in answer.json()["error"]
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM consent_history") == 0


async def test_conversions_are_counted_for_the_watch(api: Api) -> None:
    answer = await api.client.post(f"{api.base}/guard/conversions", json={"to": NUMBER}, headers=api.customer.headers)
    assert answer.json() == {"code": "GRD200", "message": "Conversion counted", "data": {"to": NUMBER}, "error": {}}
    rows = await api.context.database.pool.fetch("SELECT prefix, conversions FROM prefix_traffic ORDER BY prefix")
    assert [tuple(row) for row in rows] == [("447700", 1), ("44770090", 1)]
    wrong = await api.client.post(f"{api.base}/guard/conversions", json={"to": "x"}, headers=api.customer.headers)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "GRD400")


async def test_what_every_operation_answers_has_the_blocklists_codes(api: Api) -> None:
    for headers, base, status in (
        ({"api-key": "A" + "0" * 32}, api.base, 401),
        (api.customer.headers, "/v1/HXEU0000000404GB", 403),
    ):
        answer = await api.client.get(f"{base}/contacts/blocklisted", headers=headers)
        body = answer.json()
        assert (answer.status_code, body["code"], body["data"]) == (status, f"BLK{status}", {})
        assert body["error"]["code"] == f"BLK{status}"
    for content in (b'{"channel":', b"[1]"):
        answer = await api.client.post(
            f"{api.base}/contacts/blocklisted", content=content, headers=api.customer.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "BLK400")


async def test_R45_the_result_of_a_consent_is_not_told_to_a_private_address(api: Api) -> None:
    body = {
        "channel": "sms",
        "sender_identifier": "ACME",
        "contact_identifier": NUMBER,
        "source": "web",
        "consent_status": "OPT_IN",
    }
    for url, status in (("http://10.0.0.1/x", 400), ("http://[fd00::1]/x", 400), ("http://127.0.0.1:9999/x", 202)):
        sent = {**body, "x_callback_url": url}
        answer = await api.client.post(f"{api.base}/consent", json=sent, headers=api.customer.headers)
        assert answer.status_code == status, url
        if status == 400:
            assert (answer.json()["code"], "x_callback_url" in answer.json()["error"]) == ("CNS400", True)
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM callback") == 1
