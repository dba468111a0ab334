"""Bad input: each a clear error in the envelope, and nothing is queued."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from strowger.platform.gateway.errors import ERRORS
from tests.api_kit import SENDER, SID, Api

GOOD = {"to": "447700900123", "sender": SENDER, "body": "Hello"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def check(answer: httpx.Response, code: str, field: str | None = None, status: int | None = None) -> dict[str, Any]:
    assert answer.status_code == (status or ERRORS[code].http), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    body: dict[str, Any] = answer.json()
    text = ERRORS[code].text
    assert (body["code"], body["message"]) == (code, text)
    assert (body["error"]["code"], body["error"]["message"], body["error"]["error"]) == (code, text, text)
    if field:
        assert body["error"][field]
    return body


async def test_the_failure_envelope(api: Api) -> None:
    body = check(await api.send(to="12"), "E602", "to")
    assert body == {
        "code": "E602",
        "message": ERRORS["E602"].text,
        "data": {},
        "error": {
            "code": "E602",
            "message": ERRORS["E602"].text,
            "error": ERRORS["E602"].text,
            "to": "No valid recipient in 'to'",
        },
    }


BAD = [
    ({"to": None}, "E601", "to"),
    ({"to": ""}, "E601", "to"),
    ({"to": " , ,"}, "E601", "to"),
    ({"to": []}, "E601", "to"),
    ({"to": "abc"}, "E602", "to"),
    ({"to": {"a": 1}}, "E602", "to"),
    ({"to": True}, "E602", "to"),
    ({"to": "4" * 5000}, "E602", "to"),
    ({"to": ",".join(str(447700900000 + n) for n in range(101))}, "E603", "to"),
    ({"to": [447700900000 + n for n in range(101)]}, "E603", "to"),
    ({"to": "1," * 20_000}, "E603", "to"),
    ({"to": "447700900123,447700900124", "type": "OTP"}, "E603", "to"),
    ({"sender": None}, "E604", "sender"),
    ({"sender": "  "}, "E604", "sender"),
    ({"sender": "UNKNWN"}, "E605", "sender"),
    ({"sender": "' OR 1=1 --"}, "E605", "sender"),
    ({"sender": ["A"]}, "E627", "sender"),
    ({"body": None}, "E606", "body"),
    ({"body": ""}, "E606", "body"),
    ({"body": {"text": "x"}}, "E606", "body"),
    ({"body": "x" * 1601}, "E607", "body"),
    ({"body": "x" * 306_000}, "E607", "body"),
    ({"type": "FREE"}, "E608", "type"),
    ({"template_id": "12"}, "E609", "template_id"),
    ({"time": "next week"}, "E613", "time"),
    ({"callback": "ftp://example.net"}, "E615", "callback"),
    ({"callback": {"method": "POST"}}, "E615", "callback"),
    ({"callback_profile_id": "IN_x"}, "E616", "callback_profile_id"),
    ({"url_data": {"url": "https://example.org"}}, "E617", "url_data"),
    ({"ref": "x" * 151}, "E619", "ref"),
    ({"ref2": ["x"]}, "E619", "ref2"),
    ({"ref_custom": ["x"] * 11}, "E619", "ref_custom"),
    ({"ref_custom": [{}]}, "E619", "ref_custom"),
    ({"campaign_name": "a b"}, "E620", "campaign_name"),
    ({"campaign_name": "a" * 101}, "E620", "campaign_name"),
    ({"prefix": "+12345"}, "E621", "prefix"),
    ({"prefix": "0"}, "E621", "prefix"),
    ({"unicode": "2"}, "E622", "unicode"),
    ({"flash": "yes"}, "E622", "flash"),
    ({"entity_id": "1"}, "E626", "entity_id"),
    ({"dlr": "2"}, "E400", "dlr"),
    ({"validity": "0"}, "E400", "validity"),
    ({"validity": "4321"}, "E400", "validity"),
    ({"validity": "²"}, "E400", "validity"),
    ({"source": "x" * 51}, "E400", "source"),
    ({"channel": "whatsapp"}, "E400", "channel"),
    ({"body": "a\0b"}, "E400", "body"),
    ({"ref": "\0"}, "E400", "ref"),
]


async def test_R40_a_callback_carries_up_to_20_kilobytes_of_its_own(api: Api) -> None:
    callback = {"url": "https://example.net/", "method": "POST", "payload": {"note": "x" * 19_900}}
    assert (await api.send(callback=callback)).status_code == 202
    callback["payload"] = {"note": "x" * 20_000}
    check(await api.send(callback=callback), "E615", "callback")
    assert len(await api.stored()) == 1


@pytest.mark.parametrize(("change", "code", "field"), BAD, ids=[f"{c[1]}-{n}" for n, c in enumerate(BAD)])
async def test_R98_bad_parameters(api: Api, change: dict[str, Any], code: str, field: str) -> None:
    check(await api.send(**change), code, field)
    assert not await api.stored()


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"", JSON, "E601"),
        (b"{", JSON, "E400"),
        (b'{"to": "1", }', JSON, "E400"),
        (b'[{"to": "1"}]', JSON, "E400"),
        (b'"text"', JSON, "E400"),
        (b"[" * 100_000, JSON, "E400"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, JSON, "E400"),
        (b'{"to": "\xff\xfe"}', JSON, "E400"),
        (b'{"body": "\\ud800"}', JSON, "E400"),
        (b'{"body": "\\udc00", "to":"447700900123","sender":"STROWG"}', JSON, "E400"),
        (b"to=%ff&body=x", FORM, "E400"),
        (b"to=447700900123&sender=STROWG&body=a%00b", FORM, "E400"),
        (b"&".join(b"a%d=1" % n for n in range(2000)), FORM, "E400"),
        (b"<sms/>", {"content-type": "application/xml"}, "E415"),
        (b"\x89PNG\r\n", {"content-type": "image/png"}, "E415"),
        (b"--x\r\n", {"content-type": "multipart/form-data; boundary=x"}, "E400"),
        (b"--x\r\n", {"content-type": "multipart/form-data"}, "E400"),
    ],
)
async def test_unreadable_bodies(api: Api, content: bytes, headers: dict[str, str], code: str) -> None:
    answer = await api.client.post(f"{api.base}/messages", content=content, headers=headers | api.customer.headers)
    check(answer, code)
    assert not await api.stored()


async def test_a_body_of_ten_megabytes_is_told_to_be_too_long(api: Api) -> None:
    text = json.dumps({**GOOD, "body": ""})
    check(await api.send(body="x" * (10 * 1024 * 1024 - len(text) - 5)), "E607", "body")


async def test_a_larger_body_is_refused(api: Api) -> None:
    check(await api.send(body="x" * (10 * 1024 * 1024)), "E413")


async def test_a_larger_body_without_declared_length_is_refused(api: Api) -> None:
    async def chunks() -> Any:
        for _ in range(11):
            yield b"x" * 1024 * 1024

    answer = await api.client.post(f"{api.base}/messages", content=chunks(), headers=api.customer.headers)
    check(answer, "E413")


async def test_keys_and_sids(api: Api) -> None:
    url = f"{api.base}/messages"
    check(await api.client.post(url, json=GOOD), "E401")
    check(await api.client.post(url), "E401")
    check(await api.client.post(url, json=GOOD, headers={"api-key": "A" + "0" * 32}), "E401")
    check(await api.client.post(url, json=GOOD, headers={"api-key": "é' OR 1=1".encode()}), "E401")
    check(await api.client.post(url, json={**GOOD, "api-key": {"a": 1}}), "E401")
    other = "/v1/HXEU0000000002GB/messages"
    check(await api.client.post(other, json=GOOD, headers=api.customer.headers), "E403")
    assert not await api.stored()


@pytest.mark.parametrize("path", ["/v1", f"/v1/{SID}", f"/v1/{SID}/nothing", f"/api/v3/{SID}/messages", "/v1/a/b/c/d"])
async def test_unknown_paths(api: Api, path: str) -> None:
    check(await api.client.get(path, headers=api.customer.headers), "E404")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods(api: Api, method: str) -> None:
    answer = await api.client.request(method, f"{api.base}/messages", headers=api.customer.headers)
    check(answer, "E405")
    assert answer.headers["allow"] == "GET, POST"


async def test_the_database_away(api: Api) -> None:
    await api.send()
    await api.context.database.close()
    answer = await api.send()
    check(answer, "E503")
    assert int(answer.headers["retry-after"]) >= 1
