"""Parameters of a send, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms import fields
from strowger.foundation.errors import StrowgerError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ("['a','b, c']", ["a", "b, c"]),
        ('["a","b"]', ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("['it\\'s']", ["it\\'s"]),
        ("[]", []),
        ("a", ["a"]),
        (["a", 1], ["a", 1]),
        (5, [5]),
    ],
)
def test_lists_in_every_spelling(value: object, items: list[Any]) -> None:
    assert fields.read_list(value) == items


@given(JSON, st.sampled_from([None, "44", "91"]), st.sampled_from(["GB", "IN"]), st.booleans())
def test_recipients_of_any_kind_are_read_or_refused(value: Any, prefix: str | None, country: str, spaced: bool) -> None:
    try:
        kept, invalid = fields.read_recipients(value, prefix, country, spaced)
    except StrowgerError as problem:
        assert problem.code in ("E601", "E602", "E603")  # noqa: PT017
        assert problem.field == "to"  # noqa: PT017
    else:
        assert set(invalid) < set(kept)
        assert len(set(kept)) == len(kept) <= fields.MAX_RECIPIENTS


@given(
    st.sampled_from(["unicode", "flash", "dlr", "validity", "prefix", "type", "ref", "ref_custom", "source", "body"]),
    JSON,
)
def test_any_value_is_read_or_refused_by_name(name: str, value: Any) -> None:
    readers: dict[str, Any] = {
        "unicode": fields.read_unicode,
        "flash": lambda params: fields.read_switch(params, "flash"),
        "dlr": lambda params: fields.read_switch(params, "dlr"),
        "validity": fields.read_validity,
        "prefix": fields.read_prefix,
        "type": fields.read_type,
        "ref": fields.read_references,
        "ref_custom": fields.read_references,
        "source": fields.read_source,
        "body": fields.read_body,
    }
    try:
        readers[name]({name: value})
    except StrowgerError as problem:
        assert problem.field == name  # noqa: PT017


def test_national_numbers_of_an_indian_account() -> None:
    assert fields.read_recipients("9812345678, 9812345679", None, "IN", True) == (["919812345678", "919812345679"], [])
