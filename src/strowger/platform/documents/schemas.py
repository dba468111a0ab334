"""Shapes of documents: what may be uploaded, what the API answers (platform.md 10.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.platform.files.types import DOCX, JPEG, PDF, PNG
from strowger.platform.gateway.params import FilePart

TAKEN = (PDF, PNG, JPEG, DOCX)
ACCEPT = ".pdf,.png,.jpg,.jpeg,.docx"
CATEGORIES = {"kyc": "KYC", "number": "Number", "waba": "WABA", "other": "Other"}
STATUSES = {"pending": "Pending", "approved": "Approved", "rejected": "Rejected"}
TONES = {"pending": "info", "approved": "success", "rejected": "danger"}
MAX_TITLE, MAX_SIZE, MAX_FILES, MAX_BODY, MAX_DOCUMENTS = 100, 10_000_000, 10, 50_000_000, 1_000
MAX_NUMBER_ID = 60


@dataclass(frozen=True, slots=True)
class NewDocuments:
    """A checked wish: one title for one file or several, which are then numbered."""

    title: str
    category: str
    files: Sequence[FilePart]
    purpose: str = ""
    number_document_id: str = ""

    def title_of(self, n: int) -> str:
        """The title of the n-th file."""
        if len(self.files) == 1:
            return self.title
        mark = f" ({n + 1})"
        return self.title[: MAX_TITLE - len(mark)] + mark


def read_title(value: object, field: str = "title") -> str:
    """A title. Raises DOC400."""
    text = value.replace("\0", "").strip() if isinstance(value, str) else ""
    if not text or len(text) > MAX_TITLE or not text.isprintable():
        raise StrowgerError("DOC400", f"A text of 1 to {MAX_TITLE} characters", field=field)
    return text


def read_id(value: object) -> UUID:
    """A document's public id. Raises DOC400; a well-formed unknown one is DOC404 later."""
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise StrowgerError(
            "DOC400", "An id such as 0199aa00-0000-7000-8000-000000000001", field="document_id"
        ) from None


def read_choice(value: object, field: str, choices: Mapping[str, str]) -> str:
    """One of the keys of ``choices``, in any case. Raises DOC400."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if text not in choices:
        raise StrowgerError("DOC400", "One of " + ", ".join(choices), field=field)
    return text


def public(row: Mapping[str, Any]) -> dict[str, Any]:
    """A document as the API shows it."""
    return {
        "document_id": str(row["file_id"]),
        "title": row["title"],
        "file_name": row["file_name"],
        "size": row["size"],
        "status": row["status"],
        "created_at": utc_text(row["created_at"]),
    }


def public_long(row: Mapping[str, Any]) -> dict[str, Any]:
    """A document as lists show it."""
    return {
        **public(row),
        "category": row["category"],
        "mime_type": row["media_type"],
        "reason": row["reason"],
        "uploaded_by": row["uploaded_by"],
        "number_document_id": row["number_document_id"],
    }
