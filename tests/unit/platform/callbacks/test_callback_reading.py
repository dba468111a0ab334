"""sms.md 4.1: the ``callback`` parameter, its bounds, and how it is kept."""

from __future__ import annotations

import json

import pytest

from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.errors import StrowgerError
from strowger.platform.callbacks.schemas import Target, read_target

URL = "https://example.net/dlr"
EXAMPLE = {
    "url": URL,
    "method": "POST",
    "header": {"x-api-key": "secret", "x-tag": "7"},
    "payload": {"mid": "<id>", "st": "<status>"},
    "retry": {"count": "3", "interval": ["10", "10", "10"]},
}


def test_the_documented_example_is_read_as_object_and_as_text():
    target = read_target(EXAMPLE)
    assert target == Target(
        URL, "POST", (("x-api-key", "secret"), ("x-tag", "7")), {"mid": "<id>", "st": "<status>"}, 3, (10, 10, 10)
    )
    assert read_target(json.dumps(EXAMPLE)) == target
    assert read_target(json.dumps(EXAMPLE).encode()) == target


def test_defaults_are_post_and_three_retries_after_10_60_and_300_seconds():
    target = read_target({"url": URL})
    assert (target.method, target.retries) == ("POST", 3)
    assert [target.wait_before(retry) for retry in (1, 2, 3)] == [10, 60, 300]


def test_a_short_list_of_waits_repeats_its_last_one():
    target = read_target({"url": URL, "retry": {"count": 5, "interval": [5, "7"]}})
    assert [target.wait_before(retry) for retry in range(1, 6)] == [5, 7, 7, 7, 7]


def test_a_bare_url_is_a_get_with_the_common_variables():
    assert read_target(URL) == read_target({"url": URL, "method": "get"})
    assert read_target(URL).url == (
        f"{URL}?id={{id}}&recipient={{recipient}}&status={{status}}&status_trace={{status_trace}}&timestamp={{timestamp}}"
    )
    assert read_target(URL + "?a=1#part").url.startswith(f"{URL}?a=1&id={{id}}")
    assert read_target(URL + "?a=1#part").url.endswith("#part")
    assert read_target(URL + "?m=<id>").url == URL + "?m=<id>"


def test_final_statuses_are_called_back_unless_others_are_asked_for():
    default = read_target({"url": URL})
    assert [s for s in ("QUEUED", "SENT", "DELIVERED", "NOT-SENT", "EXPIRED") if default.wants(s)] == [
        "DELIVERED", "NOT-SENT", "EXPIRED",
    ]  # fmt: skip
    both = read_target({"url": URL, "events": ["sent", "Delivered", "not_sent"]})
    assert both.events == ("SENT", "DELIVERED", "NOT-SENT")
    assert both.wants("SENT")
    assert not both.wants("EXPIRED")


WRONG = [
    (None, "object or a URL"),
    (5, "object or a URL"),
    ([], "object or a URL"),
    ("", "required"),
    ("{not json", "JSON"),
    ("not a url", "url"),
    ({}, "required"),
    ({"url": 5}, "required"),
    ({"url": "ftp://example.net/"}, "http"),
    ({"url": "https://<id>.example.net/"}, "path and query"),
    ({"url": "https://{host}/x"}, "path and query"),
    ({"url": "https://example.net/" + "x" * 2000}, "longer"),
    ({"url": "https://example.net/\r\nX: y"}, "control"),
    ({"url": "https://exa mple.net/"}, "url"),
    ({"url": URL, "method": "DELETE"}, "GET or POST"),
    ({"url": URL, "method": 5}, "GET or POST"),
    ({"url": URL, "header": "x: y"}, "object"),
    ({"url": URL, "header": {"x y": "z"}}, "cannot be set"),
    ({"url": URL, "header": {"Host": "z"}}, "cannot be set"),
    ({"url": URL, "header": {"Content-Length": "1"}}, "cannot be set"),
    ({"url": URL, "header": {"X-Callback-Id": "1"}}, "cannot be set"),
    ({"url": URL, "header": {"webhook-signature": "1"}}, "cannot be set"),
    ({"url": URL, "header": {"x": "a\r\nb"}}, "line break"),
    ({"url": URL, "header": {"x": ["a"]}}, "string"),
    ({"url": URL, "header": {f"x{n}": "a" for n in range(21)}}, "more than 20"),
    ({"url": URL, "payload": 5}, "payload"),
    ({"url": URL, "payload": {"x": "y" * 20_001}}, "longer"),
    ({"url": URL, "payload": json.loads("[" * 30 + "]" * 30)}, "nested"),
    ({"url": URL, "retry": 3}, "object"),
    ({"url": URL, "retry": {"count": 6}}, "0 to 5"),
    ({"url": URL, "retry": {"count": -1}}, "0 to 5"),
    ({"url": URL, "retry": {"count": "x"}}, "0 to 5"),
    ({"url": URL, "retry": {"count": True}}, "0 to 5"),
    ({"url": URL, "retry": {"interval": 10}}, "list"),
    ({"url": URL, "retry": {"interval": [0]}}, "1 to 3600"),
    ({"url": URL, "retry": {"interval": ["3601"]}}, "1 to 3600"),
    ({"url": URL, "retry": {"interval": [1.5]}}, "1 to 3600"),
    ({"url": URL, "events": ["ARRIVED"]}, "events"),
    ({"url": URL, "events": 5}, "events"),
]


@pytest.mark.parametrize(("value", "detail"), WRONG, ids=lambda value: str(value)[:60])
def test_what_is_out_of_bounds_is_E615_and_says_why(value, detail):
    with pytest.raises(StrowgerError) as caught:
        read_target(value)
    assert (caught.value.code, caught.value.field) == ("E615", "callback")
    assert detail in (caught.value.detail or "")


@pytest.mark.parametrize(
    "value", [EXAMPLE, URL, {"url": URL, "retry": {"count": 0}, "events": ["SENT"], "payload": "id=<id>"}]
)
def test_a_target_is_kept_and_read_again_unchanged(value):
    target = read_target(value)
    stored = json.loads(json.dumps(target.to_json()))
    assert Target.from_json(stored) == target


def test_header_values_are_sealed_for_their_account():
    box = SecretBox([b"k" * 32])
    target = read_target(EXAMPLE)
    stored = json.loads(json.dumps(target.to_json(box, 7)))
    assert "secret" not in json.dumps(stored)
    assert Target.from_json(stored, box, 7) == target
    assert Target.from_json(stored).headers == ()
    with pytest.raises(SealBroken):
        Target.from_json(stored, box, 8)
