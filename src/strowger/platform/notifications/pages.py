"""Settings > Notifications: what an account is told by mail, each with its schedule, recipients and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.response import Response

from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.layout import Action, Crumb
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Table
from strowger.console.visitor import Visitor
from strowger.foundation.money import format_money
from strowger.platform.notifications import repository, service
from strowger.platform.notifications.schedule import FREQUENCIES
from strowger.platform.reports import recipients
from strowger.platform.reports import repository as reports
from strowger.platform.reports.pages.listing import ACTIONS, COLUMNS, path_of, report_source
from strowger.platform.reports.pages.requesting import PREFIX, addresses_of, chosen_filters, filter_fields
from strowger.platform.reports.schemas import FORMATS, LABELS, ReportRefused
from strowger.platform.reports.types import ReportType

HERE = "/settings/notifications"
READ, WRITE = "settings.read", "settings.write"
SAVED = "Request executed successfully"
CRUMBS = [Crumb("Notifications", HERE)]
MAILED = Column(
    "mailed", "Mailed to",
    value=lambda row: ", ".join(row["mailed"]) or ("nobody: it was empty" if row["state"] == "done" and not row["rows"] else "–"),
)  # fmt: skip
menu.register("Settings", "Notifications", HERE, "bell", 20)


def _form(kind: ReportType) -> Form:
    base = f"{HERE}/{kind.name}"
    frequencies = tuple((name, FREQUENCIES[name]) for name in kind.frequencies)
    hours = tuple((str(hour), f"{hour:02d}:00") for hour in range(24))
    return Form(
        "notification",
        (
            Field("frequency", "Frequency", "select", options=frequencies, width="half",
                  help="About the day, week (Monday to Sunday) or month that is over then."),
            Field("hour", "Hour", "select", options=hours, width="half", help="In the time zone of the account."),
            Field("recipients", "Send Email To", "textarea", rows=2, max_length=6000, parse=addresses_of,
                  help="Separated by commas, at most 20. Empty: the owners. Addresses that belong neither to a member nor to the "
                  "owners' own domain are asked first, once."),
            Field("format", "File", "select", options=tuple(FORMATS.items()), width="half"),
            Field("send_empty", "Send it also when there is nothing in it", "checkbox"),
            *filter_fields(kind),
        ),
        submit="Save", action=base, cancel=HERE,
    )  # fmt: skip


def _kind(visitor: Visitor, key: str) -> ReportType:
    kind = service.offered_type(key)
    if kind is None:
        raise NotFoundException
    if not visitor.may(kind.permission):
        raise PermissionDeniedException("Your role may not see what this report holds. Ask an owner of the account.")
    return kind


def _card(kind: ReportType, row: Mapping[str, Any] | None, last: Mapping[str, Any] | None, zone: str) -> dict[str, Any]:
    words = "Not set up"
    if row is not None:
        to = ", ".join(row["recipients"]) or "the owners"
        words = f"{FREQUENCIES[row['frequency']]}, {row['hour']:02d}:00 ({zone}), to {to}"
    return {
        "title": kind.title, "text": kind.text, "path": f"{HERE}/{kind.name}", "on": bool(row and row["enabled"]), "words": words,
        "row": row, "last": last, "last_label": LABELS[last["state"]] if last else "",
        "frequencies": ", ".join(kind.frequencies),
    }  # fmt: skip


async def _low_balance(visitor: Visitor, wallet: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if wallet is None or wallet["kind"] != "prepaid" or not visitor.may("billing.read"):
        return None
    on = wallet["low_at"] is not None
    to = ", ".join(wallet["alert_emails"]) or "the owners"
    words = f"Balance below {format_money(wallet['low_at'], wallet['currency'])}, to {to}" if on else "Not set up"
    return {"on": on, "words": words, "path": "/billing/preferences"}


@page(HERE, permission=READ)
async def notifications(request: AnyRequest, visitor: Visitor) -> Page:
    """Every notification with its switch."""
    async with context_of(request).database.acquire() as connection:
        stored = await repository.all_of(connection, visitor.account_id)
        last = await repository.last_reports(connection, visitor.account_id)
        account = await reports.account(connection, visitor.account_id)
        wallet = await repository.low_balance(connection, visitor.account_id)
    areas: dict[str, list[dict[str, Any]]] = {}
    for kind in service.offered():
        if visitor.may(kind.permission):
            card = _card(kind, stored.get(kind.name), last.get(kind.name), account["time_zone"])
            areas.setdefault(kind.area, []).append(card)
    return await render(
        request, "notifications/list.html", title="Notifications", areas=areas, low=await _low_balance(visitor, wallet),
        may=visitor.may(WRITE), zone=account["time_zone"],
    )  # fmt: skip


async def _edit_page(request: AnyRequest, visitor: Visitor, kind: ReportType, form: FormState) -> Page:
    context = context_of(request)
    row = await service.find(context, visitor.account_id, kind.name)
    waiting: list[str] = []
    if row is not None:
        async with context.database.acquire() as connection:
            _, waiting = await recipients.sort_out(connection, visitor.account_id, row["recipients"])
    return await render(
        request, "notifications/edit.html", title=kind.title, crumbs=CRUMBS, kind=kind, form=form, status=form.status, row=row,
        waiting=", ".join(waiting), base=f"{HERE}/{kind.name}",
        actions=[Action("What was sent", f"{HERE}/{kind.name}/history", "history")],
    )  # fmt: skip


@page(f"{HERE}/{{key:str}}", permission=READ)
async def edit(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """The pane of one notification."""
    kind = _kind(visitor, key)
    row = await service.find(context_of(request), visitor.account_id, key)
    wish = service.wish_of(row) if row else service.default_wish(kind)
    values = {PREFIX + name: value for name, value in wish.filters.items()}
    form = _form(kind).blank(
        visitor, frequency=wish.frequency, hour=str(wish.hour), format=wish.format, send_empty=wish.send_empty,
        recipients=", ".join(wish.recipients) if row else visitor.email, **values,
    )  # fmt: skip
    return await _edit_page(request, visitor, kind, form)


@page(f"{HERE}/{{key:str}}", methods=["POST"], permission=WRITE)
async def save(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """Keep it, and switch it on."""
    kind = _kind(visitor, key)
    form = await _form(kind).read(request, visitor)
    if form.ok:
        wish = service.Wish(
            form["frequency"], int(form["hour"]), form["recipients"] or [], form["format"], chosen_filters(form),
            form["send_empty"],
        )  # fmt: skip
        try:
            await service.save(context_of(request), visitor.account_id, kind, wish, visitor.email)
        except ReportRefused as problem:
            named = {item.name for item in form.form.fields}
            form.fail(next((n for n in (problem.field, PREFIX + problem.field) if n in named), ""), str(problem))
        else:
            return redirect(request, HERE, SAVED)
    return await _edit_page(request, visitor, kind, form)


@page(f"{HERE}/{{key:str}}/switch", methods=["POST"], permission=WRITE)
async def switch(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """Switch it off, or on again as it was; the details are kept."""
    kind, context = _kind(visitor, key), context_of(request)
    row = await service.find(context, visitor.account_id, key)
    if row is None:
        return redirect(request, f"{HERE}/{key}", "Set it up first.", "warning")
    old = service.wish_of(row)
    wish = service.Wish(
        old.frequency, old.hour, old.recipients, old.format, old.filters, old.send_empty, not old.enabled
    )  # fmt: skip
    await service.save(context, visitor.account_id, kind, wish, visitor.email)
    return redirect(request, HERE, f"“{kind.title}” is switched {'on' if wish.enabled else 'off'}.")


@page(f"{HERE}/{{key:str}}/delete", methods=["POST"], permission=WRITE)
async def delete(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """Forget its details."""
    kind = _kind(visitor, key)
    if not await service.delete(context_of(request), visitor.account_id, key):
        return redirect(request, HERE, "It was not set up.", "warning")
    return redirect(request, HERE, f"“{kind.title}” is switched off and its details are deleted.")


@page(f"{HERE}/{{key:str}}/history", permission=READ)
async def history(request: AnyRequest, visitor: Visitor, key: str) -> Response[Any]:
    """What was made and mailed."""
    kind = _kind(visitor, key)
    mailed = [column for column in COLUMNS if column.key not in ("type", "requested_by", "title", "progress")]
    table = Table(
        "notification-history", (*mailed, MAILED), row_href=path_of, row_actions=ACTIONS, live_topic="reports",
        empty=Empty("Nothing sent yet", "Each report that is made by this notification is listed here, with who was mailed it."),
    )  # fmt: skip
    return await table.respond(
        request, visitor, report_source(context_of(request).database, visitor, key), title="What was sent",
        crumbs=[*CRUMBS, Crumb(kind.title, f"{HERE}/{key}")],
    )  # fmt: skip


pages: list[Any] = [notifications, edit, save, switch, delete, history]
