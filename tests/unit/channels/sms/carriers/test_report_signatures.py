"""Signatures of carriers' reports: hash, spelling, what is covered, keys that change, and the window of time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from strowger.channels.sms.carriers.http.reports import HttpHook
from strowger.channels.sms.carriers.registry import find_kind, read_config
from strowger.channels.sms.carriers.schemas import Delivery
from strowger.foundation.errors import StrowgerError

BODY = b'{"id": "a-1"}'
NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
BASE = {"url": "https://sms.example.net", "fields": {"to": "{{to}}"}, "hook_signature": "X-Signature"}
STANDARD = {
    "hook_signature": "webhook-signature", "hook_encoding": "base64", "hook_prefix": "v1,", "hook_id": "webhook-id",
    "hook_timestamp": "webhook-timestamp", "hook_signed": "{{id}}.{{timestamp}}.{{body}}",
}  # fmt: skip


def hook(**config: Any) -> HttpHook:
    return HttpHook(read_config(find_kind("http"), {**BASE, **config}))


def mac(key: bytes, signed: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(key, signed, getattr(hashlib, algorithm)).digest()


def refused(made: HttpHook, secret: str | None, url: str = "https://x/r", **headers: str) -> str:
    """Why a report is refused; empty when it is taken."""
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    given = Delivery({"q": "1"}, "application/json", BODY, sent, url)
    try:
        made.check(given, secret, NOW)
    except StrowgerError as problem:
        return f"{problem.status}: {problem.detail}"
    return ""


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_hex_and_base64_of_each_hash(algorithm: str) -> None:
    digest = mac(b"k", BODY, algorithm)
    assert not refused(hook(hook_algorithm=algorithm), "k", x_signature=digest.hex().upper())
    text = base64.b64encode(digest).decode()
    assert not refused(hook(hook_algorithm=algorithm, hook_encoding="base64"), "k", x_signature=text)
    assert refused(hook(hook_algorithm="sha256" if algorithm == "sha1" else "sha1"), "k", x_signature=digest.hex())


def test_a_header_may_hold_several_and_nothing_else_fits() -> None:
    made, good = hook(hook_prefix="sha256="), mac(b"k", BODY).hex()
    assert not refused(made, "k", x_signature=f"sha256={mac(b'old', BODY).hex()}, sha256={good}")
    for header in ("", good, "sha256=", "sha256=zz", f"sha1={good}", f"sha256={good[:-2]}", f"sha256={good}00"):
        assert refused(made, "k", x_signature=header), header
    assert "no signing secret" in refused(made, None, x_signature=f"sha256={good}")
    assert "no signing secret" in refused(made, "", x_signature=f"sha256={good}")
    assert not refused(hook(hook_signature=""), None), "a carrier that does not sign"


def test_standard_webhooks_with_two_keys_and_a_window_of_time() -> None:
    """The vector: an independent library would sign alike (tests of callbacks use it)."""
    made, keys = hook(**STANDARD, hook_tolerance=60), (b"o" * 24, b"n" * 24)
    secret = " ".join("whsec_" + base64.b64encode(key).decode() for key in keys)

    def why(key: bytes, at: int, told: str = "", name: str = "m-1") -> str:
        text = base64.b64encode(mac(key, f"m-1.{at}.".encode() + BODY)).decode()
        return refused(
            made, secret, webhook_signature=f"v1a,xyz v1,{text}", webhook_id=name, webhook_timestamp=told or str(at)
        )

    assert [why(key, AT + shift) for key in keys for shift in (0, -60, 60)] == [""] * 6
    assert "too old" in why(keys[0], AT - 61)
    assert "too old" in why(keys[0], AT + 61)
    for reason in (why(b"x" * 24, AT), why(keys[0], AT - 900, told=str(AT)), why(keys[0], AT, name="m-2")):
        assert reason == "401: the signature does not fit"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{AT}000", ""), ("2026-11-26T13:00:10+01:00", ""), ("2026-11-26T12:00:00Z", ""), ("", "cannot be read"),
        ("2026-11-26T12:00:00", "names no zone"), ("9" * 40, "cannot be read"), ("soon", "cannot be read"),
    ],
)  # fmt: skip
def test_the_time_is_seconds_milliseconds_or_iso(text: str, words: str) -> None:
    made = hook(hook_timestamp="X-Time", hook_signed="{{timestamp}}{{body}}")
    found = refused(made, "k", x_signature=mac(b"k", text.encode() + BODY).hex(), x_time=text)
    assert words in found if words else not found


def test_the_query_is_believed_only_where_the_address_is_signed() -> None:
    url = "https://sms.example.com/in/carriers/1/x/receipts?q=1"
    for signed, what, fields in (("{{body}}", BODY, {}), ("{{url}}{{body}}", url.encode() + BODY, {"q": "1"})):
        given = Delivery({"q": "1"}, "application/json", BODY, {"x-signature": mac(b"k", what).hex()}, url)
        assert hook(hook_signed=signed).check(given, "k", NOW).fields == fields
    assert refused(
        hook(hook_signed="{{url}}{{body}}"), "k", url + "2", x_signature=mac(b"k", url.encode() + BODY).hex()
    )


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        ({"hook_signed": "{{timestamp}}"}, "hook_signed", "must name {{body}}"),
        ({"hook_signed": "{{body}}{{secret}}"}, "hook_signed", "names secret"),
        ({"hook_signed": "{{timestamp}}.{{body}}"}, "hook_timestamp", "must name the header"),
        ({"hook_timestamp": "X-Time"}, "hook_signed", "must name {{timestamp}}"),
        ({"hook_id": "X-Id"}, "hook_signed", "must name {{id}}"),
        ({"hook_signature": "X Signature"}, "hook_signature", "the name of a header"),
        ({"hook_algorithm": "md5"}, "hook_algorithm", "md5"),
        ({"hook_tolerance": "0"}, "hook_tolerance", ">= 1"),
    ],
)
def test_what_does_not_fit_together_is_refused(config: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(StrowgerError) as problem:
        hook(**config)
    assert problem.value.field == field
    assert words in str(problem.value.detail)


def test_a_secret_that_is_no_base64_is_used_as_it_is() -> None:
    secret = "whsec_ü"
    assert refused(hook(), secret, x_signature=mac(secret.encode(), BODY).hex()) == ""
