"""The answer parser: framing of RFC 9112, bounds, and what is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strowger.foundation.http_wire import HEAD_LIMIT, AnswerParser, BadAnswer, is_settable

ANSWERS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", True),
    (b"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 200, b"", True),
    (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 304\r\nContent-Length: 99\r\n\r\n", 304, b"", True),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nhi", 200, b"hi", True),
    (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
    (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 201 C\r\nContent-Length: 1\r\n\r\nx",
     201, b"x", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", 200, b"hello world", True),
    (b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nTrailer: y\r\n\r\n", 500, b"x", True),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200, b"x", False),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "status", "body", "reusable"), ANSWERS)
def test_an_answer_is_read_the_same_however_it_is_cut(wire, status, body, reusable):
    for size in (len(wire), 1, 3, 7):
        parser = AnswerParser(100)
        cuts = [parser.feed(wire[at : at + size]) for at in range(0, len(wire), size)]
        assert cuts == [False] * (len(cuts) - 1) + [True]
        assert (parser.status, parser.body, parser.reusable) == (status, body, reusable)


def test_an_answer_without_length_ends_with_the_connection():
    parser = AnswerParser(100)
    assert not parser.feed(b"HTTP/1.1 200 OK\r\n\r\nall of ")
    assert not parser.feed(b"it")
    assert parser.close()
    assert (parser.body, parser.reusable) == (b"all of it", False)


@pytest.mark.parametrize("wire", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_an_answer_cut_short_is_not_complete(wire):
    parser = AnswerParser(100)
    if wire:
        parser.feed(wire)
    assert not parser.close()


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 999 No\r\n\r\n", b"HTTP/1.1 20 No\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"HTTP/1.1 200 OK\r\nName : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nlong\r\n", b"x" * (HEAD_LIMIT + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * (HEAD_LIMIT + 1),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(wire):
    with pytest.raises(BadAnswer):
        AnswerParser(100).feed(wire)


def test_only_the_first_bytes_of_a_body_are_kept():
    parser = AnswerParser(10)
    assert parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000)
    assert (parser.body, parser.truncated, parser.reusable) == (b"x" * 10, True, True)


def test_an_endless_body_ends_the_connection_and_not_the_memory():
    parser = AnswerParser(10)
    parser.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    chunks = 0
    while not parser.feed(b"x" * 10_000):
        chunks += 1
    assert chunks < 10
    assert (parser.body, parser.truncated, parser.reusable) == (b"x" * 10, True, False)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for head in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        parser = AnswerParser(50)
        try:
            parser.feed(head + data)
        except BadAnswer:
            continue
        assert len(parser.body) <= 50


def test_headers_that_frame_the_message_cannot_be_set():
    assert is_settable("X-Api-Key")
    for name in ("Host", "content-length", "Transfer-Encoding", "connection", "x y", "x:", "", "é", "a\r\nb"):
        assert not is_settable(name)
