"""Settings > Documents, and the operator's view of one (platform.md 11.7, console.md 5.8)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, Table
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import new_uuid
from strowger.platform.audit import service as audit
from strowger.platform.documents import approvals as _approvals  # noqa: F401 - puts documents into the operator's queue
from strowger.platform.documents import repository, service
from strowger.platform.documents.schemas import (
    ACCEPT,
    CATEGORIES,
    MAX_BODY,
    MAX_FILES,
    MAX_SIZE,
    MAX_TITLE,
    STATUSES,
    TONES,
    NewDocuments,
)
from strowger.platform.files import service as files
from strowger.platform.gateway.errors import entry_of
from strowger.platform.gateway.params import FilePart

LIST = "/settings/documents"
SIZES = ("bytes", "kB", "MB")
menu.register("Settings", "Documents", LIST, "file-certificate", 30)


def shown_size(size: int) -> str:
    """A size for people."""
    value, unit = float(size), 0
    while value >= 1000 and unit < len(SIZES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {SIZES[unit]}" if unit else f"{size} bytes"


TITLE = Field("title", "Title", required=True, max_length=MAX_TITLE, help="What it is, for you and the reviewer.")
UPLOAD = Form(
    "document",
    (
        TITLE,
        Field("category", "Category", "select", options=tuple(CATEGORIES.items()), default="other", width="half"),
    ),
    submit="Upload", action=f"{LIST}/new", cancel=LIST,
)  # fmt: skip
RENAME = Form("document-title", (TITLE,), submit="Rename", cancel=LIST)
DOCUMENTS = Table(
    "documents",
    columns=(
        Column("title", "Title", sort=True),
        Column("file_name", "File", sort=True),
        Column("category", "Category", label_of=lambda code: CATEGORIES.get(code, code)),
        Column("size", "Size", "text", value=lambda row: shown_size(row["size"])),
        Column("status", "Status", "status", tone=TONES, label_of=lambda code: STATUSES.get(code, code)),
        Column("reason", "Reason"),
        Column("uploaded_by", "Uploaded by"),
        Column("created_at", "Uploaded on", "time", sort=True),
    ),
    filters=(
        Filter("category", "Category", "multi", tuple(CATEGORIES.items())),
        Filter("status", "Status", "multi", tuple(STATUSES.items())),
        Filter("created_at", "Uploaded on", "time"),
    ),
    search="Title or file name",
    empty=Empty(
        "No documents",
        "Proofs of company, address and identity, papers for numbers. The operator reviews each and tells you the outcome by mail.",
        Action("Upload New Document", f"{LIST}/new", "upload"),
        'curl -H "api-key: $STROWGER_API_KEY" -F title="Register extract" -F category=kyc -F file=@extract.pdf …/documents/upload',
    ),
    row_href=lambda row: f"{LIST}/{row['file_id']}/view",
    row_actions=(
        RowAction("View", lambda row: f"{LIST}/{row['file_id']}/view", "eye"),
        RowAction("Download", lambda row: f"{LIST}/{row['file_id']}/download", "download"),
        RowAction("Rename", lambda row: f"{LIST}/{row['file_id']}/rename", "pencil"),
        RowAction(
            "Delete", lambda row: f"{LIST}/{row['file_id']}/delete", "trash", "POST", danger=True,
            confirm=lambda row: f"“{row['title']}” and its file are deleted. This cannot be undone.",
        ),
    ),
)  # fmt: skip


async def sent_files(request: AnyRequest) -> list[FilePart]:
    """The files of a form's field ``file``."""
    form = await request.form()
    given = [item for item in form.getall("file", []) if isinstance(item, UploadFile) and item.filename]
    return [FilePart(item.filename, item.content_type or "", await item.read()) for item in given]


def told(problem: StrowgerError) -> str:
    """What a refusal says to people."""
    return problem.detail or entry_of(problem.code).text


@page(LIST, permission="settings.read")
async def list_documents(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The documents of the account."""
    return await DOCUMENTS.respond(
        request, visitor, repository.source(context_of(request).database), title="Documents",
        actions=[Action("Upload New Document", f"{LIST}/new", "upload", primary=True, key="c")],
    )  # fmt: skip


async def _form(request: AnyRequest, form: FormState) -> Page:
    return await render(
        request, "documents/upload.html", title="Upload New Document", crumbs=[Crumb("Documents", LIST)], form=form,
        accept=ACCEPT, most_files=MAX_FILES, most_megabytes=MAX_SIZE // 1_000_000, status=form.status,
    )  # fmt: skip


@page(f"{LIST}/new", permission="settings.write")
async def upload_form(request: AnyRequest, visitor: Visitor) -> Page:
    """The form for new documents."""
    return await _form(request, UPLOAD.blank(visitor))


@page(f"{LIST}/new", methods=["POST"], permission="settings.write", request_max_body_size=MAX_BODY)
async def upload(request: AnyRequest, visitor: Visitor) -> Page:
    """Store what was sent."""
    form = await UPLOAD.read(request, visitor)
    given = await sent_files(request)
    if form.ok:
        new = NewDocuments(form["title"], form["category"], given)
        try:
            made = await service.upload(context_of(request), visitor.account_id, new, visitor.email)
        except StrowgerError as problem:
            form.fail("file", told(problem))
        else:
            words = "1 document waits" if len(made) == 1 else f"{len(made)} documents wait"
            return redirect(request, LIST, f"{words} for review.")
    return await _form(request, form)


async def _send(request: AnyRequest, visitor: Visitor, file_id: UUID, inline: bool) -> Response[Any]:
    context = context_of(request)
    stored = await files.find(context, visitor.account_id, file_id)
    if stored is None or not await _is_document(request, visitor, file_id):
        raise NotFoundException
    await note_view(request, visitor, visitor.account_id)
    return files.download(context, stored, inline)


async def _is_document(request: AnyRequest, visitor: Visitor, file_id: UUID) -> bool:
    async with context_of(request).database.acquire() as connection:
        return bool(await repository.find(connection, visitor.account_id, [file_id]))


async def note_view(request: AnyRequest, visitor: Visitor, account_id: int) -> None:
    """Every view of a document stands in the audit log of its account (console.md 5.8)."""
    who = visitor.email if visitor.account_id == account_id else f"operator {visitor.email}"
    actor = audit.Actor(account_id, visitor.user_id, who, visitor.role)
    ip = request.client.host if request.client else None
    agent = request.headers.get("user-agent", "")
    await audit.record(
        context_of(request), actor, audit.Deed(new_uuid(), "view document", request.url.path, 200, ip, agent)
    )


@page(f"{LIST}/{{file_id:uuid}}/view", permission="settings.read")
async def view(request: AnyRequest, visitor: Visitor, file_id: UUID) -> Response[Any]:
    """Show a document in the browser, where that is safe."""
    return await _send(request, visitor, file_id, inline=True)


@page(f"{LIST}/{{file_id:uuid}}/download", permission="settings.read")
async def download(request: AnyRequest, visitor: Visitor, file_id: UUID) -> Response[Any]:
    """Save a document."""
    return await _send(request, visitor, file_id, inline=False)


@page(f"{LIST}/{{file_id:uuid}}/rename", methods=["GET", "POST"], permission="settings.write")
async def rename(request: AnyRequest, visitor: Visitor, file_id: UUID) -> Page:
    """Give a document another title."""
    context = context_of(request)
    try:
        row = await service.get(context, visitor.account_id, file_id)
        form = RENAME.blank(visitor, title=row["title"])
        if request.method == "POST":
            form = await RENAME.read(request, visitor)
            if form.ok:
                await service.rename(context, visitor.account_id, file_id, form["title"])
                return redirect(request, LIST, "Renamed.")
    except StrowgerError:
        raise NotFoundException from None
    return await render(
        request, "console/form_page.html", title="Rename document", crumbs=[Crumb("Documents", LIST)], form=form,
        status=form.status,
    )  # fmt: skip


@page(f"{LIST}/{{file_id:uuid}}/delete", methods=["POST"], permission="settings.write")
async def delete(request: AnyRequest, visitor: Visitor, file_id: UUID) -> Page:
    """Remove a document, unless something rests on it."""
    try:
        await service.delete(context_of(request), visitor.account_id, file_id)
    except StrowgerError as problem:
        if problem.code == "DOC404":
            raise NotFoundException from None
        return redirect(
            request, LIST, f"{entry_of(problem.code).text}: {entry_of(problem.code).explanation}", "warning"
        )
    return redirect(request, LIST, "Deleted.")


@page("/approvals/documents/{number:int}", permission="installation.read")
async def open_for_review(request: AnyRequest, visitor: Visitor, number: int) -> Response[Any]:
    """Show the operator a document of any account; the account's audit log says so."""
    context = context_of(request)
    async with context.database.acquire() as connection:
        row = await repository.by_number(connection, number)
    stored = await files.find(context, row["account_id"], row["file_id"]) if row else None
    if stored is None:
        raise NotFoundException
    await note_view(request, visitor, stored.account_id)
    return files.download(context, stored, inline=True)


pages: list[Any] = [list_documents, upload_form, upload, view, download, rename, delete, open_for_review]
