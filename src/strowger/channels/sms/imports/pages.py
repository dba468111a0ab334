"""Uploading a file of sender IDs or templates, and its outcome row by row with export."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.channels.sms.imports import repository
from strowger.channels.sms.imports.schemas import ImportKind
from strowger.channels.sms.message_templates.importing import TEMPLATES
from strowger.channels.sms.senders.importing import SENDERS
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect
from strowger.console.table import Column, Empty, Filter, ListSource, Row, Table
from strowger.console.upload import Upload
from strowger.foundation.sheets import SheetProblem

KINDS = {kind.key: kind for kind in (TEMPLATES, SENDERS)}
LABELS = {"made": "Created", "changed": "Changed", "unchanged": "Unchanged", "refused": "Refused"}
TONES = {"made": "success", "changed": "info", "unchanged": "neutral", "refused": "danger"}
TABLE = Table(
    "sms-import",
    columns=(
        Column("line", "Row", "number", sort=True),
        Column("name", "Name", sort=True),
        Column("outcome", "Outcome", "status", sort=True, tone=TONES, label_of=LABELS.__getitem__),
        Column("detail", "Why"),
    ),
    filters=(Filter("outcome", "Outcome", "multi", tuple(LABELS.items())),),
    search="Name or reason",
    sort="line",
    empty=Empty("No rows", "The file had no rows."),
)


def _kind(key: str) -> ImportKind:
    found = KINDS.get(key)
    if found is None:
        raise NotFoundException
    return found


def _crumbs(kind: ImportKind) -> list[Crumb]:
    return [Crumb(kind.label, kind.back)]


def _upload(kind: ImportKind) -> Upload:
    return Upload(
        f"Import {kind.label[0].lower()}{kind.label[1:]}", Crumb(kind.label, kind.back), kind.columns, kind.headings,
        "\n".join(str(line) for line in kind.example), kind.most,
        switches=(("dry_run", "Only check the file: store nothing"),), template="imports/import.html",
    )  # fmt: skip


async def _form(request: AnyRequest, visitor: Visitor, kind: ImportKind, *errors: str) -> Page:
    async with context_of(request).database.acquire() as connection:
        latest = await repository.latest(connection, visitor.account_id, kind.key)
    return await _upload(kind).page(request, *errors, latest=latest, key=kind.key)


@page("/sms/import/{key:str}", permission="channels.write")
async def import_form(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """The form, what the file must hold, and the latest imports."""
    return await _form(request, visitor, _kind(key))


@page("/sms/import/{key:str}", methods=["POST"], permission="channels.write")
async def import_file(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """Read a file and store its rows, or only check them."""
    kind, context = _kind(key), context_of(request)
    try:
        name, rows, chosen = await _upload(kind).read(request)
    except SheetProblem as problem:
        return await _form(request, visitor, kind, str(problem))
    dry_run = bool(chosen["dry_run"])
    lines = await kind.work(context, visitor, rows, dry_run)
    kept = [msgspec.structs.asdict(line) for line in lines]
    made = await context.database.run(
        lambda c: repository.add(c, visitor.account_id, kind.key, name, visitor.name, dry_run, kept)
    )
    refused = sum(line.outcome == "refused" for line in lines)
    said = f"{len(lines)} rows {'checked' if dry_run else 'read'}, {refused} refused."
    return redirect(request, f"/sms/import/{key}/{made}", said, "warning" if refused else "success")


@page("/sms/import/{key:str}/{import_id:int}", permission="channels.write")
async def import_outcome(request: AnyRequest, visitor: Visitor, key: str, import_id: int) -> Response[Any]:
    """What became of each row of a file."""
    kind = _kind(key)
    async with context_of(request).database.acquire() as connection:
        found = await repository.one(connection, visitor.account_id, kind.key, import_id)
    if found is None:
        raise NotFoundException

    async def rows(account_id: int) -> list[Row]:
        return [dict(row) for row in found["rows"]]

    counts = {label: sum(row["outcome"] == name for row in found["rows"]) for name, label in LABELS.items()}
    return await replace(TABLE, name=f"{kind.key}-import-{import_id}").respond(
        request, visitor, ListSource(rows, key="line", searched=("name", "detail")), title=found["file_name"],
        crumbs=[*_crumbs(kind), Crumb("Import", f"/sms/import/{key}")], template="imports/outcome.html",
        actions=[Action("Import another file", f"/sms/import/{key}", "file-import")], found=found, counts=counts,
    )  # fmt: skip


pages: list[Any] = [import_form, import_file, import_outcome]
