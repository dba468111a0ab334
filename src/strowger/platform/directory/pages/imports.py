"""Directory > Contacts > Imports: a file of contacts or of tags, its columns, its progress, what was not taken."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, Table
from strowger.foundation.sheets import SheetProblem
from strowger.platform.directory import importing
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.importing import CHANGE, DONE, DRAFT, FAILED, RUNNING, TOPIC, WAITING
from strowger.platform.directory.mapping import (
    CONTACTS,
    MAX_FILE,
    MAX_ROWS,
    TAGS,
    Options,
    check_columns,
    guess,
    preview,
    targets,
)
from strowger.platform.directory.pages.shared import CONTACTS as CONTACTS_CRUMB
from strowger.platform.directory.pages.shared import READ, WRITE, book_of, show
from strowger.platform.directory.repository import imports
from strowger.platform.directory.schemas import CustomField
from strowger.platform.files import service as files

IMPORTS = "/directory/imports"
MODES = {CONTACTS: "Contacts", TAGS: "Tags only", CHANGE: "Change of many"}
STATES = {DRAFT: "Columns to choose", WAITING: "Reading", RUNNING: "Running", DONE: "Done", FAILED: "Failed"}
TONES = {DRAFT: "neutral", WAITING: "info", RUNNING: "info", DONE: "success", FAILED: "danger"}
WORDS = {
    "added": "Added", "changed": "Changed", "skipped": "Left as they were", "failed": "Not taken", "tagged": "Tags given",
    "untagged": "Tags taken", "blocks": "Blocks changed",
}  # fmt: skip
SAMPLES = {
    CONTACTS: "mobile,name,email,city,country,tags,blocklist_sms\r\n"
    "+447700900123,Ada Lovelace,ada@example.com,London,GB,VIP|London,no\r\n",
    TAGS: "mobile,tags\r\n+447700900123,VIP|London\r\n",
}  # fmt: skip
CRUMBS = [CONTACTS_CRUMB, Crumb("Imports", IMPORTS)]


def _count(name: str) -> Any:
    return lambda row: row["counts"].get(name)


TABLE = Table(
    "imports",
    columns=(
        Column("name", "File"),
        Column("mode", "Holds", label_of=lambda code: MODES.get(code, code)),
        Column("state", "State", "status", tone=TONES, label_of=lambda code: STATES.get(code, code)),
        Column("total", "Rows", "number"),
        Column("added", "Added", "number", value=_count("added")),
        Column("changed", "Changed", "number", value=_count("changed")),
        Column("failed", "Not taken", "number", value=_count("failed")),
        Column("created_by", "By"),
        Column("created_at", "At", "time"),
    ),
    filters=(
        Filter("mode", "Holds", "multi", tuple(MODES.items())),
        Filter("state", "State", "multi", tuple(STATES.items())),
        Filter("created_at", "At", "time"),
    ),
    search="Name of the file",
    empty=Empty(
        "No imports yet",
        "Bring contacts or their tags from a CSV, XLSX or XLS file; each import stays here for 30 days with what became of its"
        " rows.",
        Action("Import a file", f"{IMPORTS}/new", "file-import"),
    ),
    row_href=lambda row: f"{IMPORTS}/{row['id']}",
    row_actions=(
        RowAction("Open", lambda row: f"{IMPORTS}/{row['id']}", "eye"),
        RowAction(
            "Rows not taken", lambda row: f"{IMPORTS}/{row['id']}/result", "download", when=lambda row: bool(row["result_id"])
        ),
    ),
    live_topic=TOPIC,
)  # fmt: skip
DRY = Field("dry", "Only check the file, write nothing", "checkbox")
HOW = {
    CONTACTS: (
        Field("existing", "Contacts that are there already", "radio", required=True, default="update", options=(
            ("update", "Update", "What the file says wins; empty cells change nothing."),
            ("empty", "Only fill what is empty"), ("skip", "Leave as they are"),
        )),
        Field("tags", "Tags for all", max_length=500, help="Separated by commas; made where they are missing."),
        DRY,
    ),
    TAGS: (
        Field("change", "The tags of the file", "radio", required=True, default="add", options=(
            ("add", "Add"), ("replace", "Replace all tags of the contact"), ("remove", "Remove"),
        )),
        Field("unknown", "Numbers that no contact has", "radio", required=True, default="skip",
              options=(("skip", "Leave out"), ("create", "Add as contacts"))),
        Field("create_tags", "Create missing tags", "checkbox", default=True),
        DRY,
    ),
}  # fmt: skip


@page(IMPORTS, permission=READ)
async def list_imports(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The imports of the account."""
    return await TABLE.respond(
        request, visitor, imports.source(context_of(request).database), title="Imports", crumbs=CRUMBS[:1],
        actions=[Action("Import a file", f"{IMPORTS}/new", "file-import", primary=True, key="c")],
    )  # fmt: skip


@page(f"{IMPORTS}/sample/{{mode:str}}", permission=READ)
async def sample(request: AnyRequest, visitor: Visitor, mode: str) -> Response[Any]:
    """A file as it is expected."""
    if mode not in SAMPLES:
        raise NotFoundException
    headers = {"Content-Disposition": f'attachment; filename="{mode}.csv"'}
    return Response(SAMPLES[mode].encode(), media_type="text/csv; charset=utf-8", headers=headers)


async def _choose_file(request: AnyRequest, problem: str = "") -> Page:
    return await render(
        request, "directory/import_new.html", title="Import a file", crumbs=CRUMBS, problem=problem,
        status=422 if problem else 200, most_megabytes=MAX_FILE // 1_000_000, most_rows=MAX_ROWS,
        mode=request.query_params.get("mode", CONTACTS),
    )  # fmt: skip


@page(f"{IMPORTS}/new", permission=WRITE)
async def choose_file(request: AnyRequest, visitor: Visitor) -> Page:
    """Choose a file and what it holds."""
    return await _choose_file(request)


@page(f"{IMPORTS}/new", methods=["POST"], permission=WRITE, request_max_body_size=MAX_FILE + 1_000_000)
async def upload_file(request: AnyRequest, visitor: Visitor) -> Page:
    """Store the file and go on to its columns."""
    sent = await request.form()
    given, mode = sent.get("file"), str(sent.get("mode", CONTACTS))
    if not isinstance(given, UploadFile) or not given.filename:
        return await _choose_file(request, "Choose a file.")
    if mode not in SAMPLES:
        return await _choose_file(request, "Choose what the file holds.")
    data = await given.read(MAX_FILE + 1)
    try:
        import_id = await importing.upload(
            context_of(request), visitor.account_id, mode, given.filename, data, visitor.name
        )
    except SheetProblem as problem:
        return await _choose_file(request, str(problem))
    return redirect(request, f"{IMPORTS}/{import_id}")


async def _record(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Any:
    async with context_of(request).database.acquire() as connection:
        found = await imports.find(connection, visitor.account_id, import_id)
    if found is None:
        raise NotFoundException
    return found


def _declared(record: Any, custom: list[CustomField], rows: list[list[str]]) -> Form:
    guessed = guess(record["headings"], custom, record["mode"])
    choices = (("", "Leave out"), *targets(custom, record["mode"]).items())
    columns = [
        Field(
            f"column_{n}", heading or f"Column {n + 1}", "select", options=choices, default=guessed[n], width="half",
            help=" · ".join(row[n][:40] for row in rows if row[n])[:160],
        )
        for n, heading in enumerate(record["headings"])
    ]  # fmt: skip
    return Form(
        "import",
        (*columns, *HOW[record["mode"]]),
        submit="Import",
        action=f"{IMPORTS}/{record['id']}/begin",
        cancel=IMPORTS,
    )


def _options(form: FormState, record: Any, custom: list[CustomField]) -> Options:
    """How it is to be imported. Raises Refused."""
    chosen = [form[f"column_{n}"] for n in range(len(record["headings"]))]
    columns = check_columns(chosen, record["headings"], custom, record["mode"])
    if record["mode"] == TAGS:
        return Options(
            columns, change=form["change"], unknown=form["unknown"], create_tags=form["create_tags"], dry=form["dry"]
        )
    return Options(columns, existing=form["existing"], tags=importing.read_tag_names(form["tags"]), dry=form["dry"])


async def _columns(request: AnyRequest, visitor: Visitor, record: Any) -> tuple[Form, list[CustomField], Page | None]:
    """The form of the columns; or the page that says that the file has gone."""
    book = await book_of(request, visitor)
    try:
        data = await importing.content(context_of(request), visitor.account_id, record)
        _, rows = await asyncio.to_thread(preview, data)
    except SheetProblem as problem:
        return Form("import", ()), [], await _choose_file(request, str(problem))
    return _declared(record, book.fields, rows), book.fields, None


@page(f"{IMPORTS}/{{import_id:uuid}}", permission=READ)
async def show_import(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Page:
    """The columns of a file, or how far its import is."""
    record = await _record(request, visitor, import_id)
    if record["state"] == DRAFT and visitor.may(WRITE):
        declared, _, gone = await _columns(request, visitor, record)
        if gone is not None:
            return gone
        return await _show_columns(request, record, declared.blank(visitor))
    return await render(
        request, "directory/import.html", title=record["name"], crumbs=CRUMBS, **_told(record),
        actions=[Action("Import a file", f"{IMPORTS}/new", "file-import")],
    )  # fmt: skip


def _told(record: Any) -> dict[str, Any]:
    counts = [(words, record["counts"][name]) for name, words in WORDS.items() if name in record["counts"]]
    done = record["counts"].get("changed", 0) if record["mode"] == CHANGE else record["cursor"]
    return {
        "record": record, "done": done, "state": STATES[record["state"]], "tone": TONES[record["state"]], "counts": counts,
        "running": record["due_at"] is not None, "mode": MODES[record["mode"]],
        "dry": bool(record["options"].get("dry")),
    }  # fmt: skip


async def _show_columns(request: AnyRequest, record: Any, form: FormState) -> Page:
    return await render(
        request, "directory/import_columns.html", title=record["name"], crumbs=CRUMBS, form=form, status=form.status
    )


@page(f"{IMPORTS}/{{import_id:uuid}}/progress", permission=READ)
async def show_progress(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Page:
    """The part of the page that moves."""
    record = await _record(request, visitor, import_id)
    return await render(request, "directory/import_progress.html", **_told(record))


@page(f"{IMPORTS}/{{import_id:uuid}}/begin", methods=["POST"], permission=WRITE)
async def begin(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Page:
    """Begin the import with the columns as they were chosen."""
    record = await _record(request, visitor, import_id)
    if record["state"] != DRAFT:
        return redirect(request, f"{IMPORTS}/{import_id}", "This import has begun already.")
    declared, custom, gone = await _columns(request, visitor, record)
    if gone is not None:
        return gone
    form = await declared.read(request, visitor)
    if form.ok:
        try:
            options = _options(form, record, custom)
            await importing.begin(context_of(request), visitor.account_id, import_id, options)
            return redirect(request, f"{IMPORTS}/{import_id}")
        except Refused as problem:
            show(form, problem)
    return await _show_columns(request, record, form)


@page(f"{IMPORTS}/{{import_id:uuid}}/write", methods=["POST"], permission=WRITE)
async def write_checked(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Page:
    """Import a file that was only checked."""
    record = await _record(request, visitor, import_id)
    if record["mode"] not in SAMPLES or record["state"] != DONE or not record["options"].get("dry"):
        return redirect(request, f"{IMPORTS}/{import_id}", "Only a file that was checked can be imported now.")
    options = msgspec.structs.replace(msgspec.convert(record["options"], Options), dry=False)
    try:
        await importing.begin(context_of(request), visitor.account_id, import_id, options)
    except Refused as problem:
        return redirect(request, f"{IMPORTS}/{import_id}", problem.text)
    return redirect(request, f"{IMPORTS}/{import_id}")


@page(f"{IMPORTS}/{{import_id:uuid}}/result", permission=READ)
async def download_result(request: AnyRequest, visitor: Visitor, import_id: UUID) -> Response[Any]:
    """The rows that were not taken, with the reason of each."""
    record, context = await _record(request, visitor, import_id), context_of(request)
    stored = await files.find(context, visitor.account_id, record["result_id"]) if record["result_id"] else None
    if stored is None:
        raise NotFoundException
    return files.download(context, stored)


pages: list[Any] = [
    list_imports, sample, choose_file, upload_file, show_import, show_progress, begin, write_checked, download_result,
]  # fmt: skip
