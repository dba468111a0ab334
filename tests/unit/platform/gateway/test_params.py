"""Reading parameters never fails in another way than by its own error, and forms are read back as they were written."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.params import read_form, read_params, scalar_text

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAME = st.text("abcdefghij_-ü", min_size=1, max_size=10)
TYPES = st.sampled_from(
    [b"", b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x", b"text/xml"]
)


@given(st.dictionaries(NAME, TEXT, max_size=6))
def test_forms_are_read_back(fields: dict[str, str]) -> None:
    assert read_form(urlencode(fields).encode()) == fields


@given(st.binary(max_size=200), TYPES, st.binary(max_size=200))
def test_any_bytes_are_parameters_or_an_error(query: bytes, kind: bytes, body: bytes) -> None:
    try:
        params = read_params(query, kind, body)
    except StrowgerError as problem:
        assert problem.code in ("E400", "E415")  # noqa: PT017
    else:
        assert all(isinstance(name, str) for name in params)


def test_a_repeated_field_is_a_list() -> None:
    assert read_form(b"to=1&to=2&to[]=3&a") == {"to": ["1", "2", "3"], "a": ""}


def test_the_body_wins_over_the_query() -> None:
    assert read_params(b"a=1&b=2", b"", b'{"b": 3}') == {"a": "1", "b": 3}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "1"),
        (False, "0"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (None, None),
        ([], None),
        (10**60, None),
    ],
)
def test_scalars_as_text(value: object, text: str | None) -> None:
    assert scalar_text(value) == text
