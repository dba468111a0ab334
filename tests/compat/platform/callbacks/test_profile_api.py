"""The callback profile API as a client meets it: envelopes, codes, objects (platform.md 5)."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from strowger.platform.callbacks.service import CallbackEngine
from tests.api_kit import Api, add_customer, add_key
from tests.receiver import receiver

NEW = {
    "title": "dlr main", "channel": "sms", "http_method": "POST", "url": "http://127.0.0.1:9999/dlr",
    "body": {"id": "<id>", "status": "<status>"},
}  # fmt: skip
ENC = {"algo": "AES-128-CFB", "key": "0123456789abcdef", "IV": "fedcba9876543210"}
BASIC = {"type": "basic", "username": "ada", "password": "s3cret"}
TOKEN = {"auth_url": "http://127.0.0.1:9999/token", "client_id": "me", "client_secret": "hidden"}


async def call(api: Api, method: str, tail: str = "", **params: Any) -> httpx.Response:
    headers = params.pop("headers_", api.customer.headers)
    keyword = "params" if method == "GET" else "json"
    body = params or None
    return await api.client.request(method, f"{api.base}/callback/profiles{tail}", headers=headers, **{keyword: body})


async def make(api: Api, **params: Any) -> dict[str, Any]:
    answer = await call(api, "POST", **{**NEW, **params})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def test_create_answers_the_object_of_the_reference(api: Api) -> None:
    answer = await call(api, "POST", **NEW)
    body = answer.json()
    assert answer.status_code == 201
    assert {name: body[name] for name in ("code", "message", "error", "status")} == {
        "code": "RBC024", "message": "Profile created successfully", "error": {}, "status": 201,
    }  # fmt: skip
    data = body["data"]
    assert re.fullmatch(r"EU_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", data["profile_id"])
    wanted = {
        "title": "dlr main", "url": "http://127.0.0.1:9999/dlr", "http_method": "POST", "headers": "{}", "body_type": "json",
        "body": '{"id":"<id>","status":"<status>"}', "status": 1, "enc": {}, "response_message": "", "channel": "sms",
        "events": '["sms_send"]', "dynamic_variables": '["id","status"]',
        "replacers": {"id": "<id>", "status": "<status>"}, "created_at": "2026-01-01T00:00:00.000Z",
        "modified_at": "2026-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert {name: data[name] for name in wanted} == wanted
    assert data["retry"]["count"] == 9
    again = await call(api, "GET", f"/{data['profile_id']}")
    assert (again.status_code, again.json()["message"]) == (200, "Profile fetched successfully")
    assert again.json()["data"] == data


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_forms_with_objects_as_texts_are_the_same(api: Api, prefix: str) -> None:
    form = {**NEW, "body": json.dumps(NEW["body"]), "headers": '{"x-a":"1"}', "events": "sms_send,sms_mo"}
    url = f"{prefix}/{api.customer.sid}/callback/profiles"
    answer = await api.client.post(url, data=form, headers=api.customer.headers)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["body"], data["events"]) == ('{"id":"<id>","status":"<status>"}', '["sms_send","sms_mo"]')


async def test_secrets_are_masked_unless_revealed_and_masks_that_come_back_keep_them(api: Api) -> None:
    auth = {"type": "advanced", "advanced": TOKEN}
    made = await make(api, enc=ENC, headers={"x-key": "topsecret"}, auth=auth)
    assert made["enc"] == {**ENC, "key": "****ef", "iv_mode": "static"}
    assert made["headers"] == '{"x-key":"****et"}'
    assert made["auth"]["advanced"]["client_secret"] == "****en"
    assert made["signing_secrets"][0].startswith("****")
    path = f"/{made['profile_id']}"
    echoed = await call(
        api, "PATCH", path, enc=made["enc"], headers=made["headers"], auth=made["auth"], title="new one"
    )
    assert echoed.status_code == 200
    shown = (await call(api, "GET", path, reveal="1")).json()["data"]
    assert shown["title"] == "new one"
    assert shown["enc"]["key"] == ENC["key"]
    assert shown["headers"] == '{"x-key":"topsecret"}'
    assert shown["auth"]["advanced"]["client_secret"] == "hidden"
    assert shown["signing_secrets"][0].startswith("whsec_")
    stored = await api.context.database.pool.fetchrow("SELECT * FROM callback_profile")
    text = repr(dict(stored))
    assert not any(secret in text for secret in (ENC["key"], "topsecret", "hidden"))


@pytest.mark.parametrize(
    ("params", "code", "field"),
    [
        ({"title": "ab"}, "RBC303", "title"),
        ({"title": "a/b/c"}, "RBC303", "title"),
        ({"title": None}, "RBC303", "title"),
        ({"title": "x" * 101}, "RBC303", "title"),
        ({"http_method": "PATCH"}, "RBC305", "http_method"),
        ({"http_method": None}, "RBC305", "http_method"),
        ({"url": "ftp://example.net"}, "RBC306", "url"),
        ({"url": "https://<host>/x"}, "RBC306", "url"),
        ({"url": "https://u:p@example.net/"}, "RBC306", "url"),
        ({"url": "http://10.0.0.1/"}, "RBC306", "url"),
        ({"url": "http://169.254.169.254/latest"}, "RBC306", "url"),
        ({"body": None}, "RBC307", "body"),
        ({"body": "text"}, "RBC307", "body"),
        ({"body": ["a"]}, "RBC307", "body"),
        ({"body": {"a": "x" * 20_001}}, "RBC307", "body"),
        ({"body_type": "yaml"}, "RBC307", "body_type"),
        ({"dynamic_variables": ["a b"]}, "RBC307", "dynamic_variables"),
        ({"enc": {**ENC, "algo": "DES"}}, "RBC308", "enc"),
        ({"enc": {**ENC, "key": "short"}}, "RBC308", "enc"),
        ({"enc": {**ENC, "IV": "short"}}, "RBC308", "enc"),
        ({"enc": {**ENC, "algo": "AES-128-GCM", "iv_mode": "static"}}, "RBC308", "enc"),
        ({"channel": "fax"}, "RBC309", "channel"),
        ({"events": ["wa_status"]}, "RBC309", "events"),
        ({"auth": {"type": "digest"}}, "RBC311", "auth"),
        ({"auth": {"type": "basic", "username": "a"}}, "RBC311", "auth"),
        ({"auth": {"type": "advanced", "advanced": {**TOKEN, "client_secret": ""}}}, "RBC311", "auth"),
        ({"auth": {"type": "advanced", "advanced": {**TOKEN, "auth_url": "http://192.168.1.1/"}}}, "RBC311", "auth"),
        ({"headers": {"Host": "x"}}, "RBC315", "headers"),
        ({"headers": {"x-callback-id": "x"}}, "RBC315", "headers"),
        ({"headers": {"x-a": "1\r\nx-b: 2"}}, "RBC315", "headers"),
        ({"headers": {"x-a": "y" * 1025}}, "RBC315", "headers"),
        ({"headers": {f"x-{n}": "1" for n in range(21)}}, "RBC315", "headers"),
        ({"retry": {"count": 10}}, "RBC316", "retry"),
        ({"retry": {"count": 1, "interval": [0]}}, "RBC316", "retry"),
        ({"statuses": ["GONE"]}, "RBC316", "statuses"),
    ],
)
async def test_bad_fields_are_refused_by_name_and_nothing_is_made(api: Api, params: Any, code: str, field: str) -> None:
    answer = await call(api, "POST", **{**NEW, **params})
    body = answer.json()
    assert (answer.status_code, body["code"], body["data"], body["status"]) == (400, code, {}, 400)
    assert list(body["error"][0]) == [field]
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM callback_profile") == 0


async def test_titles_are_unique_within_the_account_alone(api: Api) -> None:
    made = await make(api)
    again = await call(api, "POST", **{**NEW, "title": "DLR Main"})
    assert (again.status_code, again.json()["code"]) == (409, "RBC304")
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    theirs = await api.client.post(f"/v1/{other.sid}/callback/profiles", json=NEW, headers=other.headers)
    assert theirs.status_code == 201
    await call(api, "DELETE", f"/{made['profile_id']}")
    assert (await call(api, "POST", **NEW)).status_code == 201


async def test_RBC302_unknown_and_foreign_ids_are_worded_as_in_the_reference(api: Api) -> None:
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    foreign = await api.client.post(f"/v1/{other.sid}/callback/profiles", json=NEW, headers=other.headers)
    for name in (f"EU_{uuid4()}", "x", foreign.json()["data"]["profile_id"]):
        for method, tail in (
            ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/test"), ("POST", "/rotate"),
            ("GET", "/deliveries"), ("POST", "/retrigger"), ("GET", "/report"), ("POST", "/duplicate"),
        ):  # fmt: skip
            answer = await call(api, method, f"/{name}{tail}")
            assert answer.status_code == 404
            assert answer.json() == {
                "code": "RBC302", "message": "No profile exists with this id", "data": {}, "status": 404,
                "error": [{"params": f"No profile exists with id: {name}"}],
            }  # fmt: skip
    assert (await call(api, "GET", headers_={"api-key": other.key})).status_code == 403


async def test_the_list_is_filtered_and_paged(api: Api) -> None:
    for number in range(3):
        api.context.clock.advance(86_400)  # type: ignore[attr-defined]
        await make(api, title=f"receiver {number}", http_method="GET" if number else "POST")
    api.context.clock.advance(60)  # type: ignore[attr-defined]
    await make(api, title="wha", channel="whatsapp")
    listed = (await call(api, "GET")).json()
    assert (listed["code"], listed["meta"]) == ("RBC024", {"total": 4, "limit": 25, "offset": 0})
    assert [row["title"] for row in listed["data"]] == ["wha", "receiver 2", "receiver 1", "receiver 0"]
    for query, titles in (
        ({"title": "CEIVER", "limit": "1", "offset": "1"}, ["receiver 1"]),
        ({"channel": "whatsapp"}, ["wha"]),
        ({"http_method": "get"}, ["receiver 2", "receiver 1"]),
        ({"status": "3"}, []),
        ({"from": "2026-01-02", "to": "2026-01-02"}, ["receiver 0"]),
    ):
        answer = await call(api, "GET", **query)
        assert [row["title"] for row in answer.json()["data"]] == titles
    for query, code in (({"title": "re"}, "RBC303"), ({"limit": "0"}, "E400"), ({"from": "soon"}, "E400")):
        answer = await call(api, "GET", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_patch_changes_only_what_it_names(api: Api) -> None:
    made = await make(api, auth=BASIC)
    path = f"/{made['profile_id']}"
    api.context.clock.advance(60)  # type: ignore[attr-defined]
    changed = (await call(api, "PATCH", path, dynamic_variables=["id", "units"], statuses=["SENT"])).json()["data"]
    assert changed["body"] == '{"id":"<id>","units":"<units>"}'
    assert (changed["statuses"], changed["auth"]["username"]) == (["SENT"], "ada")
    assert changed["modified_at"] > made["modified_at"]
    for params, field in (
        ({"channel": "email"}, "channel"),
        ({"status": 3}, "status"),
        ({"profile_id": "x"}, "profile_id"),
    ):
        answer = await call(api, "PATCH", path, **params)
        assert (answer.status_code, answer.json()["code"]) == (400, "RBC310")
        assert field in answer.json()["error"][0]
    got = await call(api, "PATCH", path, http_method="GET", dynamic_variables=["id"])
    assert got.json()["data"]["url"].endswith("/dlr?id=<id>")


async def test_disable_enable_duplicate_and_delete(api: Api) -> None:
    made = await make(api, enc=ENC, auth=BASIC)
    path = f"/{made['profile_id']}"
    assert (await call(api, "POST", path + "/disable")).json()["data"]["status"] == 3
    assert (await call(api, "POST", path + "/enable")).json()["data"]["status"] == 1
    copy = await call(api, "POST", path + "/duplicate")
    assert copy.status_code == 201
    data = copy.json()["data"]
    assert (data["title"], data["status"]) == ("dlr main copy", 3)
    shown = (await call(api, "GET", f"/{data['profile_id']}", reveal="1")).json()["data"]
    assert (shown["enc"]["key"], shown["auth"]["password"]) == (ENC["key"], "s3cret")
    gone = await call(api, "DELETE", path)
    assert gone.json() == {
        "code": "RBC024", "message": "Profile deleted successfully", "data": {"profileId": made["profile_id"]}, "error": {},
        "status": 200,
    }  # fmt: skip
    assert (await call(api, "GET", path)).status_code == 404


async def test_a_test_event_tells_request_and_answer(api: Api) -> None:
    async with receiver() as there:
        made = await make(api, url=there.url, auth=BASIC)
        path = f"/{made['profile_id']}"
        await call(api, "POST", path + "/disable")
        answer = await call(api, "POST", path + "/test")
        data = answer.json()["data"]
        assert (data["outcome"], data["http_status"]) == ("delivered", 200)
        assert json.loads(data["request"]["body"])["status"] == "DELIVERED"
        assert data["request"]["headers"]["Authorization"] == "***"
        [request] = there.requests
        assert request["_headers"]["X-Callback-Profile"] == made["profile_id"]
        assert (await call(api, "POST", path + "/test", event="nonsense")).json()["code"] == "RBC309"


async def test_failed_deliveries_are_listed_and_sent_again(api: Api) -> None:
    async with receiver() as there:
        made = await make(api, url=there.url, retry={"count": 0})
        there.statuses = [500, 500, 500]
        engine = CallbackEngine(api.context, 1)
        ids = [await _queue(api, made["profile_id"]) for _ in range(3)]
        await engine.step()
        path = f"/{made['profile_id']}"
        listed = (await call(api, "GET", path + "/deliveries", status="failed")).json()
        assert {row["delivery_id"] for row in listed["data"]} == set(ids)
        assert {(row["last_error"], row["attempts"]) for row in listed["data"]} == {("http_500", 1)}
        one = await call(api, "POST", f"/deliveries/{ids[0]}/retrigger")
        assert one.json()["data"] == {"retriggered": 1}
        chosen = await call(api, "POST", path + "/retrigger", delivery_ids=[ids[1], str(uuid4())])
        assert chosen.json()["data"] == {"retriggered": 1}
        everything = await call(api, "POST", path + "/retrigger")
        assert everything.json()["data"] == {"retriggered": 1}
        await CallbackEngine(api.context, 1).step()
        taken = (await call(api, "GET", path + "/deliveries", status="delivered")).json()["data"]
        assert {row["delivery_id"] for row in taken} == set(ids)
        for tail in (f"/deliveries/{ids[0]}/retrigger", "/deliveries/x/retrigger"):
            missing = await call(api, "POST", tail)
            assert (missing.status_code, missing.json()["code"]) == (404, "RBC314")
        [day] = (await call(api, "GET", path + "/report")).json()["data"]
        assert (day["calls"], day["success"], day["failed"]) == (6, 3, 3)


async def _queue(api: Api, name: str) -> str:
    from strowger.foundation.ids import new_uuid
    from strowger.platform.callbacks.profiles import repository
    from strowger.platform.callbacks.profiles.schemas import read_name
    from strowger.platform.callbacks.repository import insert_callbacks
    from strowger.platform.callbacks.schemas import NewCallback

    key = (api.customer.account_id, read_name(name))
    target = (await repository.targets_of(api.context.database.pool, [key]))[key]["sms_send"]  # type: ignore[list-item,index]
    now = api.context.clock.now()
    row = NewCallback(
        new_uuid(), key[0], new_uuid(), 1, "sms_send", target, {"id": "m", "status": "DELIVERED"}, now, now
    )
    await insert_callbacks(api.context.database.pool, [row], None)
    return str(row.id)


async def test_defaults_are_set_shown_and_cleared(api: Api) -> None:
    made = await make(api)

    async def set_default(**params: Any) -> httpx.Response:
        return await api.client.post(f"{api.base}/callback/defaults", json=params, headers=api.customer.headers)

    answer = await set_default(event="sms_send", callback_profile_id=made["profile_id"])
    assert answer.json()["data"] == {"sms_send": made["profile_id"]}
    refused = await set_default(event="sms_mo", callback_profile_id=made["profile_id"])
    assert (refused.status_code, refused.json()["code"]) == (400, "RBC309")
    assert (await set_default(event="fax", callback_profile_id=made["profile_id"])).json()["code"] == "RBC309"
    assert (await set_default(event="sms_send", callback_profile_id="EU_x")).json()["code"] == "RBC302"
    assert (await set_default(event="sms_send", callback_profile_id="")).json()["data"] == {}


async def test_the_variables_of_every_channel_are_told(api: Api) -> None:
    answer = await api.client.get(f"{api.base}/callback/variables", headers=api.customer.headers)
    channels = {row["channel"]: row for row in answer.json()["data"]}
    assert {"sms", "whatsapp", "email", "voice", "rcs", "verify", "url_shortener", "default"} <= channels.keys()
    [send, incoming] = channels["sms"]["events"]
    assert {"id", "status_trace", "parts[n]", "event_id"} <= set(send["variables"])
    assert "keyword" in incoming["variables"]


async def test_rotation_keeps_two_secrets_for_the_hours_asked(api: Api) -> None:
    made = await make(api)
    path = f"/{made['profile_id']}"
    answer = await call(api, "POST", path + "/rotate", overlap_hours=1)
    assert answer.json()["data"]["signing_secret"].startswith("whsec_")
    assert len((await call(api, "GET", path)).json()["data"]["signing_secrets"]) == 2
    api.context.clock.advance(3700)  # type: ignore[attr-defined]
    assert len((await call(api, "GET", path)).json()["data"]["signing_secrets"]) == 1
    assert (await call(api, "POST", path + "/rotate", overlap_hours=200)).json()["code"] == "E400"


async def test_parallel_creations_of_one_title_make_one_profile(api: Api) -> None:
    answers = await asyncio.gather(*(call(api, "POST", **NEW) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_what_every_operation_answers_is_spelled_as_this_areas_codes(api: Api) -> None:
    unknown = await call(api, "GET", headers_={"api-key": "A" + "0" * 32})
    assert (unknown.status_code, unknown.json()["code"], unknown.json()["data"]) == (401, "RBC401", {})
    assert "api-key" in unknown.json()["error"][0]
    foreign = await api.client.get("/v1/HXEU0000000404GB/callback/profiles", headers=api.customer.headers)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "RBC403")


async def test_names_of_voice_carry_their_widget(api: Api) -> None:
    url = "http://127.0.0.1:9999/call?key={keypress:W1}&name=<api:w2:user.name>"
    made = await make(api, channel="voice", http_method="GET", url=url, title="calls")
    assert json.loads(made["dynamic_variables"]) == ["keypress:W1", "api:w2:user.name"]
    wanted = {**NEW, "channel": "voice", "title": "picked", "dynamic_variables": ["id", "keypress:7"]}
    del wanted["body"]
    picked = (await call(api, "POST", **wanted)).json()["data"]
    assert json.loads(picked["body"]) == {"id": "<id>", "keypress:7": "<keypress:7>"}


async def test_R59_a_key_that_may_only_read_sees_no_secret(api: Api) -> None:
    made = await make(api, auth=BASIC, enc=ENC)
    database, account = api.context.database, api.customer.account_id
    _, narrow = await add_key(database, account, name="narrow", scopes=["callbacks.read"])
    _, wide = await add_key(database, account, name="wide", scopes=["callbacks.read", "callbacks.secrets"])
    path = f"/{made['profile_id']}"
    refused = await call(api, "GET", path, reveal="1", headers_={"api-key": narrow})
    assert (refused.status_code, refused.json()["code"]) == (403, "RBC403")
    assert "reveal" in refused.json()["error"][0]
    assert "s3cret" not in (await call(api, "GET", path, headers_={"api-key": narrow})).text
    shown = (await call(api, "GET", path, reveal="1", headers_={"api-key": wide})).json()["data"]
    assert (shown["auth"]["password"], shown["enc"]["key"]) == ("s3cret", ENC["key"])


async def test_R59_a_short_secret_is_not_given_away_by_its_mask(api: Api) -> None:
    made = await make(api, headers={"x-key": "abc"}, auth={"type": "basic", "username": "ada", "password": "pw"})
    assert (json.loads(made["headers"]), made["auth"]["password"]) == ({"x-key": "****"}, "****")
    sent = {"headers": made["headers"], "auth": made["auth"]}
    await call(api, "PATCH", f"/{made['profile_id']}", **sent)
    shown = (await call(api, "GET", f"/{made['profile_id']}", reveal="1")).json()["data"]
    assert (json.loads(shown["headers"]), shown["auth"]["password"]) == ({"x-key": "abc"}, "pw")
