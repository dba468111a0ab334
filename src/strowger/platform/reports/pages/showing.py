"""One report: how far it is, what it shows, its file, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar.exceptions import NotFoundException
from litestar.response import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Crumb
from strowger.console.pages import AnyRequest, Page, context_of, is_partial, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.platform.files import service as files
from strowger.platform.reports import service
from strowger.platform.reports.pages.listing import (
    BUSY,
    LIST,
    READ,
    WRITE,
    moment_text,
    percent,
    period_of,
    type_title,
    visible_types,
)
from strowger.platform.reports.pages.requesting import CRUMBS, RECIPIENTS_HELP, addresses_of
from strowger.platform.reports.schemas import DONE, LABELS, TONES, UPLOADED, ReportRefused, params_of
from strowger.platform.reports.summary import chart_of
from strowger.platform.reports.types import GROUPS, find_type

ONE = f"{LIST}/{{report_id:uuid}}"
MAIL = Field("recipients", "Send to", "textarea", rows=3, max_length=6000, required=True, parse=addresses_of,
             help=RECIPIENTS_HELP)  # fmt: skip


CLOSED = "This file holds whole numbers, which your role may not see. Make it again: yours has them masked."


async def _find(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Mapping[str, Any]:
    row = await service.find(context_of(request), visitor.account_id, report_id)
    if row is None or row["type"] not in visible_types(visitor):
        raise NotFoundException
    return row


def _is_closed(visitor: Visitor, row: Mapping[str, Any]) -> bool:
    """Whether a report has numbers in it that the account hides from the visitor."""
    return visitor.numbers_hidden and service.holds_numbers(row)


def _facts(visitor: Visitor, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [("Type", type_title(row["type"]))]
    if row["type"] != UPLOADED:
        params, kind = params_of(row), find_type(row["type"])
        facts += [("Period", f"{period_of(row)} ({params.zone})")]
        if kind is not None and len(kind.groups) > 1:
            facts += [("Grouped by", GROUPS.get(params.group, params.group))]
        labels = {item.key: item for item in kind.filters} if kind else {}
        for key, value in params.filters.items():
            item = labels.get(key)
            words: dict[str, str] = dict(item.options) if item else {}
            text = ", ".join(words.get(one, str(one)) for one in value) if isinstance(value, list) else value
            facts.append((item.label if item else key, text))
    facts += [
        ("Requested by", row["requested_by"] or "Schedule"), ("Requested on", moment_text(visitor, row["created_at"])),
        ("Finished on", moment_text(visitor, row["finished_at"])), ("Expires on", moment_text(visitor, row["expires_at"])),
    ]  # fmt: skip
    if row["recipients"]:
        waiting = [address for address in row["recipients"] if address not in row["mailed"]]
        facts.append(("Mailed to", ", ".join(row["mailed"])))
        if waiting and row["state"] == DONE and (row["rows"] or row["send_empty"]):
            facts.append(("Waiting for their consent", ", ".join(waiting)))
    return facts


@page(ONE, permission=READ)
async def report(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """The page of a report; the part that htmx asks for while it is made."""
    row = await _find(request, visitor, report_id)
    busy = row["state"] in BUSY
    if is_partial(request) and not busy:
        return Response("", status_code=200, headers={"HX-Refresh": "true"})
    kind, summary = find_type(row["type"]), row["summary"] or {}
    chart = chart_of(kind, summary, params_of(row).zone) if kind and row["type"] != UPLOADED else None
    return await render(
        request, "reports/state.html" if is_partial(request) else "reports/report.html", title=row["title"], crumbs=CRUMBS,
        row=row, busy=busy, percent=percent(row), state=LABELS[row["state"]], tone=TONES[row["state"]],
        facts_of=_facts(visitor, row), chart=chart, summary=summary, base=f"{LIST}/{report_id}", done=row["state"] == DONE,
        uploaded=row["type"] == UPLOADED, closed=CLOSED if _is_closed(visitor, row) else "",
    )  # fmt: skip


@page(f"{ONE}/download", permission=READ)
async def download(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Response[Any]:
    """The file."""
    context, row = context_of(request), await _find(request, visitor, report_id)
    if _is_closed(visitor, row):
        return redirect(request, f"{LIST}/{report_id}", CLOSED, "warning")
    stored = await service.file_of(context, row)
    if stored is None:
        raise NotFoundException
    return files.download(context, stored)


@page(f"{ONE}/cancel", methods=["POST"], permission=WRITE)
async def cancel(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """Stop it."""
    await _find(request, visitor, report_id)
    if await service.cancel(context_of(request), visitor.account_id, report_id):
        return redirect(request, f"{LIST}/{report_id}", "The report is cancelled.")
    return redirect(request, f"{LIST}/{report_id}", "It had ended already.", "warning")


@page(f"{ONE}/again", methods=["POST"], permission=WRITE)
async def again(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """Make the same again."""
    row = await _find(request, visitor, report_id)
    if row["type"] == UPLOADED:
        raise NotFoundException
    try:
        made = await service.regenerate(
            context_of(request), visitor.account_id, row, visitor.email, visitor.numbers_hidden
        )
    except ReportRefused as problem:
        return redirect(request, f"{LIST}/{report_id}", str(problem), "danger")
    return redirect(request, f"{LIST}/{made}", "The report is queued again.")


@page(f"{ONE}/delete", methods=["POST"], permission=WRITE)
async def delete(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """Remove it and its file."""
    await _find(request, visitor, report_id)
    if await service.delete(context_of(request), visitor.account_id, report_id):
        return redirect(request, LIST, "The report is deleted.")
    return redirect(request, f"{LIST}/{report_id}", "Cancel it first: it is being made.", "danger")


def _mail_form(report_id: UUID) -> Form:
    base = f"{LIST}/{report_id}"
    return Form("report-mail", (MAIL,), submit="Send", action=f"{base}/mail", cancel=base)


async def _mail_page(request: AnyRequest, row: Mapping[str, Any], form: FormState) -> Page:
    crumbs = [*CRUMBS, Crumb(row["title"], f"{LIST}/{row['id']}")]
    return await render(
        request, "console/form_page.html", title="Email again", crumbs=crumbs, form=form, status=form.status
    )


@page(f"{ONE}/mail", permission=WRITE)
async def mail_form(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """To whom it goes."""
    row = await _find(request, visitor, report_id)
    addresses = ", ".join(row["recipients"]) or visitor.email
    return await _mail_page(request, row, _mail_form(report_id).blank(visitor, recipients=addresses))


@page(f"{ONE}/mail", methods=["POST"], permission=WRITE)
async def mail(request: AnyRequest, visitor: Visitor, report_id: UUID) -> Page:
    """Mail the link to the file."""
    row = await _find(request, visitor, report_id)
    form = await _mail_form(report_id).read(request, visitor)
    if _is_closed(visitor, row):
        form.fail("", CLOSED)
    if form.ok:
        try:
            sent = await service.mail_again(context_of(request), visitor.account_id, row, form["recipients"])
        except ReportRefused as problem:
            form.fail(problem.field, str(problem))
        else:
            rest = len(form["recipients"]) - sent
            words = f"Mailed to {sent}." + (f" {rest} must agree first." if rest else "")
            return redirect(request, f"{LIST}/{report_id}", words, "warning" if rest else "success")
    return await _mail_page(request, row, form)


pages: list[Any] = [report, download, cancel, again, delete, mail_form, mail]
