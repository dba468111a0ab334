"""What the phone reads from its queries and forms."""

from __future__ import annotations

import pytest

from strowger.channels.sms.pages.phone_view import Place, number_of, typed_option


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+44 7700 900-123", "447700900123"),
        ("12345", "12345"),
        ("12", ""),
        ("STRWGR", ""),
        ("44x7700900123", ""),
        ("٤٤٧٧٠٠", ""),
        (None, ""),
    ],
)
def test_numbers(text: str | None, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("False", False), ("0x45", 69), ("12", 12), ("0.5", 0.5), (" many ", "many")]
)
def test_options(text: str, value: object) -> None:
    assert typed_option(text) == value
    assert type(typed_option(text)) is type(value)


def test_a_place_keeps_only_numbers_and_a_bounded_list() -> None:
    many = ",".join(str(447700900000 + n) for n in range(50))
    place = Place.of({"number": "<b>", "peer": "A" * 50, "added": f"x,447700900000,{many}"})
    assert (place.number, place.peer) == ("", "A" * 20)
    assert len(place.added) == 20
    assert len(set(place.added)) == 20
