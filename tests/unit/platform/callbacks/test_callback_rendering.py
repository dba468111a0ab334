"""platform.md 6.2: variables in URL, headers, keys and values of the body."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.platform.callbacks.rendering import BODY_LIMIT, TooLarge, endpoint_of, render
from strowger.platform.callbacks.schemas import Target, read_target

V = {
    "id": "0193-a:1",
    "status": "DELIVERED",
    "recipient": "+919876543210",
    "message": 'Grüße & "more" <b>\n1/2=50%',
    "units": 2,
    "charges": Decimal("0.250"),
    "refunded": False,
    "empty": None,
    "address": {"city": "Bengaluru", "geo": [12.9, 77.6]},
    "parts": [{"part": 1, "status": "DELIVERED"}, {"part": 2, "status": "EXPIRED"}],
    "direction": "MT",
}


def body_of(payload, variables=V, **headers):
    request = render(Target("https://e.net/", headers=tuple(headers.items()), payload=payload), variables)
    return request.body.decode(), request.headers.get("Content-Type")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"a": "<id>"}, {"a": "0193-a:1"}),
        ({"a": "{id}"}, {"a": "0193-a:1"}),
        ({"a": "<units>"}, {"a": 2}),
        ({"a": "n=<units>"}, {"a": "n=2"}),
        ({"a": "<refunded>"}, {"a": False}),
        ({"a": "is <refunded>"}, {"a": "is false"}),
        ({"a": "<charges>"}, {"a": "0.250"}),
        ({"a": "<empty>"}, {"a": ""}),
        ({"a": "<unknown>"}, {"a": ""}),
        ({"a": "x<unknown>y{unknown}z"}, {"a": "xyz"}),
        ({"a": "<message>"}, {"a": V["message"]}),
        ({"<status>": "<id>"}, {"DELIVERED": "0193-a:1"}),
        ({"a": ["<id>", {"b": "{status}"}, 5, None]}, {"a": ["0193-a:1", {"b": "DELIVERED"}, 5, None]}),
        ({"a": "<address.city>"}, {"a": "Bengaluru"}),
        ({"a": "<address>"}, {"a": V["address"]}),
        ({"a": "at <address.geo>"}, {"a": "at [12.9,77.6]"}),
        ({"a": "<address.street>"}, {"a": ""}),
        ({"a": "<parts[n]>"}, {"a": V["parts"]}),
        ({"a": "<parts[1].status>/<parts[2].status>/<parts[3].status>"}, {"a": "DELIVERED/EXPIRED/"}),
        ({"a": "<parts[2]>"}, {"a": V["parts"][1]}),
        ({"a": "< id > {id }  <1>"}, {"a": "< id > {id }  <1>"}),
        (["<id>"], ["0193-a:1"]),
    ],
)
def test_a_json_body_keeps_types_where_a_value_is_one_variable(payload, expected):
    text, kind = body_of(payload)
    assert json.loads(text) == expected
    assert kind == "application/json"


def test_a_variable_named_like_a_list_is_taken_as_it_is():
    assert json.loads(body_of({"parts[n]": "<parts[n]>"}, {"parts[n]": "1"})[0]) == {"parts[n]": "1"}


@pytest.mark.parametrize(
    ("payload", "expected", "kind"),
    [
        ('{"a": "<units>", "b": "x<id>"}', '{"a":2,"b":"x0193-a:1"}', "application/json"),
        ('{"a": <units>, "m": "<message>"}', None, "application/json"),
        ("id=<id>&to={recipient}&m=<message>", None, "application/x-www-form-urlencoded"),
        ("Message <id> is <status>", "Message 0193-a:1 is DELIVERED", "text/plain; charset=utf-8"),
        ("<?xml version='1.0'?><r><status>{status}</status><m>{message}</m></r>", None, "application/xml"),
    ],
)
def test_a_text_body_is_escaped_for_what_it_is(payload, expected, kind):
    text, found = body_of(payload)
    assert found == kind
    if expected is not None:
        assert text == expected
    elif kind == "application/json":
        assert json.loads(text) == {"a": 2, "m": V["message"]}
    elif "form" in kind:
        assert parse_qs(text) == {"id": ["0193-a:1"], "to": ["+919876543210"], "m": [V["message"]]}
    else:
        assert "<status>DELIVERED</status><m>Grüße &amp; &quot;more&quot; &lt;b&gt;" in text


def test_a_content_type_of_the_customer_decides():
    text, _ = body_of("a=<message>", **{"content-type": "application/x-www-form-urlencoded"})
    assert parse_qs(text)["a"] == [V["message"]]
    text, kind = body_of("a=<recipient>", **{"Content-Type": "text/plain"})
    assert (text, kind) == ("a=+919876543210", "text/plain")


def test_the_default_post_body_has_the_documented_names():
    request = render(read_target({"url": "https://e.net/"}), V)
    assert " ".join(json.loads(request.body)) == (
        "id kid recipient source status status_trace description timestamp ref ref1 ref2 campaign_name units"
    )
    assert json.loads(request.body)["units"] == 2
    incoming = render(
        read_target({"url": "https://e.net/"}), {**V, "direction": "MO", "parts[n]": "1", "keyword": "DEMO"}
    )
    assert " ".join(json.loads(incoming.body)) == (
        "description id kid recipient source status status_trace message keyword operator circle timestamp parts[n]"
    )


def test_values_in_a_url_are_percent_encoded():
    request = render(read_target("https://e.net/<status>/{message}?m=<message>&to={recipient}&x=<none>"), V)
    parts = urlsplit(request.url)
    assert parts.netloc == "e.net"
    assert parts.path.count("/") == 2
    assert parse_qs(parts.query, keep_blank_values=True) == {"m": [V["message"]], "to": [V["recipient"]], "x": [""]}
    assert request.body is None


def test_the_default_get_query_carries_the_common_variables():
    query = parse_qs(urlsplit(render(read_target("https://e.net/x?k=1"), V).url).query, keep_blank_values=True)
    assert query["k"] == ["1"]
    assert query["recipient"] == ["+919876543210"]
    assert set(query) == {"k", "id", "recipient", "status", "status_trace", "timestamp"}


def test_values_in_headers_stay_on_their_line():
    request = render(Target("https://e.net/", headers=(("X-Id", "<id>"), ("X-M", "m:<message>"))), V)
    assert request.headers["X-Id"] == "0193-a:1"
    assert "\n" not in request.headers["X-M"]


def test_a_body_beyond_the_limit_is_not_sent():
    with pytest.raises(TooLarge):
        render(Target("https://e.net/", payload={"a": "<m>"}), {"m": "x" * BODY_LIMIT})


def test_what_bounds_concurrency_is_the_receiver_of_one_account():
    assert endpoint_of(1, "https://E.net/a?x=<id>") == endpoint_of(1, "https://e.net:443/b") == "1 https://e.net:443"
    assert endpoint_of(2, "https://e.net/a") != endpoint_of(1, "https://e.net/a")
    assert endpoint_of(1, "https://e.net/{id}") == endpoint_of(1, "https://e.net?{id}")


@given(st.text(), st.text())
def test_no_value_breaks_out_of_its_place(template, value):
    variables = {"v": value}
    assert json.loads(body_of({"k": "<v>", "t": "a{v}b"}, variables)[0])["k"] == value
    assert parse_qs(urlsplit(render(read_target("https://e.net/?a=1&v={v}&z=2"), variables).url).query, keep_blank_values=True) == {
        "a": ["1"], "v": [value], "z": ["2"],
    }  # fmt: skip
    render(Target("https://e.net/", payload=template), variables)
