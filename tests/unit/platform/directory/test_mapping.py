"""The rows of imports: columns by their headings, what is wrong with a row, and files of any kind (fuzzing)."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strowger.foundation.sheets import SheetProblem, open_sheet
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.mapping import (
    CONTACTS,
    TAGS,
    Options,
    Reader,
    Row,
    check_columns,
    guess,
    preview,
)
from strowger.platform.directory.schemas import CustomField, Kind

FIELDS = [CustomField(7, "Customer number", Kind.NUMBER), CustomField(8, "Plan", Kind.TEXT)]


def read(text: str, options: Options | None = None, known: tuple[str, ...] = ()) -> list[Row]:
    headings, lines = open_sheet(text.encode())
    chosen = options or Options()
    chosen.columns = guess(headings, FIELDS, CONTACTS)
    return list(Reader(chosen, FIELDS, "GB", known).rows(lines))


def test_columns_are_known_by_their_headings() -> None:
    headings = ["MSISDN", "Phone", "Full Name", "E-Mail", "blocklist_sms", "Customer Number", "plan", "other", "Tags"]
    wanted = ["mobile", "", "name", "email", "blocklist_sms", "field:7", "field:8", "", "tags"]
    assert guess(headings, FIELDS, CONTACTS) == wanted
    assert guess(headings, FIELDS, TAGS) == ["mobile", *[""] * 7, "tags"]
    for columns in ([], ["name"], ["mobile", "mobile"], ["mobile", "field:9"]):
        with pytest.raises(Refused):
            check_columns(columns, headings[: len(columns)], FIELDS, CONTACTS)
    with pytest.raises(Refused):
        check_columns(["mobile", ""], headings[:2], FIELDS, TAGS)


def test_rows_are_read_and_what_is_wrong_is_said() -> None:
    rows = read(
        "mobile;name;email;tags;blocklist_sms;plan;customer number\n"
        "07700 900123;Ada;ADA@example.com;VIP| London |VIP;yes;gold;4711\n"
        "nonsense;Bob;;;;;\n"
        "07700900124;Cleo;;a,b;;;\n"
        "07700900125;;;;maybe;;\n"
        "07700900126;;;;;;many\n",
        Options(tags=["All"]),
    )  # fmt: skip
    assert rows[0] == Row(
        1, 2, "447700900123", name="Ada", email="ada@example.com", home="GB", fields={"7": "4711", "8": "gold"},
        tags=["VIP", "London", "All"], blocks={"sms": True},
    )  # fmt: skip
    errors = [row.error for row in rows[1:]]
    assert errors[0].startswith("Mobile number: This is no phone number")
    assert errors[1].startswith("Tags")
    assert errors[2].endswith("enter yes or no.")
    assert errors[3].startswith("Customer number: ")
    assert [row.line for row in rows] == [2, 3, 4, 5, 6]


def test_unknown_tags_are_refused_when_none_are_to_be_made() -> None:
    rows = read("mobile,tags\n+447700900123,vip\n+447700900124,new\n", Options(create_tags=False), ("VIP",))
    assert [row.error for row in rows] == ["", "Tags: there is no tag new."]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)), st.booleans())
def test_no_file_breaks_the_reader(data: bytes, as_sheet: bool) -> None:
    with contextlib.suppress(SheetProblem):
        preview(b"PK\x03\x04" + data if as_sheet else b"mobile,name,tags,plan\n" + data)
        headings, lines = open_sheet(data)
        reader = Reader(Options(columns=guess(headings, FIELDS, CONTACTS)), FIELDS, "GB")
        for row in reader.rows(lines):
            assert row.error or row.mobile.isdigit()


CELLS = st.lists(st.text(max_size=60), min_size=1, max_size=9)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["", "mobile", "name", "email", "tags", "country", "blocklist_sms", "field:7", "field:8"]),
        max_size=9,
    ),
    CELLS,
)
def test_no_row_breaks_the_reader(columns: list[str], cells: list[str]) -> None:
    row = Reader(Options(columns=columns), FIELDS, "GB").read(1, 2, cells)
    assert row.error or row.mobile.isdigit()
    assert "\0" not in f"{row.mobile}{row.name}{row.email}{row.city}{row.tags}{row.fields}{row.error}"
