"""The operator puts a file among an account's reports, for example logs from the archive."""

from __future__ import annotations

from typing import Any

from litestar.datastructures import UploadFile

from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, HEAD, PDF, TEXT, XLSX, ZIP, WrongType, checked_type
from strowger.platform.reports import repository, service
from strowger.platform.reports.pages.listing import LIST
from strowger.platform.reports.pages.requesting import CRUMBS

UPLOAD = f"{LIST}/upload"
TAKEN = (CSV, XLSX, ZIP, PDF, TEXT)
MOST_BYTES, LONGEST = 50_000_000, 160


async def _page(request: AnyRequest, error: str = "", **kept: str) -> Page:
    return await render(
        request, "reports/upload.html", title="Upload a report", crumbs=CRUMBS, error=error, kept=kept,
        most=min(MOST_BYTES, context_of(request).settings.max_body), status=422 if error else 200,
    )  # fmt: skip


@page(UPLOAD, permission="installation.write")
async def upload_form(request: AnyRequest, visitor: Visitor) -> Page:
    """The form."""
    return await _page(request, sid=visitor.sid, title="")


@page(UPLOAD, methods=["POST"], permission="installation.write")
async def upload(request: AnyRequest, visitor: Visitor) -> Page:
    """Store the file among the account's reports."""
    context = context_of(request)
    form = await request.form()
    given = form.get("file")
    kept = {name: str(form.get(name) or "").strip().replace("\0", "") for name in ("sid", "title")}
    data = await given.read() if isinstance(given, UploadFile) else b""
    problem = ""
    async with context.database.acquire() as connection:
        account_id = await repository.account_by_sid(connection, kept["sid"])
    if account_id is None:
        problem = "There is no account with this SID."
    elif not 1 <= len(kept["title"]) <= LONGEST:
        problem = f"Give the report a name of at most {LONGEST} characters."
    elif not data or not isinstance(given, UploadFile):
        problem = "Choose a file."
    elif len(data) > MOST_BYTES:
        problem = f"The file has {len(data):,} bytes; at most {MOST_BYTES:,}."
    if problem or account_id is None or not isinstance(given, UploadFile):
        return await _page(request, problem, **kept)
    try:
        kind = checked_type(given.filename or "file", given.content_type or "", data[:HEAD], TAKEN)
    except WrongType as wrong:
        return await _page(request, str(wrong), **kept)
    await _store(context, account_id, kept["title"], given.filename or "file", kind, data, visitor.email)
    return redirect(request, LIST, f"“{kept['title']}” is among the reports of {kept['sid']}.")


async def _store(context: Context, account_id: int, title: str, name: str, kind: str, data: bytes, by: str) -> None:
    until = context.clock.now() + service.KEPT
    stored = await files.save(context, account_id, name, kind, data, by=by, expires=until)
    await service.add_uploaded(context, account_id, title, stored, by, until)


pages: list[Any] = [upload_form, upload]
