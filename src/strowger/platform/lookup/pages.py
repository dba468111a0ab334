"""Directory > Lookup: numbers typed or uploaded, what was found, and the export of it (platform.md 11.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu, palette
from strowger.console.code import ApiCall
from strowger.console.form import Field, Form, FormState, Invalid, Values
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, Table
from strowger.console.upload import Upload
from strowger.foundation.database import Connection
from strowger.foundation.errors import StrowgerError
from strowger.foundation.money import format_money
from strowger.foundation.sheets import SheetProblem, SheetRow
from strowger.platform.billing import service as billing
from strowger.platform.lookup import asking, provider_pages, repository, service
from strowger.platform.lookup.schemas import ERRORS, format_id

LIST = "/directory/lookups"
MOST_TYPED, MOST_AT_ONCE, MOST_ROWS = 1_000, 20, 50_000
SOURCES = {"api": "API", "console": "Console", "file": "File", "v4": "API v4"}
STATES = {"running": "Running", "done": "Done"}
LINES = {
    "mobile": "Mobile", "landline": "Landline", "fixed_or_mobile": "Landline or mobile", "voip": "VoIP", "toll_free": "Toll free",
    "premium": "Premium rate", "shared_cost": "Shared cost", "personal": "Personal", "pager": "Pager", "uan": "Company number",
    "voicemail": "Voicemail", "unknown": "Unknown",
}  # fmt: skip
STATUSES = {"active": "Active", "absent": "Absent", "": "Not asked"}
KNOWN = {"hlr": "Network", "plan": "Numbering plan"}
YES_NO = {True: "Yes", False: "No"}

menu.register("Directory", "Lookup", LIST, "zoom-question", 30)
palette.register_action("Look up a number", f"{LIST}/new", "zoom-question")


def _status(row: Row) -> str:
    return "waits" if not row["state"] else row["error_code"] or row["status"]


def _network(row: Row, when: str) -> str:
    codes = "".join(filter(None, (row[f"{when}_mcc"], "/" if row[f"{when}_mnc"] else "", row[f"{when}_mnc"])))
    name = row[f"{when}_operator"]
    return f"{name} ({codes})" if name and codes else name or codes


REQUESTS = Table(
    "lookups",
    columns=(
        Column("id", "Asked", "time", sort=True, value=lambda row: row["created_at"]),
        Column("name", "Name", value=lambda row: row["name"] or f"{row['total']} number{'s' * (row['total'] != 1)}"),
        Column("source", "By way of", label_of=lambda code: SOURCES.get(code, code)),
        Column("by_user", "By"),
        Column("state", "State", "status", tone={"running": "info", "done": "success"}, label_of=STATES.__getitem__),
        Column("done", "Answered", value=lambda row: f"{row['done']:,} of {row['total']:,}"),
        Column("failed", "Without answer", "number", sort=True),
        Column("price", "Charged", sort=True, value=lambda row: format_money(row["price"], row["currency"])),
        Column("lookup_id", "Id", "mono", value=lambda row: format_id(row["id"]), shown=False),
    ),
    filters=(
        Filter("state", "State", "select", tuple(STATES.items())), Filter("source", "By way of", "multi", tuple(SOURCES.items())),
        Filter("created_at", "Asked", "time"),
    ),
    search="Name of a file, or who asked",
    empty=Empty(
        "No lookups yet",
        "Ask to which network a number belongs, whether it was ported, roams or can be reached, before you send to it.",
        Action("Look up numbers", f"{LIST}/new", "zoom-question"),
        'curl -H "api-key: $STROWGER_API_KEY" …/lookup/+447400123456',
    ),
    row_href=lambda row: f"{LIST}/{row['id']}",
    live_topic=service.TOPIC,
)  # fmt: skip
NUMBERS = Table(
    "lookup-numbers",
    columns=(
        Column("n", "Row", "number", sort=True, shown=False),
        Column("number", "Number", "mono", sort=True, value=lambda row: row["number"] or row["given"]),
        Column("status", "Status", "status", value=_status, tone={"active": "success", "waits": "info"},
               label_of=lambda code: {**STATUSES, "waits": "Waits"}.get(code) or code.replace("_", " ").capitalize()),
        Column("country", "Country", sort=True),
        Column("line_type", "Line", label_of=lambda code: LINES.get(code, code)),
        Column("current_operator", "Network now", value=lambda row: _network(row, "current")),
        Column("original_operator", "Network before", value=lambda row: _network(row, "original")),
        Column("ported", "Ported", label_of=lambda flag: YES_NO.get(flag, "")),
        Column("roaming", "Roams", value=lambda row: row["roaming_country"] or row["roaming"],
               label_of=lambda flag: YES_NO.get(flag, flag)),
        Column("source", "From", label_of=lambda code: KNOWN.get(code, ""), shown=False),
        Column("error_message", "Why not", shown=False),
        Column("cached", "Known already", label_of=lambda flag: YES_NO[flag], shown=False),
        Column("price", "Price", sort=True, value=lambda row: f"{row['price'].normalize():f}" if row["state"] else ""),
        Column("lookup_id", "Id", "mono", value=lambda row: format_id(row["request_id"], row["n"]), shown=False),
    ),
    filters=(
        Filter("country", "Country"), Filter("line_type", "Line", "multi", tuple(LINES.items())),
        Filter("error_code", "Error", "multi", tuple((code, code.replace("_", " ").capitalize()) for code in ERRORS)),
        Filter("source", "From", "multi", tuple(KNOWN.items())), Filter("current_operator", "Network now"),
    ),
    search="Number or part of it",
    sort="n",
    empty=Empty("No numbers", "Nothing fits."),
    live_topic=service.TOPIC,
)  # fmt: skip


def _numbers(text: str) -> list[str]:
    found = [part.strip() for part in text.replace(";", "\n").replace(",", "\n").split("\n") if part.strip()]
    if len(found) > MOST_TYPED:
        raise Invalid(f"At most {MOST_TYPED:,} at once; upload a file for more.")
    return found


def _code(values: Values, visitor: Visitor, base_url: str) -> ApiCall:
    given = [part.strip() for part in str(values["numbers"]).replace("\n", ",").split(",") if part.strip()]
    if len(given) <= MOST_AT_ONCE:
        return ApiCall("GET", f"{base_url}/v1/{visitor.sid}/lookup/{','.join(given) or '+447400123456'}")
    return ApiCall("POST", f"{base_url}/v1/{visitor.sid}/lookup", json={"mobile": given})


FORM = Form(
    "lookup",
    (
        Field(
            "numbers", "Numbers", "textarea", required=True, max_length=40_000, parse=_numbers, rows=6,
            help=f"With country code, one per line or separated by commas. Up to {MOST_AT_ONCE} are answered at once, more in the "
            "background.",
        ),
    ),
    submit="Look up", action=f"{LIST}/new", cancel=LIST, code=_code,
)  # fmt: skip
FILE = Upload(
    "Look up a file",
    Crumb("Lookup", LIST),
    (("number", True, "The number with country code"),),
    dict.fromkeys(("number", "mobile", "phone", "msisdn", "to", "mobile number", "phone number"), "number"),
    "number\n447400123456\n919876543210",
    MOST_ROWS,
    text="Numbers are looked up in the background; you see them arrive, and export the answers as CSV or XLSX. A number that is "
    "named twice counts once.",
)  # fmt: skip


@page(LIST, permission="lookup.read")
async def list_lookups(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What was asked, and how far it is."""
    return await REQUESTS.respond(
        request, visitor, repository.request_source(context_of(request).database), title="Lookup",
        actions=[
            Action("Look up numbers", f"{LIST}/new", "zoom-question", primary=True, key="c"),
            Action("Upload a file", f"{LIST}/file", "file-import"),
        ],
    )  # fmt: skip


async def _form(request: AnyRequest, visitor: Visitor, form: FormState) -> Page:
    price = await context_of(request).database.run(lambda c: _price(request, c, visitor))
    return await render(request, "lookup/new.html", title="Look up numbers", form=form, price=price, status=form.status)


async def _price(request: AnyRequest, connection: Connection, visitor: Visitor) -> str:
    """What a number of the account's own country costs, in words; empty when the plan alone answers."""
    context = context_of(request)
    terms = await billing.terms_of(connection, visitor.account_id)
    rows = await repository.rates(connection, context.clock.now())
    rate = billing.PriceList(rows).find(service.SERVICE, terms, visitor.country) if terms else None
    served = any(one.serves(visitor.country) for one in await asking.load(context, connection))
    return format_money(rate.total(1), visitor.currency) if rate and served else ""


@page(f"{LIST}/new", methods=["GET", "POST"], permission="lookup.write")
async def look_up(request: AnyRequest, visitor: Visitor) -> Page:
    """Look up what was typed."""
    context = context_of(request)
    if request.method == "GET":
        given = request.query_params.get("number", "")[:60]
        return await _form(request, visitor, FORM.blank(visitor, context.settings.base_url, numbers=given))
    form = await FORM.read(request, visitor)
    if not form.ok:
        return await _form(request, visitor, form)
    try:
        opened = await _open(request, visitor, form["numbers"], "console", at_once=len(form["numbers"]) <= MOST_AT_ONCE)
    except StrowgerError as problem:
        form.fail("numbers", str(problem.detail or "This cannot be looked up now."))
        return await _form(request, visitor, form)
    return redirect(request, f"{LIST}/{opened.id}")


async def _open(
    request: AnyRequest, visitor: Visitor, texts: Sequence[str], source: str, name: str = "", at_once: bool = False
) -> service.Opened:
    context = context_of(request)
    asked = service.read_numbers(texts, visitor.country)
    opened = await service.open_request(
        context, visitor.account_id, asked, source=source, name=name, by=visitor.name, at_once=at_once
    )
    if at_once:
        await service.answer_now(context, opened)
    return opened


@page(f"{LIST}/file", methods=["GET", "POST"], permission="lookup.write")
async def look_up_file(request: AnyRequest, visitor: Visitor) -> Page:
    """Look up the numbers of a file, in the background."""

    async def take(name: str, rows: list[SheetRow], _: dict[str, str]) -> Page:
        try:
            opened = await _open(request, visitor, [row.values.get("number", "") for row in rows], "file", name)
        except StrowgerError as problem:
            raise SheetProblem(str(problem.detail or "This cannot be looked up now.")) from problem
        twice = len(rows) - len(opened.asked)
        words = f"{len(opened.asked):,} numbers taken in" + (f"; {twice:,} were named twice." if twice else ".")
        return redirect(request, f"{LIST}/{opened.id}", words)

    return await FILE.answer(request, take)


async def _request(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Any:
    async with context_of(request).database.acquire() as connection:
        found = await repository.request(connection, visitor.account_id, request_id)
    if found is None:
        raise NotFoundException
    return found


@page(f"{LIST}/{{request_id:uuid}}", permission="lookup.read")
async def show_lookup(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Response[Any]:
    """What was found, number by number."""
    found = await _request(request, visitor, request_id)
    return await NUMBERS.respond(
        request, visitor, repository.item_source(context_of(request).database, request_id),
        title=found["name"] or f"Lookup of {found['total']:,}", crumbs=[Crumb("Lookup", LIST)], template="lookup/lookup.html",
        actions=[Action("Look up more", f"{LIST}/new", "zoom-question")], found=found, lookup_id=format_id(request_id),
        charged=format_money(found["price"], found["currency"]),
    )  # fmt: skip


@page(f"{LIST}/{{request_id:uuid}}/progress", permission="lookup.read")
async def show_progress(request: AnyRequest, visitor: Visitor, request_id: UUID) -> Page:
    """How far a lookup is; asks for itself again until it has ended."""
    found = await _request(request, visitor, request_id)
    return await render(
        request, "lookup/progress.html", found=found, charged=format_money(found["price"], found["currency"])
    )


pages: list[Any] = [list_lookups, look_up, look_up_file, show_lookup, show_progress, *provider_pages.pages]
