"""Templates' texts: pieces, filling, and the comparison of texts (sms.md 7.2)."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.message_templates.placeholders import DLT_VALUE, fill, matches, split
from strowger.foundation.errors import StrowgerError

FIXED = st.text("abc D.\n", min_size=1, max_size=12)
VALUES = st.lists(st.text("abcXYZ019 ", max_size=DLT_VALUE), min_size=0, max_size=6)


def test_pieces_and_variables() -> None:
    content = split("Hi {name}, {#var#} of {#var#} at {URL} {not a name} {}")
    assert content.names == ("name", "#var#", "#var#", "URL")
    assert content.variables == ["name", "var1", "var2"]
    assert content.fixed[-1] == " {not a name} {}"


@given(VALUES, st.data())
def test_what_was_filled_in_matches(values: list[str], data: st.DataObject) -> None:
    fixed = [data.draw(FIXED) for _ in range(len(values) + 1)]
    content = split("{#var#}".join(fixed))
    text = fill(content, values, {})
    assert matches(content, text, DLT_VALUE)
    assert matches(content, text.replace("\n", "\r\n").replace(" ", "  "), DLT_VALUE * 2 + 2)


@pytest.mark.parametrize(
    ("template", "text", "fits"),
    [
        ("Dear {#var#}, ok", "Dear Ann, ok", True),
        ("Dear {#var#}, ok", "Dear , ok", True),
        ("Dear {#var#} ok", "Dear ok", True),
        ("Dear {#var#}, ok", "dear Ann, ok", False),
        ("Dear {#var#}, ok", "Dear Ann, ok!", False),
        ("Dear {#var#}, ok", "Oh Dear Ann, ok", False),
        ("Dear {#var#}, ok", "Dear  Ann,\tok", True),
        ("One\nTwo {#var#}", "One\r\nTwo x", True),
        ("{#var#} came", "Ann came", True),
        ("It is {#var#}", "It is", False),
        ("It is {#var#}", "It is ", True),
        ("See {URL}", "See https://k.example/a", True),
        ("Code {#var#}", "Code " + "x" * 30, True),
        ("Code {#var#}", "Code " + "x" * 31, False),
        ("Code {#var#}.", "Code " + "." * 31, True),
        ("{#var#}ab{#var#}ab", "ababab", True),
        ("No variable", "No variable", True),
        ("No variable", " No  variable ", True),
        ("No variable", "No variables", False),
    ],
)  # fmt: skip
def test_the_comparison(template: str, text: str, fits: bool) -> None:
    assert matches(split(template), text, DLT_VALUE) is fits


def test_the_comparison_takes_no_longer_for_texts_made_to_hinder_it() -> None:
    content = split("a{#var#}" * 199 + "b")
    began = time.perf_counter()
    assert not matches(content, "a" * 1599, DLT_VALUE)
    assert time.perf_counter() - began < 0.25


def test_what_has_no_value_is_named() -> None:
    with pytest.raises(StrowgerError, match="var2"):
        fill(split("{#var#} {#var#}"), ["a"], {})
    with pytest.raises(StrowgerError, match="E612"):
        fill(split("{name}"), {"name": ["a"]}, {})
    assert fill(split("{name} {x}"), {"name": "a"}, {}, strict=False) == "a {x}"
