"""XML at the edge never raises anything but its own error, and what is written can be read."""

from __future__ import annotations

import contextlib
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import example, given
from hypothesis import strategies as st

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.xml import read_xml, write_xml

PIECES = st.sampled_from(
    [
        "<request>", "</request>", "<sms>", "</sms>", "<to>", "</to>", "<item/>", "&amp;", "&#0;", "&x;", "<![CDATA[", "]]>",
        "<!--", "-->", "<!DOCTYPE r>", '<!ENTITY a "b">', "<?xml version='1.0'?>", "447700900123", "\x00", "\ud83d", " ",
    ]
)  # fmt: skip
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"))
FIELDS = st.dictionaries(st.sampled_from(["from", "body", "type", "prefix"]), TEXT.filter(bool), max_size=4)


def refused_or_read(body: bytes) -> None:
    with contextlib.suppress(StrowgerError):
        assert isinstance(read_xml(body), dict)


@given(st.binary(max_size=200))
@example(b"\xff\xfe<\x00")
@example(b'<?xml version="1.0" encoding="utf-7"?><request/>')
@example(b'<?xml version="1.0" encoding="idna"?><request/>')
def test_R96_bytes_are_read_or_refused(body: bytes) -> None:
    refused_or_read(body)


@given(st.lists(PIECES, max_size=30))
def test_R96_pieces_of_xml_are_read_or_refused(pieces: list[str]) -> None:
    refused_or_read("".join(pieces).encode("utf-8", "surrogatepass"))


@given(FIELDS, st.lists(FIELDS, min_size=1, max_size=5))
def test_R97_what_is_written_is_read_again(top: dict[str, str], nodes: list[dict[str, str]]) -> None:
    nodes = [node or {"body": "x"} for node in nodes]
    assert read_xml(write_xml({**top, "sms": nodes}, "request")) == {**top, "sms": nodes}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=20,
    )
)
def test_every_answer_is_well_formed(value: Any) -> None:
    assert ET.fromstring(write_xml({"data": value})).tag == "response"
