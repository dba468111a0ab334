"""The configuration of HTTP carriers: what is refused, and how reports are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from strowger.channels.sms.carriers.http import paths
from strowger.channels.sms.carriers.http.reports import HttpHook
from strowger.channels.sms.carriers.loops import is_own_smpp, is_own_url
from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.channels.sms.carriers.schemas import Delivery
from strowger.foundation.errors import StrowgerError
from strowger.foundation.settings import Settings
from strowger.messaging.statuses import Status

BASE = {"url": "https://sms.example.net/send", "fields": {"to": "{{to}}"}}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def config(**more: Any) -> Any:
    return read_config(KINDS["http"], BASE | more)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"url": "ftp://x"}, "url"),
        ({"url": "https://{{to}}.example.net/"}, "url"),
        ({"url": "https://user:pw@example.net/"}, "url"),
        ({"url": "https://example.net/{{nothing}}"}, "url"),
        ({"fields": {}}, "fields"),
        ({"fields": {"to": "{{recipient}}"}}, "fields"),
        ({"method": "GET"}, "format"),
        ({"format": "json", "body": '{"to": {{to}'}, "body"),
        ({"format": "xml", "body": "<a>{{to}}</b>"}, "body"),
        ({"format": "raw", "body": ""}, "body"),
        ({"headers": {"Host": "x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers"),
        ({"answers": {"1": "perhaps"}}, "answers"),
        ({"answers": {"http:99": "retry"}}, "answers"),
        ({"id_path": "a..b"}, "id_path"),
        ({"id_pattern": "("}, "id_pattern"),
        ({"receipt_statuses": {"x": "vanished"}}, "receipt_statuses"),
        ({"hook_networks": "10.0.0.0/8, somewhere"}, "hook_networks"),
        ({"pause_min": 5, "pause_max": 1}, "pause_max"),
        ({"charset": "klingon"}, "charset"),
        ({"fields": "{not json"}, "fields"),
    ],
)
def test_a_refusal_names_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(StrowgerError) as refused:
        config(**more)
    assert (refused.value.code, refused.value.field) == ("CARRIER-CONFIG", field)


def test_paths_find_values_in_any_depth() -> None:
    body = {"a": [{"b": {"c": 7}}], "x.y": "whole", "t": True}
    assert paths.as_text(paths.find(body, "a[0].b.c")) == "7"
    assert paths.find(body, "x.y") == "whole"
    assert paths.find(body, "a[1].b") is None
    assert paths.find(body, "a.b") is None
    assert paths.as_text(paths.find(body, "t")) == "true"
    assert paths.as_text(paths.find(body, "a")) is None


def delivery(body: bytes = b"", media: str = "", **query: str) -> Delivery:
    return Delivery(query, media, body)


def test_receipts_are_read_from_json_lists_forms_and_queries() -> None:
    hook = HttpHook(config(receipt_list="results", receipt_id="messageId", receipt_status="status.name"))
    body = b'{"results": [{"messageId": 12, "status": {"name": "DELIVERED"}}, {"messageId": "b", "status": {"name": "expired"}}]}'
    found = hook.receipts(delivery(body, "application/json"), 7, NOW)
    assert [(r.operator_id, r.status, r.trace) for r in found] == [
        ("12", Status.DELIVERED, "DELIVERED"), ("b", Status.EXPIRED, "EXPIRED"),
    ]  # fmt: skip
    own = HttpHook(config(receipt_statuses={"ABS": "undelivered ABSENT-SUB"}))
    form = own.receipts(delivery(b"id=x&status=abs", "application/x-www-form-urlencoded"), 7, NOW)
    assert (form[0].status, form[0].trace) == (Status.UNDELIVERED, "ABSENT-SUB")
    query = own.receipts(delivery(id="y", status="Undelivered", error="634"), 7, NOW)
    assert (query[0].status, query[0].trace) == (Status.UNDELIVERED, "DLT-REJECT-634")
    strange = own.receipts(delivery(id="y", status="on its way"), 7, NOW)
    assert (strange[0].status, strange[0].trace, strange[0].detail["stat"]) == (Status.SENT, "ENROUTE", "on its way")


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"{", "application/json"),
        (b'"text"', "application/json"),
        (b"[]", "application/json"),
        (b"[1]", "application/json"),
        (b'{"id": "", "status": "x"}', "application/json"),
        (b'{"id": "1"}', "application/json"),
        (b'{"id": {"a": 1}, "status": "x"}', "application/json"),
        (b"\xff\xfe", "application/octet-stream"),
        (b"&".join(b"a%d=1" % n for n in range(500)), "application/x-www-form-urlencoded"),
        (b"[" + b",".join([b'{"id":"1","status":"x"}'] * 1001) + b"]", "application/json"),
        (b'{"id":"' + b"9" * 300 + b'","status":"x"}', "application/json"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, media: str) -> None:
    with pytest.raises(StrowgerError) as refused:
        HttpHook(config()).receipts(delivery(body, media), 7, NOW)
    assert refused.value.status == 400


def test_messages_are_read() -> None:
    found = HttpHook(config()).messages(delivery(b'{"from": "+4477", "to": "+49155", "text": "Hi\\u0000"}', ""), 7, NOW)
    assert [(m.source, m.destination, m.text) for m in found] == [("4477", "49155", "Hi")]


def test_our_own_addresses_are_known() -> None:
    settings = Settings(public_url="https://sms.example.org")
    assert is_own_smpp("127.0.0.1", 2775, settings)
    assert is_own_smpp("localhost", 2779, settings)
    assert not is_own_smpp("127.0.0.1", 2776, settings)
    assert not is_own_smpp("smsc.example.net", 2775, settings)
    assert is_own_url("https://sms.example.org/v1/X/messages", settings)
    assert is_own_url("http://127.0.0.1:8080/v1/X/messages", settings)
    assert not is_own_url("http://127.0.0.1:2780/send", settings)
    assert not is_own_url("https://sms.example.com/send", settings)
