"""What may stand in a contact (console.md 5.10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.foundation.phone import complete_number
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.reading import read_field_name, read_mobile, read_tag_name, read_value, read_values
from strowger.platform.directory.schemas import CustomField, Kind


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("+44 7700 900123", "DE", "447700900123"),
        ("0044 7700 900123", "DE", "447700900123"),
        ("07700 900123", "GB", "447700900123"),
        ("7700900123", "GB", "447700900123"),
        ("447700900123", "GB", "447700900123"),
        ("(415) 555-2671", "US", "14155552671"),
        ("14155552671", "US", "14155552671"),
        ("9876543210", "IN", "919876543210"),
        ("919876543210", "IN", "919876543210"),
        ("0151 23456789", "DE", "4915123456789"),
        ("4915123456789", "DE", "4915123456789"),
        ("447700900123", "FR", "447700900123"),
        ("447700900123", "", "447700900123"),
        ("0123", "GB", None),
        ("nonsense", "GB", None),
        ("", "GB", None),
    ],
)
def test_numbers_are_completed_with_the_accounts_country(text: str, country: str, digits: str | None) -> None:
    assert complete_number(text, country) == digits


def test_a_number_must_fit_its_country() -> None:
    assert read_mobile("07700 900123", "GB") == "447700900123"
    for wrong in ("+4477009001", "+1415555267", "+999123456789", "12", "+", "\0", "9" * 200):
        with pytest.raises(Refused) as refused:
            read_mobile(wrong, "GB")
        assert (refused.value.code, refused.value.field) == ("DIR401", "mobile")


def test_names_of_every_script_and_only_the_listed_signs() -> None:
    for name in ("Ada Lovelace", "Müller-Lüdenscheidt", "李小龍", "प्रिया", "O'Brien, Jr. & Sons @ 50% ~ a_b?"):
        assert read_values({"mobile": "+447700900123", "name": name}, [], "GB").name == name
    for name in ("<script>", "a;b", "x" * 101, "a\tb\x00"):
        with pytest.raises(Refused) as refused:
            read_values({"mobile": "+447700900123", "name": name}, [], "GB")
        assert refused.value.field == "name"


def test_places_address_and_country() -> None:
    given = {"mobile": "+447700900123", "email": " Ada@Example.COM ", "city": "London", "state": "", "country": ""}
    values = read_values(given, [], "DE")
    assert (values.email, values.city, values.country) == ("ada@example.com", "London", "GB")
    for field, text in (("email", "nobody"), ("country", "XX"), ("city", "a|b"), ("state", "y" * 61)):
        with pytest.raises(Refused) as refused:
            read_values({**given, field: text}, [], "DE")
        assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("number", "12.50", "12.5"), ("number", "-0", "0"), ("number", "1e3", "1000"), ("number", "007", "7"),
        ("date", "2026-01-31", "2026-01-31"), ("date", "2026-01-31T10:00:00", "2026-01-31"),
        ("boolean", "YES", "yes"), ("boolean", "0", "no"), ("text", " a\nb ", "a b"), ("text", "", ""),
    ],
)  # fmt: skip
def test_values_of_custom_fields(kind: str, text: str, kept: str) -> None:
    assert read_value(kind, text) == kept


@pytest.mark.parametrize(
    ("kind", "text"),
    [("number", "one"), ("number", "NaN"), ("number", "1e999"), ("date", "31.01.2026"), ("boolean", "maybe"), ("text", "x" * 501)],
)  # fmt: skip
def test_values_that_are_refused(kind: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_value(kind, text)


def test_names_of_fields_and_tags() -> None:
    assert read_field_name("Customer  number") == "Customer number"
    for wrong in ("", "mobile", "Blocklist_SMS", "a-b", "x" * 51):
        with pytest.raises(Refused):
            read_field_name(wrong)
    assert read_tag_name("  VIP  club ") == "VIP club"
    for wrong in ("", " ", "a|b", "a,b", "x" * 51):
        with pytest.raises(Refused):
            read_tag_name(wrong)


@given(
    st.dictionaries(st.sampled_from(["mobile", "name", "email", "city", "state", "country"]), st.text(max_size=80)),
    st.text(),
)
def test_anything_is_read_or_refused(given_: dict[str, str], value: str) -> None:
    fields = [CustomField(n, kind, kind) for n, kind in enumerate(Kind)]
    try:
        values = read_values(given_, fields, "GB", {str(n): value for n in range(4)})
    except Refused as problem:
        if not problem.field:
            raise
    else:
        assert values.mobile.isascii()
        assert values.mobile.isdigit()
        assert 8 <= len(values.mobile) <= 15
        assert all("\0" not in text for text in (values.name, values.email, values.city, *values.fields.values()))
