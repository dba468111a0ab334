"""Step 2 of a launch: whom it goes to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Table
from strowger.engagement.campaigns import audience, reading, service
from strowger.engagement.campaigns.errors import Refused
from strowger.engagement.campaigns.pages.shared import LIST, READ, WRITE, crumbs, fail, found, found_draft, steps
from strowger.engagement.campaigns.repository import contacts as repository
from strowger.engagement.campaigns.schemas import LEFT_OUT, Campaign, Kept, Reading
from strowger.engagement.campaigns.service import Source
from strowger.foundation.context import Context
from strowger.foundation.sheets import OLE_MARK, ZIP_MARK
from strowger.messaging.pages.privacy import seen_contacts
from strowger.platform.directory.repository import tags
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, XLS, XLSX

MAX_BODY = reading.MAX_FILE + 1_000_000
KEPT_UNTIL_USED = timedelta(days=1)
DAYS = (("0", "Nobody"), ("1", "in the last day"), ("3", "in the last 3 days"), ("7", "in the last 7 days"),
        ("14", "in the last 14 days"), ("30", "in the last 30 days"))  # fmt: skip
SAMPLE = "mobile,first_name,code\r\n+447700900123,Ada,A1\r\n+447700900124,Charles,B2\r\n"
FORM = Form(
    "contacts",
    (
        Field("numbers", "Or paste numbers", "textarea", rows=5, max_length=500_000, attrs={"spellcheck": "false"},
              help="Up to 10,000, separated by commas, semicolons, spaces or lines."),
        Field("prefix", "Country prefix", width="half", pattern=r"\+?[1-9]\d{0,3}", pattern_text="Use + and 1 to 4 digits.",
              placeholder="+44", help="Put before numbers that have none."),
        Field("recent_days", "Leave out who had a message from you", "select", options=DAYS, default="0", width="half",
              help="Looked up when the campaign goes."),
        Field("unique", "Send to each number once", "checkbox", default=True),
    ),
    submit="Read contacts",
)  # fmt: skip
OUTCOMES = {int(Kept.YES): "Gets the message", **LEFT_OUT}
TONES = {0: "success", 1: "danger", 2: "neutral", 3: "warning", 4: "neutral"}
TABLE = Table(
    "campaign-contacts",
    (
        Column("line", "Row", "number"),
        Column("recipient", "Number", sort=True),
        Column(
            "state", "Outcome", "status", sort=True, tone=TONES, label_of=lambda code: OUTCOMES.get(code, str(code))
        ),
        Column("cells", "Values"),
    ),
    (Filter("state", "Outcome", "multi", [(str(code), label) for code, label in OUTCOMES.items()]),),
    search="Number",
    empty=Empty("No such contacts", "Contacts that are left out are listed here with the reason."),
)


def _options(form: FormState) -> Reading:
    return Reading(
        prefix=form["prefix"].removeprefix("+"), unique=form["unique"], recent_days=int(form["recent_days"] or 0)
    )


async def _directory_form(request: AnyRequest, visitor: Visitor, campaign: Campaign) -> Form:
    async with context_of(request).database.acquire() as connection:
        known = await tags.all_of(connection, visitor.account_id)
    chosen = (*campaign.reading.tags, *campaign.reading.without)
    shown = sorted(known, key=lambda tag: (tag.id not in chosen, tag.name.lower()))[: audience.MAX_TAGS]
    options = [(str(tag.id), tag.name) for tag in shown]
    return Form(
        "audience",
        (
            Field("tags", "Who wears one of", "checks", options=options) if options else
            Field("tags", "Tags", "hidden"),
            *((Field("without", "But none of", "checks", options=options),) if options else ()),
            Field("people", "And these contacts", "textarea", rows=2, max_length=30_000, attrs={"inputmode": "tel"},
                  help="Their numbers, one per line. Names and other values come from the directory."),
            Field("recent_days", "Leave out who had a message from you", "select", options=DAYS, default="0", width="half",
                  help="Looked up when the campaign goes."),
        ),
        submit="Take these contacts",
        action=f"{campaign.path}/contacts/directory",
    )  # fmt: skip


def _chosen(campaign: Campaign) -> dict[str, Any]:
    options = campaign.reading if campaign.source == audience.SOURCE else Reading()
    return {
        "tags": [str(one) for one in options.tags], "without": [str(one) for one in options.without],
        "people": "\n".join(f"+{number}" for number in options.people), "recent_days": str(options.recent_days),
    }  # fmt: skip


async def _show(
    request: AnyRequest,
    visitor: Visitor,
    campaign: Campaign,
    form: FormState | None = None,
    own: FormState | None = None,
) -> Page:
    options = campaign.reading
    form = form or FORM.blank(
        visitor,
        prefix=f"+{options.prefix}" if options.prefix else "",
        recent_days=options.recent_days,
        unique=options.unique,
    )
    context = context_of(request)
    own = own or (await _directory_form(request, visitor, campaign)).blank(visitor, **_chosen(campaign))
    async with context.database.acquire() as connection:
        first = await repository.first(connection, visitor.account_id, campaign.id, 5)
    return await render(
        request, "campaigns/contacts.html", title=campaign.name, crumbs=crumbs(campaign)[:1], campaign=campaign, form=form,
        own=own, status=max(form.status, own.status), steps=steps(campaign, "contacts"), first=first,
        most_megabytes=reading.MAX_FILE // 1_000_000, most_rows=reading.MAX_ROWS,
    )  # fmt: skip


@page(f"{LIST}/sample", permission=WRITE)
async def sample(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """A file as it is expected."""
    headers = {"Content-Disposition": 'attachment; filename="contacts.csv"'}
    return Response(SAMPLE.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@page(f"{LIST}/{{campaign_id:uuid}}/contacts", permission=WRITE)
async def contacts_form(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """The contacts as they were read, and the form for others."""
    return await _show(request, visitor, await found_draft(request, visitor, campaign_id))


@page(f"{LIST}/{{campaign_id:uuid}}/contacts", methods=["POST"], permission=WRITE, request_max_body_size=MAX_BODY)
async def read_contacts(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Read a file or pasted numbers, instead of the contacts that there are."""
    campaign = await found_draft(request, visitor, campaign_id)
    sent = await request.form()
    form = await FORM.read(request, visitor)
    given = sent.get("file")
    upload = given if isinstance(given, UploadFile) and given.filename else None
    if not form.ok:
        return await _show(request, visitor, campaign, form)
    if upload is None and not form["numbers"].strip():
        return await _show(request, visitor, campaign, form.fail("", "Choose a file, or paste numbers."))
    context, options = context_of(request), _options(form)
    try:
        if upload is None:
            rows = reading.read_paste(form["numbers"], options, visitor.country)
            await service.load(context, visitor.account_id, campaign_id, Source("paste", "", [], rows), options)
        else:
            await _load_upload(context, visitor, campaign, upload, options)
    except Refused as problem:
        return await _show(request, visitor, campaign, fail(form, problem))
    return redirect(request, f"{campaign.path}/contacts", "The contacts were read.")


@page(f"{LIST}/{{campaign_id:uuid}}/contacts/directory", methods=["POST"], permission=WRITE)
async def take_contacts(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Take contacts of the directory, instead of the contacts that there are."""
    campaign = await found_draft(request, visitor, campaign_id)
    form = await (await _directory_form(request, visitor, campaign)).read(request, visitor)
    if form.ok:
        values = form.values
        try:
            options = Reading(
                recent_days=int(form["recent_days"] or 0), tags=tuple(int(one) for one in values.get("tags") or ()),
                without=tuple(int(one) for one in values.get("without") or ()),
                people=audience.read_people(form["people"], visitor.country),
            )  # fmt: skip
            await service.load_from_directory(context_of(request), visitor.account_id, campaign_id, options)
        except Refused as problem:
            form = fail(form, problem)
        else:
            return redirect(request, f"{campaign.path}/contacts", "The contacts were taken from the directory.")
    return await _show(request, visitor, campaign, own=form)


async def _load_upload(
    context: Context, visitor: Visitor, campaign: Campaign, upload: UploadFile, options: Reading
) -> None:
    data = await upload.read(reading.MAX_FILE + 1)
    if len(data) > reading.MAX_FILE:
        raise Refused(f"The file is larger than {reading.MAX_FILE // 1_000_000} MB.", "file")
    sheet = await asyncio.to_thread(reading.read_file, data, options, visitor.country)
    kind = XLSX if data.startswith(ZIP_MARK) else XLS if data.startswith(OLE_MARK) else CSV
    expires = context.clock.now() + KEPT_UNTIL_USED
    name = upload.filename or "contacts"
    stored = await files.save(
        context, visitor.account_id, name, kind, data, by=visitor.email, expires=expires, most=reading.MAX_FILE
    )
    options = msgspec.structs.replace(options, mobile=sheet.mobile)
    source = Source("file", stored.name, sheet.columns, sheet.rows, stored.id)
    await service.load(context, visitor.account_id, campaign.id, source, options)


@page(f"{LIST}/{{campaign_id:uuid}}/contacts/column", methods=["POST"], permission=WRITE)
async def choose_column(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Page:
    """Read the file again with another column of numbers."""
    campaign = await found_draft(request, visitor, campaign_id)
    context = context_of(request)
    stored = await files.find(context, visitor.account_id, campaign.file_id) if campaign.file_id else None
    chosen = str((await request.form()).get("mobile", ""))
    if stored is None or chosen not in campaign.columns:
        raise NotFoundException
    data = b"".join([piece async for piece in files.read(context, stored)])
    options = msgspec.structs.replace(campaign.reading, mobile=campaign.columns.index(chosen))
    try:
        sheet = await asyncio.to_thread(reading.read_file, data, options, visitor.country)
        source = Source("file", stored.name, sheet.columns, sheet.rows, stored.id)
        await service.load(context, visitor.account_id, campaign_id, source, options)
    except Refused as problem:
        form = FORM.blank(visitor).fail("", str(problem))
        return await _show(request, visitor, campaign, form)
    return redirect(request, f"{campaign.path}/contacts", "The contacts were read again.")


@page(f"{LIST}/{{campaign_id:uuid}}/contacts/list", permission=READ)
async def list_contacts(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Response[Any]:
    """Every contact with what becomes of it; with export."""
    campaign = await found(request, visitor, campaign_id)
    source = seen_contacts(visitor, repository.source(context_of(request).database, campaign_id))
    return await TABLE.respond(request, visitor, source, title="Contacts", crumbs=crumbs(campaign))


@page(f"{LIST}/{{campaign_id:uuid}}/file", permission=READ)
async def download_file(request: AnyRequest, visitor: Visitor, campaign_id: UUID) -> Response[Any]:
    """The file from which the contacts were read."""
    campaign = await found(request, visitor, campaign_id)
    context = context_of(request)
    stored = await files.find(context, visitor.account_id, campaign.file_id) if campaign.file_id else None
    if stored is None:
        raise NotFoundException
    return files.download(context, stored)


pages: list[Any] = [sample, contacts_form, read_contacts, take_contacts, choose_column, list_contacts, download_file]
