"""The Documents API (platform.md 10.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from strowger.foundation.clock import utc_text
from strowger.foundation.errors import StrowgerError
from strowger.platform.audit import service as audit
from strowger.platform.documents import repository, service
from strowger.platform.documents.schemas import (
    CATEGORIES,
    MAX_BODY,
    MAX_NUMBER_ID,
    STATUSES,
    NewDocuments,
    public,
    public_long,
    read_choice,
    read_id,
    read_title,
)
from strowger.platform.files import service as files
from strowger.platform.gateway import rbc
from strowger.platform.gateway.envelope import INTEGER, TEXT, described, rows_of, said
from strowger.platform.gateway.errors import register_errors
from strowger.platform.gateway.operations import Answer, Call, Operation, Parameter
from strowger.platform.gateway.params import FilePart, as_text, read_whole
from strowger.platform.gateway.table import add_operations

register_errors("strowger.platform.documents")
LINK_LIVES = timedelta(minutes=10)
MAX_PAGE, MAX_LIMIT = 1_000_000, 100
_encode = msgspec.json.Encoder().encode


def _answer(data: Any, status: int = 200, code: str = rbc.OK, message: str = rbc.OK_TEXT, **more: Any) -> Answer:
    return Answer(status, _encode(said(code, message, data, **more)))


def failure(problem: StrowgerError) -> dict[str, Any]:
    """A failure in this area's envelope; a body that is too large as a whole has the area's code, too."""
    if problem.code == "E413":
        problem = StrowgerError("DOC413", problem.detail, field="file", status=413)
    return {**rbc.failure(problem), "data": []}


def _files(value: object) -> list[FilePart]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(item, FilePart) for item in found):
        raise StrowgerError("DOC400", "Send files as multipart/form-data, with their names", field="file")
    return [item for item in found if isinstance(item, FilePart)]


async def upload_documents(call: Call) -> Answer:
    """Store documents; they wait for review."""
    params = call.params
    number_id = as_text(params, "number_document_id", "DOC400") or ""
    if len(number_id) > MAX_NUMBER_ID or not number_id.isprintable():
        raise StrowgerError("DOC400", f"At most {MAX_NUMBER_ID} characters", field="number_document_id")
    category = "number" if number_id else "other"
    if params.get("category") not in (None, ""):
        category = read_choice(params["category"], "category", CATEGORIES)
    given = [part for name in ("file", "files") for part in (_files(params[name]) if name in params else [])]
    new = NewDocuments(read_title(params.get("title")), category, given, number_document_id=number_id)

    def answer(rows: Any) -> Answer:
        return _answer([public(row) for row in rows], 202, "RBC202", "Accepted")

    async def keep(connection: Any, rows: Any) -> None:
        await rbc.keep_answer(connection, call, answer(rows))

    by = call.principal.author
    return answer(await service.upload(call.context, call.principal.account_id, new, by, keep))


async def list_documents(call: Call) -> Answer:
    """Documents, the latest first, page by page."""
    page = read_whole(call.params, "page", 1, MAX_PAGE, code="DOC400")
    limit = read_whole(call.params, "limit", 25, MAX_LIMIT, code="DOC400")
    chosen = {
        name: read_choice(text, name, choices) if (text := as_text(call.params, name, "DOC400")) else None
        for name, choices in (("category", CATEGORIES), ("status", STATUSES))
    }
    async with call.context.database.acquire() as connection:
        rows, total = await repository.page(
            connection, call.principal.account_id, chosen["category"], chosen["status"], limit, (page - 1) * limit
        )
    return _answer([public_long(dict(row)) for row in rows], page=page, limit=limit, total=total)


async def delete_document(call: Call) -> Answer:
    """Remove a document."""
    file_id = read_id(call.params.get("document_id"))
    await service.delete(call.context, call.principal.account_id, file_id)
    return _answer([{"document_id": str(file_id)}])


async def rename_document(call: Call) -> Answer:
    """Give a document another title."""
    file_id, title = read_id(call.params.get("document_id")), read_title(call.params.get("title"))
    row = await service.rename(call.context, call.principal.account_id, file_id, title)
    return _answer([public(dict(row))])


async def download_document(call: Call) -> Answer:
    """A link that downloads the document without a key, for ten minutes; noted in the audit log."""
    context, principal = call.context, call.principal
    row = await service.get(context, principal.account_id, read_id(call.path_params["document_id"]))
    stored = await files.find(context, principal.account_id, row["file_id"])
    if stored is None:
        raise StrowgerError("DOC404", field="document_id")
    until = context.clock.now() + LINK_LIVES
    actor = audit.Actor(principal.account_id, None, principal.author, "API")
    await audit.record(context, actor, audit.Deed(call.id, "view document", call.path, 200))
    data = {
        "document_id": str(stored.id), "url": files.link(context, stored, LINK_LIVES),
        "expires_at": utc_text(until),
    }  # fmt: skip
    return _answer([data])


COUNT: Mapping[str, Any] = {"type": ["integer", "string"]}
ID = "0199aa00-0000-7000-8000-000000000001"
EXAMPLE = {
    "document_id": ID, "title": "Register extract", "file_name": "extract.pdf", "size": 48213, "status": "pending",
    "created_at": "2026-01-05T10:11:12Z",
}  # fmt: skip
LISTED = {
    **EXAMPLE, "category": "kyc", "mime_type": "application/pdf", "reason": "", "uploaded_by": "ada@example.com",
    "number_document_id": "",
}  # fmt: skip
DOCUMENT_ID = Parameter("document_id", TEXT, "The document's id, from the upload or the list.", True, ID)
TITLE = Parameter(
    "title", TEXT, "What people call it, 1 to 100 characters. Several files get numbers.", True, "Register extract"
)
FAILURE = described({"type": "array"})


def _result(example: Mapping[str, Any], **more: Any) -> Mapping[str, Any]:
    return described(rows_of(*example), **dict.fromkeys(more, INTEGER))


def _body(example: Mapping[str, Any], code: str = rbc.OK, message: str = rbc.OK_TEXT, **more: Any) -> dict[str, Any]:
    return said(code, message, [example], **more)


def _operation(method: str, tail: str, name: str, summary: str, text: str, handler: Any, **settings: Any) -> Operation:
    return Operation(
        method, f"/{{sid}}/documents{tail}", name, summary, text, handler, tag="Documents", area="platform", empty=[],
        failure=failure, failure_schema=FAILURE,
        **{**settings, "codes": ("DOC400", *rbc.CODES, *settings.get("codes", ()))},
    )  # fmt: skip


LINK = {"document_id": ID, "url": "https://sms.example/files/AbC", "expires_at": "2026-01-05T10:21:12Z"}
OPERATIONS = [
    _operation(
        "POST", "/upload", "upload_documents", "Upload documents",
        "PDF, PNG, JPEG or DOCX, at most 10,000,000 bytes each, 10 files and 50,000,000 bytes at once. Content, ending and "
        "declared type must agree. All files are stored or none; each waits for review.",
        upload_documents,
        parameters=(
            TITLE,
            Parameter(
                "file", {"type": "array", "items": {"type": "string", "format": "binary"}},
                "One file or several, as parts of multipart/form-data.", True, "@extract.pdf",
            ),
            Parameter("category", TEXT, "kyc, number, waba or other (the default).", False, "kyc"),
            Parameter("number_document_id", TEXT, "For a number: which of its documents this is."),
        ),
        codes=("DOC413", "DOC415", "DOC422"), status=202, result=_result(EXAMPLE),
        example=_body(EXAMPLE, "RBC202", "Accepted"), permission="settings.write", idempotent=True, files=MAX_BODY,
    ),
    _operation(
        "GET", "", "list_documents", "Documents", "The latest first.", list_documents,
        parameters=(
            Parameter("page", COUNT, "From 1."),
            Parameter("limit", COUNT, "Rows on a page, at most 100; 25 if left out."),
            Parameter("category", TEXT, "Only this category."),
            Parameter("status", TEXT, "Only pending, approved or rejected ones."),
        ),
        result=_result(LISTED, page=1, limit=1, total=1), example=_body(LISTED, page=1, limit=25, total=1),
        permission="settings.read",
    ),
    _operation(
        "POST", "/delete", "delete_document", "Delete a document", "Refused while a KYC case rests on it.", delete_document,
        parameters=(DOCUMENT_ID,), codes=("DOC404", "DOC409"), result=_result({"document_id": ID}),
        example=_body({"document_id": ID}), permission="settings.write",
    ),
    _operation(
        "POST", "/rename", "rename_document", "Rename a document", "Changes the title, not the file's name.", rename_document,
        parameters=(DOCUMENT_ID, TITLE), codes=("DOC404",), result=_result(EXAMPLE), example=_body(EXAMPLE),
        permission="settings.write",
    ),
    _operation(
        "GET", "/{document_id}/download", "download_document", "Download a document",
        "Answers with a link that needs no key and works for ten minutes. Each call is noted in the audit log.", download_document,
        path_parameters=(DOCUMENT_ID,), codes=("DOC404",), result=_result(LINK), example=_body(LINK),
        permission="settings.read",
    ),
]  # fmt: skip
add_operations(OPERATIONS)
routes: list[Any] = []  # the gateway's mount serves the operations
