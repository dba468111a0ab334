"""Which keyword a message matches, what a pattern captures, and which keywords are refused (sms.md 7.8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.channels.sms.receive.letters import forwarded, letter_of, printable
from strowger.channels.sms.receive.matching import BadKeyword, KeywordTable, check_keyword, fill, key_of
from strowger.channels.sms.receive.schemas import Configuration, Draft
from strowger.channels.sms.receive.service import EMAIL
from strowger.messaging.rules import Received


def table(*keywords: str) -> KeywordTable:
    return KeywordTable.of([Configuration(i, Draft(keyword)) for i, keyword in enumerate(keywords)])


KEYWORDS = ("DEMO", "DEMO_2", "WIN", "WIN BIG", "Straße", "के", "BOOK", "BOOK {date} at {time}", "ORDER{id}", "")
MATCHES = [
    ("DEMO yes", "DEMO", {}),
    ("  demo\n", "DEMO", {}),
    ("demo_2 x", "DEMO_2", {}),
    ("DEMO_3", "DEMO", {}),
    ("DEMOCRACY", "", {}),
    ("win", "WIN", {}),
    ("Win  big!", "WIN BIG", {}),
    ("win2", "WIN", {}),
    ("winner", "", {}),
    ("STRASSE 5", "Straße", {}),
    ("के लिए", "के", {}),
    ("केरल", "", {}),
    ("the WIN", "", {}),
    ("book", "BOOK", {}),
    ("Book 5 May at 19:30", "BOOK {date} at {time}", {"date": "5 May", "time": "19:30"}),
    ("BOOK Ää at Öö ẞ", "BOOK {date} at {time}", {"date": "Ää", "time": "Öö ẞ"}),
    ("BOOK 5 May", "BOOK", {}),
    ("order77", "ORDER{id}", {"id": "77"}),
    ("", "", {}),
]


@pytest.mark.parametrize(("text", "keyword", "captured"), MATCHES)
def test_the_longest_keyword_that_the_message_begins_with_counts(
    text: str, keyword: str, captured: dict[str, str]
) -> None:
    found = table(*KEYWORDS).find(text)
    assert found is not None
    assert (found.configuration.draft.keyword, dict(found.captured)) == (keyword, captured)


def test_nothing_matches_without_a_default() -> None:
    assert table("DEMO").find("hello") is None
    assert table().find("hello") is None


@pytest.mark.parametrize(
    "keyword",
    [
        "",
        "   ",
        "x" * 31,
        "{a}",
        " {a} b",
        "A {a}{b}",
        "A {a} {a}",
        "A {1}",
        "A { b",
        "A } b",
        "A\x07B",
        "A {}",
        "A {a b}",
    ],
)
def test_keywords_that_cannot_be_used(keyword: str) -> None:
    with pytest.raises(BadKeyword):
        check_keyword(keyword)


def test_keywords_are_kept_as_typed_and_compared_folded() -> None:
    assert check_keyword("  Win   BIG ") == "Win BIG"
    assert key_of("Win BIG") == key_of("WIN big")
    assert key_of("BOOK {date}") == key_of("book {day}") != key_of("BOOK")


@given(st.text(max_size=200), st.lists(st.text("ab {}xß\u0301", min_size=1, max_size=12), max_size=6))
def test_any_text_against_any_keywords(text: str, keywords: list[str]) -> None:
    usable = []
    for keyword in keywords:
        try:
            usable.append(check_keyword(keyword))
        except BadKeyword:
            continue
    found = table(*usable, "").find(text)
    assert found is not None
    assert all(value.strip() for value in found.captured.values())


def test_a_long_text_against_many_names_is_one_pass() -> None:
    found = table("A {a} b {c} b {d} b {e} b {f}", "").find("a " + "x b " * 20_000)
    assert found is not None
    assert set(found.captured) == {"a", "c", "d", "e", "f"}


def test_captures_fill_a_reply_and_nothing_else() -> None:
    assert fill("Hi {name}, {other}", {"name": "{other} <Ada>", "x": "y"}) == "Hi {other} <Ada>, {other}"


@pytest.mark.parametrize(
    "address",
    [
        "a@b.c,d@e.org", "a,b@c.org", "a@b.org\nBcc: x@y.org", "x:a@b.org;", '"a b"@c.org', "a@b", "ä@b.org", "<a@b.org>",
        "a..b@c.org", "a@b.org ", "a@-b.org",
    ],
)  # fmt: skip
def test_addresses_that_could_become_something_else(address: str) -> None:
    assert EMAIL.fullmatch(address) is None
    assert EMAIL.fullmatch("o'neil+sms@mail.example.org")


def test_what_came_in_cannot_write_headers_of_a_mail() -> None:
    from datetime import UTC, datetime

    one = Received(1, "x:1", "ACME\r\nBcc: evil@example.org", "4915550001", "Hi\r\nBcc: evil@example.org")
    letter = letter_of(one, "A\r\nX-Evil: 1", "Europe/Berlin", datetime(2026, 1, 1, tzinfo=UTC))
    assert letter.subject == "SMS from ACME Bcc: evil@example.org to +4915550001 (A X-Evil: 1)"
    assert printable("a\x00b\u202ec") == "a b c"
    assert len(forwarded(Received(1, "x:1", "4917012345678", "4915550001", "x" * 5000))) == 1530
