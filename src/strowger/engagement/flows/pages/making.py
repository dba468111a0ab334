"""A new flow: blank, from a template, from a file."""

from __future__ import annotations

from typing import Any

from litestar.datastructures import UploadFile

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.engagement.flows import service
from strowger.engagement.flows.errors import Refused
from strowger.engagement.flows.pages.shared import CRUMB, LIST, WRITE
from strowger.engagement.flows.samples import BLANK, SAMPLES
from strowger.engagement.flows.schemas import MAX_DEFINITION, MAX_NAME

MAX_FILE = 2 * MAX_DEFINITION
CREATE = Form(
    "flow",
    (
        Field("name", "Name", required=True, min_length=3, max_length=MAX_NAME, attrs={"autofocus": True}),
        Field("sample", "Begin with", "radio", required=True, default=BLANK,
              options=tuple((s.key, s.name, f"{s.text} {s.way if s.key != BLANK else ''}".strip()) for s in SAMPLES.values())),
    ),
    submit="Create",
    cancel=LIST,
)  # fmt: skip


async def _show(request: AnyRequest, form: FormState) -> Page:
    return await render(
        request, "console/form_page.html", title="Create a flow", crumbs=[CRUMB], form=form, status=form.status
    )


@page(f"{LIST}/new", permission=WRITE)
async def new(request: AnyRequest, visitor: Visitor) -> Page:
    """Name and template of a new flow."""
    return await _show(request, CREATE.blank(visitor))


@page(f"{LIST}/new", methods=["POST"], permission=WRITE)
async def create(request: AnyRequest, visitor: Visitor) -> Page:
    """Make the draft."""
    form = await CREATE.read(request, visitor)
    if form.ok:
        definition = SAMPLES[form["sample"]].definition
        try:
            made = await service.create(context_of(request), visitor.account_id, form["name"], definition, visitor.name)
            return redirect(request, f"{LIST}/{made}")
        except Refused as problem:
            form.fail("name", str(problem))
    return await _show(request, form)


@page(f"{LIST}/import", permission=WRITE)
async def import_form(request: AnyRequest, visitor: Visitor) -> Page:
    """Where a file is chosen."""
    return await render(request, "flows/import.html", title="Import a flow", crumbs=[CRUMB], problem="", name="")


@page(f"{LIST}/import", methods=["POST"], permission=WRITE)
async def import_flow(request: AnyRequest, visitor: Visitor) -> Page:
    """Make a draft of an exported flow."""
    sent = await request.form()
    given, name = sent.get("file"), str(sent.get("name") or "").strip()
    try:
        data = await given.read() if isinstance(given, UploadFile) else b""
        if not data or len(data) > MAX_FILE:
            raise Refused("Choose the JSON file of an exported flow, at most 1 MB.", "file")
        own, definition = service.imported(data)
        made = await service.create(context_of(request), visitor.account_id, name or own, definition, visitor.name)
    except Refused as problem:
        return await render(
            request,
            "flows/import.html",
            title="Import a flow",
            crumbs=[CRUMB],
            problem=str(problem),
            name=name,
            status=422,
        )
    return redirect(request, f"{LIST}/{made}", "This is the imported flow, a draft.")


pages: list[Any] = [new, create, import_form, import_flow]
