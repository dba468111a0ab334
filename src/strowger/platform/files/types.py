"""What a file really is: told from its content, compared with what its sender claims."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

PDF, PNG, JPEG, GIF, WEBP = "application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
ZIP, CSV, TEXT = "application/zip", "text/csv", "text/plain"
NAMES = {
    PDF: "PDF", PNG: "PNG", JPEG: "JPEG", GIF: "GIF", WEBP: "WebP", DOCX: "DOCX", XLSX: "XLSX", ZIP: "ZIP", CSV: "CSV",
    TEXT: "text", XLS: "XLS",
}  # fmt: skip
ENDINGS = {
    ".pdf": PDF, ".png": PNG, ".jpg": JPEG, ".jpeg": JPEG, ".gif": GIF, ".webp": WEBP, ".docx": DOCX, ".xlsx": XLSX,
    ".zip": ZIP, ".csv": CSV, ".txt": TEXT,
}  # fmt: skip
SAME = {"image/jpg": JPEG, "image/pjpeg": JPEG, "application/x-pdf": PDF, "application/x-zip-compressed": ZIP}
# text/plain is what a part without a type counts as (RFC 7578, 4.4).
SAYS_NOTHING = frozenset({"", TEXT, "application/octet-stream", "binary/octet-stream", "application/force-download"})
# What a browser may show by itself: it can run no code of the file's there.
SHOWN = frozenset({PDF, PNG, JPEG, GIF, WEBP})
HEAD = 262_144  # bytes of the beginning that are looked at: names within an office file come early
STARTS = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
)
MARKUP = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|script|svg|\?xml|!--)", re.IGNORECASE)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")


class WrongType(ValueError):
    """A file is not what it claims or not what is taken; the text says it for its sender."""


def clean_name(name: str, spare: str = "file") -> str:
    """A file name without folders, control and direction characters, of at most 200 characters; its ending stays."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in name if c.isprintable() and c not in '<>:"|?*')
    name = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", name).strip(" .")
    ending = PurePosixPath(name).suffix[:20]
    return (name if len(name) <= 200 else name[: 200 - len(ending)] + ending) or spare


def told_by_content(head: bytes) -> str:
    """The media type of content by its beginning (up to ``HEAD`` bytes); empty when it is none of those known."""
    for start, kind in STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head.startswith(b"PK\x03\x04"):
        return DOCX if b"word/document" in head else XLSX if b"xl/workbook" in head else ZIP
    if not head or MARKUP.match(head) or CONTROL.search(head):
        return ""
    return TEXT if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    """UTF-8, whose last character may be cut off by the end of what was looked at."""
    try:
        head.decode()
    except UnicodeDecodeError as problem:
        return len(head) >= HEAD and problem.start > len(head) - 4
    return True


def checked_type(name: str, claimed: str, head: bytes, allowed: Iterable[str]) -> str:
    """The media type of an upload, when its content, its ending and the claimed type agree and it is allowed.

    Raises WrongType with a sentence for its sender.
    """
    takes = list(allowed)
    found = told_by_content(head)
    claimed = claimed.partition(";")[0].strip().lower()
    claimed = SAME.get(claimed, claimed)
    by_name = ENDINGS.get(PurePosixPath(name.lower()).suffix)
    if found == TEXT and CSV in (claimed, by_name):
        found = CSV
    if found not in takes:
        words = ", ".join(NAMES.get(kind, kind) for kind in takes)
        raise WrongType(f"{name} is none of {words}." if len(takes) > 1 else f"{name} is not a {words} file.")
    for word, said in (("is named", by_name), ("is sent", None if claimed in SAYS_NOTHING else claimed)):
        if said is not None and said != found and {said, found} != {CSV, TEXT}:
            raise WrongType(f"{name} {word} as {NAMES.get(said, said)[:60]}, but its content is {NAMES[found]}.")
    return found
