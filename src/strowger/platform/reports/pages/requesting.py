"""Asking for a report: choosing the type, then period, filters, columns, format and recipients."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from litestar.exceptions import NotFoundException, PermissionDeniedException

from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.platform.accounts import service as accounts
from strowger.platform.reports import recipients, repository, service
from strowger.platform.reports.pages.listing import LIST, WRITE
from strowger.platform.reports.schemas import FORMATS, ReportRefused
from strowger.platform.reports.types import GROUPS, ReportType, all_types, find_type

NEW = f"{LIST}/new"
CRUMBS = [Crumb("Reports", LIST)]
PREFIX = "filter_"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("Enter a day, such as 2026-01-31.") from None


def addresses_of(text: str) -> list[str]:
    """The parser of a field for addresses."""
    try:
        return recipients.read_addresses(text)
    except ReportRefused as problem:
        raise Invalid(str(problem)) from None


def filter_fields(kind: ReportType) -> list[Field]:
    """The fields for a type's filters."""
    return [
        Field(
            PREFIX + item.key, item.label, "checks" if item.kind == "multi" else "text", help=item.help,
            options=tuple(item.options), max_length=service.LONGEST_VALUE,
            width="full" if item.kind == "multi" else "half",
        )
        for item in kind.filters
    ]  # fmt: skip


def chosen_filters(form: FormState) -> dict[str, Any]:
    """What was chosen, by filter."""
    return {name.removeprefix(PREFIX): value for name, value in form.values.items() if name.startswith(PREFIX)}


RECIPIENTS_HELP = (
    "Separated by commas, at most 20. Addresses that belong neither to a member of the account nor to the owners' own domain "
    "are asked first, once. Empty: nobody."
)


def request_form(kind: ReportType) -> Form:
    """The form of a type."""
    groups = (
        [
            Field(
                "group", "Group by", "select", options=tuple((name, GROUPS[name]) for name in kind.groups), width="half"
            )
        ]
        if len(kind.groups) > 1
        else []
    )
    labels = tuple((column.label, column.label) for column in kind.columns)
    return Form(
        "report",
        (
            Field("first", "From", "date", required=True, parse=_day, width="half",
                  help=f"At most {kind.most_days} days, at most twelve months back."),
            Field("last", "To, included", "date", required=True, parse=_day, width="half"),
            Field("zone", "Time zone", required=True, width="half", max_length=64,
                  attrs={"list": "time-zones", "spellcheck": "false"}),
            *groups,
            Field("format", "Format", "select", options=tuple(FORMATS.items()), width="half",
                  help="Files over 50 MB come as ZIP."),
            *filter_fields(kind),
            Field("recipients", "Send to", "textarea", rows=2, max_length=6000, parse=addresses_of, help=RECIPIENTS_HELP),
            Field("columns", "Columns", "checks", options=labels),
        ),
        submit="Request the report", action=f"{NEW}/{kind.name}", cancel=NEW,
    )  # fmt: skip


def _kind(visitor: Visitor, name: str) -> ReportType:
    kind = find_type(name)
    if kind is None or not kind.requested:
        raise NotFoundException
    if not visitor.may(kind.permission):
        raise PermissionDeniedException("Your role may not see what this report holds. Ask an owner of the account.")
    return kind


async def _page(request: AnyRequest, kind: ReportType, form: FormState) -> Page:
    zones = await accounts.list_time_zones()
    return await render(
        request, "reports/form.html", title=kind.title, crumbs=[*CRUMBS, Crumb("Request a report", NEW)], kind=kind, form=form,
        status=form.status, time_zones=zones,
    )  # fmt: skip


@page(NEW, permission=WRITE)
async def choose(request: AnyRequest, visitor: Visitor) -> Page:
    """The types there are, by area."""
    areas: dict[str, list[ReportType]] = {}
    for kind in all_types():
        if kind.requested and visitor.may(kind.permission):
            areas.setdefault(kind.area, []).append(kind)
    return await render(request, "reports/choose.html", title="Request a report", crumbs=CRUMBS, areas=areas, base=NEW)


@page(f"{NEW}/{{name:str}}", permission=WRITE)
async def form_page(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """The form: the last seven days, all columns, to the visitor."""
    kind = _kind(visitor, name)
    context = context_of(request)
    async with context.database.acquire() as connection:
        account = await repository.account(connection, visitor.account_id)
    last = service.today(context.clock.now(), account["time_zone"]) - timedelta(days=1)
    form = request_form(kind).blank(
        visitor, first=(last - timedelta(days=6)).isoformat(), last=last.isoformat(), zone=account["time_zone"],
        group=kind.groups[0], recipients=visitor.email, columns=[column.label for column in kind.columns],
    )  # fmt: skip
    return await _page(request, kind, form)


@page(f"{NEW}/{{name:str}}", methods=["POST"], permission=WRITE)
async def request_report(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Queue the report."""
    kind = _kind(visitor, name)
    form = await request_form(kind).read(request, visitor)
    if form.ok:
        every = len(form["columns"]) == len(kind.columns)
        wish = service.Wish(
            form["first"], form["last"], form["zone"], form.values.get("group"), chosen_filters(form),
            [] if every else form["columns"], form["format"], form["recipients"] or [], visitor.numbers_hidden,
        )  # fmt: skip
        try:
            made = await service.request(context_of(request), visitor.account_id, kind, wish, visitor.email)
        except ReportRefused as problem:
            named = {item.name for item in form.form.fields}
            form.fail(problem.field if problem.field in named else PREFIX + problem.field
                      if PREFIX + problem.field in named else "", str(problem))  # fmt: skip
        else:
            return redirect(request, f"{LIST}/{made}", "The report is queued.")
    return await _page(request, kind, form)


pages: list[Any] = [choose, form_page, request_report]
