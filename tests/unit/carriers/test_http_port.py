"""Messages for an application port over an HTTP carrier: with the header in hexadecimal, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from strowger.channels.sms.carriers.http.request import CannotWrite, RequestWriter
from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.messaging.schemas import Submission

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def write(body: str, fields: dict[str, str], **options: object) -> list[str]:
    config = read_config(
        KINDS["http"], {"url": "https://sms.example/send", "format": "query", "fields": fields, "parts": "each"}
    )
    submission = Submission(
        1, UUID(int=7), 1, 7, 1, 0, NOW, NOW + timedelta(hours=1), "DEFAULT", "STROWG", "447700900001", body,
        options or {"port": 2948}, None,
    )  # fmt: skip
    return [request.url for request in RequestWriter(config, "", "", "").write(submission, NOW)]


def test_the_header_is_handed_over() -> None:
    (one,) = write("Hello", {"to": "{{to}}", "text": "{{text}}", "udh": "{{udh}}", "port": "{{port}}"})
    assert "udh=0605040B840000" in one
    assert "port=2948" in one
    first, second = write("a" * 160, {"to": "{{to}}", "text": "{{text}}", "udh": "{{udh}}"})
    assert "udh=0B0003" in first
    assert "05040B840000" in second


def test_a_carrier_that_cannot_say_it_does_not_get_it() -> None:
    with pytest.raises(CannotWrite, match="application port"):
        write("Hello", {"to": "{{to}}", "text": "{{text}}"})


def test_a_part_that_an_smpp_client_cut_keeps_its_place_and_ports() -> None:
    fields = {"to": "{{to}}", "text": "{{text}}", "udh": "{{udh}}"}
    assert "udh=050003070202" in write("second", fields, concat=[7, 2, 2])[0]
    assert "udh=060804012C0302" in write("second", fields, concat=[300, 3, 2])[0]
    assert (
        "udh=0B00030702010504" + "0B8423F0" in write("first", fields, concat=[7, 2, 1], port=2948, source_port=9200)[0]
    )
