"""What a file is, by its content; and names that lead nowhere."""

from __future__ import annotations

import pytest

from strowger.platform.files.types import (
    CSV,
    DOCX,
    JPEG,
    PDF,
    PNG,
    TEXT,
    WrongType,
    checked_type,
    clean_name,
    told_by_content,
)

PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"
WORD = b"PK\x03\x04..[Content_Types].xml...PK\x03\x04...word/document.xml"
TAKEN = (PDF, PNG, JPEG, DOCX)


@pytest.mark.parametrize(
    ("name", "claimed", "head", "kind"),
    [
        ("a.png", "image/png", PICTURE, PNG),
        ("A.JPG", "image/pjpeg", b"\xff\xd8\xff\xe0", JPEG),
        ("scan", "", b"%PDF-1.7", PDF),
        ("a.docx", "application/octet-stream", WORD, DOCX),
        ("a.csv", "application/vnd.ms-excel", b"to;text", ""),
        ("a.csv", "text/plain; charset=utf-8", b"to;text", CSV),
    ],
)
def test_content_ending_and_claim_agree(name: str, claimed: str, head: bytes, kind: str) -> None:
    if kind:
        assert checked_type(name, claimed, head, (*TAKEN, CSV)) == kind
    else:
        with pytest.raises(WrongType):
            checked_type(name, claimed, head, (*TAKEN, CSV))


@pytest.mark.parametrize(
    ("name", "claimed", "head"),
    [
        ("a.png", "image/png", b"<html><script>alert(1)</script>"),
        ("a.png", "image/png", b"\x89PNG\r\n\x1a\n<script>"),
        ("a.png", "image/png", b"%PDF-1.4"),
        ("a.pdf", "image/png", b"%PDF-1.4"),
        ("a.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
        ("a.docx", DOCX, b"PK\x03\x04 classes.dex"),
        ("a.pdf", PDF, b""),
        ("a.pdf", PDF, b"MZ\x90\0"),
    ],
)
def test_what_is_something_else_is_refused(name: str, claimed: str, head: bytes) -> None:
    with pytest.raises(WrongType):
        checked_type(name, claimed, head, TAKEN)


def test_text_is_no_markup() -> None:
    assert told_by_content("größe;1\n".encode()) == TEXT
    assert told_by_content(b"\xef\xbb\xbf  <!DOCTYPE html>") == ""
    assert told_by_content(b"a\0b") == told_by_content(b"\xff\xfe") == ""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\scan.pdf", "scan.pdf"),
        ("..", "file"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("in\u202efdp.exe", "infdp.exe"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("\0", "file"),
    ],
)
def test_names_lead_nowhere(given: str, name: str) -> None:
    assert clean_name(given) == name
