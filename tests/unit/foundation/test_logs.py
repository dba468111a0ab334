"""R-86: numbers, bodies and keys do not reach the logs, however they are written."""

from __future__ import annotations

import json
import logging

import pytest

from strowger.foundation import logs

KEY = "A" + "0123456789abcdef" * 2
NUMBER = "919876543210"
BODY = "Your code is kumquat"


@pytest.fixture
def written(capsys):
    """Configures JSON logs and gives what was written since."""
    root, level = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure("debug", "json")
    yield lambda: capsys.readouterr().err
    logging.getLogger().handlers[:] = root
    logging.getLogger().setLevel(level)


SECRETS = [
    {"api_key": KEY},
    {"note": KEY},
    {"note": f"key={KEY}"},
    {"note": KEY.lower()},
    {"Api-Key": KEY},
    {"headers": {"api-key": KEY, "authorization": "Basic a3VtcXVhdDprdW1xdWF0"}},
    {"header": {"x-token": "kumquat"}},
    {"note": "Authorization: Basic a3VtcXVhdDprdW1xdWF0"},
    {"note": "Bearer a3VtcXVhdDprdW1xdWF0"},
    {"password": "kumquat"},
    {"nested": [{"client_secret": "kumquat"}]},
    {"note": "password=kumquat&x=1"},
    {"note": '{"password": "kumquat"}'},
    {"note": "whsec_a3VtcXVhdDprdW1xdWF0"},
    {"body": BODY},
    {"text": BODY},
    {"message": BODY.encode()},
    {"request_body": {"any": BODY}},
    {"payload": [BODY]},
    {"note": f'{{"body":"{BODY}"}}'},
    {"note": f"{{'text': '{BODY}', 'n': 1}}"},
    {"note": f"body={BODY.replace(' ', '%20')}&n=1"},
    {"note": f"body={BODY.replace(' ', '+')}"},
    {"note": f"message: {BODY}"},
    {"to": NUMBER},
    {"recipient": int(NUMBER)},
    {"to": ["+" + NUMBER]},
    {"note": f"to +{NUMBER}!"},
    {"note": f"to=%2B{NUMBER}"},
    {"note": f"00{NUMBER}"},
    {"note": "+91 98765 43210"},
    {"note": "+91-98765-43210"},
    {"note": "+91%2098765%2043210"},
    {"note": "(91) 98765.43210"},
    {"note": NUMBER.encode()},
    {NUMBER: 1},
    {"error": ValueError(f"cannot send to {NUMBER}: {KEY}")},
]
LEAKS = ("kumquat", "a3VtcXVhdD", NUMBER, "43210", "0123456789abcdef", "98765")


@pytest.mark.parametrize("fields", SECRETS, ids=str)
def test_R86_secret_values_are_masked(written, fields):
    logs.get_logger("test.masking").info("tried", **{str(name): value for name, value in fields.items()})
    line = written()
    assert json.loads(line)["event"] == "tried"
    assert [leak for leak in LEAKS if leak in line] == []


def test_R86_a_library_does_not_write_the_mails_that_pass_through_it(written):
    for name in logs.TALKATIVE:
        logging.getLogger(name).debug("DATA readline: %r", b"Subject: 365211 is your code")
    assert written() == ""


def test_R86_events_of_the_standard_library_and_tracebacks_are_masked(written):
    logging.getLogger("aiohttp.access").warning('"GET /v1/x?to=%s&body=kumquat"', NUMBER)
    logs.get_logger("test.masking").info(f"sent to {NUMBER}")
    try:
        raise RuntimeError(f"{NUMBER} {KEY} password=kumquat")
    except RuntimeError:
        logs.get_logger("test.masking").exception("failed")
    text = written()
    assert [leak for leak in LEAKS if leak in text.replace(__file__, "")] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request_id", "01939a5e-7c1d-7cc3-98c4-dc0c0c07398f"),
        ("request_id", "12345678-1234-7123-8123-123456789012"),
        ("callback", "12345678-1234-7123-8123-123456789012:1"),
        ("at", "2026-11-23 23:36:55"),
        ("ip", "192.168.100.200"),
        ("rows", 123456789),
        ("seconds", 0.123456789),
        ("code", "E615"),
        ("active", True),
        ("missing", None),
    ],
)
def test_what_is_no_secret_stays_readable(written, name, value):
    logs.get_logger("test.masking").info("tried", **{name: value})
    assert json.loads(written())[name] == value


def test_lines_below_the_level_are_not_written(written):
    logs.configure("warning", "json")
    logs.get_logger("test.masking").info("quiet")
    logging.getLogger("other").info("quiet")
    logs.get_logger("test.masking").warning("loud")
    assert [json.loads(line)["event"] for line in written().splitlines()] == ["loud"]


def test_lines_for_people_are_masked_too(written):
    logs.configure("info", "console")
    logs.get_logger("test.masking").info("tried", to=NUMBER, body=BODY)
    line = written()
    assert "tried" in line
    assert [leak for leak in LEAKS if leak in line] == []
