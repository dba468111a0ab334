"""Receive Message: the configurations of the account's numbers (sms.md 7.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.receive import forms, log_pages, service
from strowger.channels.sms.receive.forms import LIST
from strowger.channels.sms.receive.repository import configurations as repository
from strowger.channels.sms.receive.repository.configurations import read_configuration
from strowger.channels.sms.receive.schemas import Draft
from strowger.channels.sms.screening.batch import AccountScreen
from strowger.channels.sms.screening.repository import flags
from strowger.channels.sms.screening.words import meaning
from strowger.console import menu, palette
from strowger.console.form import FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import is_row_id

CRUMBS = [Crumb("Receive Message", LIST)]
TONES = {"Active": "success", "Expired": "warning", "Disabled": "neutral"}
NEW = Action("New configuration", f"{LIST}/new", "plus", primary=True, key="c")
DEFAULT = "(default)"
WORD_TEXTS = {
    "stop": "The word opts its sender out before anything else happens. Reply here stands in for the account's answer.",
    "start": "The word takes an opt-out back before anything else happens. Reply here stands in for the account's answer.",
    "help": "Reply here stands in for the account's help text.",
}
menu.register("Channels", "Receive Message", LIST, "message-2-down", 25)
palette.register_action("Receive by keyword", f"{LIST}/new", "message-2-down")


def actions_of(row: Any) -> list[str]:
    """What a configuration does, in words."""
    callback = row["callback"] or {}
    found = [
        ("Reply", row["reply_text"]), ("SMS", row["forward_numbers"]), ("E-mail", row["forward_emails"]),
        ("Profile" if "profile" in callback else "URL", callback), ("SMPP", row["smpp_user_id"]),
        (str(row["consent"]).capitalize(), row["consent"]),
    ]  # fmt: skip
    return [label for label, given in found if given]


def _path(row: Row, act: str = "") -> str:
    return f"{LIST}/{row['id']}{act}"


def _name(row: Any) -> str:
    return row["keyword"] or DEFAULT


TABLE = Table(
    "receive",
    columns=(
        Column("msisdn", "Number", sort=True, value=lambda row: f"+{row['msisdn']}"),
        Column("keyword", "Keyword", sort=True, value=_name),
        Column("is_default", "Default", value=lambda row: "" if row["keyword"] else "yes"),
        Column("expires_at", "Expiry", "time", sort=True),
        Column("actions", "Actions set", value=lambda row: ", ".join(actions_of(row)) or "None"),
        Column("state", "Status", "status", sort=True, tone=TONES),
        Column("created_at", "Created", "time", sort=True),
    ),
    filters=(Filter("state", "Status", "multi", tuple((state, state) for state in TONES)), Filter("msisdn", "Number")),
    search="Keyword or number",
    row_href=_path,
    row_actions=(
        RowAction("Edit", lambda row: _path(row, "/edit"), "pencil"),
        RowAction("Duplicate", lambda row: f"{LIST}/new?copy={row['id']}", "copy"),
        RowAction("Logs", lambda row: log_pages.logs_of(row["msisdn"], row["keyword"]), "list"),
        RowAction("Disable", lambda row: _path(row, "/disable"), "ban", "POST", when=lambda row: bool(row["active"])),
        RowAction("Enable", lambda row: _path(row, "/enable"), "check", "POST", when=lambda row: not row["active"]),
        RowAction("Delete", lambda row: _path(row, "/delete"), "trash", "POST", danger=True,
                  confirm=lambda row: f"Delete {_name(row)} of +{row['msisdn']}? What it did stays in the logs."),
    ),
)  # fmt: skip
EMPTY = Empty(
    "No configurations yet",
    "What is done with messages to your numbers: replied to, forwarded, handed to your programs, by keyword or for all.",
    NEW,
)
NO_NUMBERS = "You receive on numbers, and have none yet. The operator adds one; it then stands under Numbers and here."


@page(LIST, permission="channels.read")
async def list_configurations(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The configurations."""
    context = context_of(request)
    choices = await forms.choices_of(request, visitor)
    filters = (TABLE.filters[0], Filter("msisdn", "Number", "select", tuple(choices.numbers)))
    empty = (
        EMPTY
        if choices.numbers
        else Empty("No numbers yet", NO_NUMBERS, Action("Numbers", "/numbers", "phone-incoming"))
    )
    return await replace(TABLE, empty=empty, filters=filters).respond(
        request, visitor, repository.configuration_source(context.database, context.clock.now()), title="Receive Message",
        template="receive/list.html", actions=[NEW] if choices.numbers else [], tabs=log_pages.tabs_of(LIST),
    )  # fmt: skip


async def _find(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Any:
    async with context_of(request).database.acquire() as connection:
        found = await repository.find(connection, visitor.account_id, configuration_id)
    if found is None:
        raise NotFoundException
    return found


async def _form_page(request: AnyRequest, form: FormState, title: str) -> Page:
    return await render(
        request, "receive/form.html", title=title, crumbs=CRUMBS, form=form, groups=forms.groups_of(form.form), status=form.status
    )  # fmt: skip


@page(f"{LIST}/new", permission="channels.write")
async def new_configuration(request: AnyRequest, visitor: Visitor) -> Page:
    """The empty form; ``?copy=`` fills it with what another one does, ``?number=`` chooses the number."""
    choices = await forms.choices_of(request, visitor)
    if not choices.numbers:
        return redirect(request, LIST, "There is no number to receive on yet.", "warning")
    expiry = context_of(request).clock.now().replace(microsecond=0) + forms.FIRST_EXPIRY
    values = {"number": request.query_params.get("number", ""), "expires_at": forms.local_text(expiry, visitor)}
    copied = request.query_params.get("copy", "")
    kept = None
    if is_row_id(copied):
        row = await _find(request, visitor, int(copied))
        kept = read_configuration(row).draft
        values = {
            **forms.shown(kept, visitor),
            "number": row["msisdn"],
            "keyword": "",
            "expires_at": values["expires_at"],
        }
    form = forms.build(choices, f"{LIST}/new", new=True, kept=kept).blank(visitor, **values)
    return await _form_page(request, form, "New configuration")


def _refuse(form: FormState, problem: StrowgerError) -> None:
    known = {item.name for item in form.form.fields}
    form.fail(problem.field if problem.field in known else "", problem.detail or problem.code)


@page(f"{LIST}/new", methods=["POST"], permission="channels.write")
async def create(request: AnyRequest, visitor: Visitor) -> Page:
    """Make a configuration."""
    context = context_of(request)
    choices = await forms.choices_of(request, visitor)
    form = await forms.build(choices, f"{LIST}/new", new=True).read(request, visitor)
    if form.ok:
        try:
            draft = forms.draft_of(form, request, visitor, choices, None)
            made = await context.database.run(
                lambda c: service.create(c, visitor.account_id, form["number"], draft, context.clock.now())
            )
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, f"{LIST}/{made}", "Created.")
    return await _form_page(request, form, "New configuration")


def _trigger(callback: dict[str, Any], profiles: dict[str, str]) -> str:
    if "profile" in callback:
        return profiles.get(callback["profile"], "a profile that is not offered any more")
    return f"{callback['method']} {callback['url']}" if callback else "as the number says"


@page(f"{LIST}/{{configuration_id:int}}", permission="channels.read")
async def configuration(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """One configuration: when it counts and what it does."""
    row = await _find(request, visitor, configuration_id)
    context = context_of(request)
    now = context.clock.now()
    async with context.database.acquire() as connection:
        screens = [AccountScreen.of(found) for found in await flags(connection, [visitor.account_id], now)]
    kind = meaning(row["keyword"], screens[0].options.words) if screens and row["keyword"] else None
    choices = await forms.choices_of(request, visitor)
    trigger = _trigger(row["callback"] or {}, dict(choices.profiles))
    expired = row["expires_at"] is not None and row["expires_at"] <= now
    return await render(
        request, "receive/configuration.html", title=f"{_name(row)} on +{row['msisdn']}", crumbs=CRUMBS, row=row, tones=TONES,
        state="Disabled" if not row["active"] else "Expired" if expired else "Active", trigger=trigger,
        word=WORD_TEXTS.get(kind or "", ""), logs=log_pages.logs_of(row["msisdn"], row["keyword"]), name=_name(row),
    )  # fmt: skip


@page(f"{LIST}/{{configuration_id:int}}/edit", permission="channels.write")
async def edit(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """The form of a configuration."""
    row = await _find(request, visitor, configuration_id)
    kept = read_configuration(row).draft
    form = await _edit_form(request, visitor, row, kept)
    return await _form_page(request, form[1].blank(visitor, **forms.shown(kept, visitor)), f"Edit {_name(row)}")


async def _edit_form(request: AnyRequest, visitor: Visitor, row: Any, kept: Draft) -> tuple[forms.Choices, Any]:
    choices = await forms.choices_of(request, visitor)
    action = f"{LIST}/{row['id']}/edit"
    form = forms.build(choices, action, new=False, keyed=bool(kept.keyword), kept=kept)
    return choices, replace(form, cancel=f"{LIST}/{row['id']}")


@page(f"{LIST}/{{configuration_id:int}}/edit", methods=["POST"], permission="channels.write")
async def change(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """Change a configuration."""
    context, row = context_of(request), await _find(request, visitor, configuration_id)
    kept = read_configuration(row).draft
    choices, empty = await _edit_form(request, visitor, row, kept)
    form: FormState = await empty.read(request, visitor)
    if form.ok:
        try:
            draft = forms.draft_of(form, request, visitor, choices, kept)
            await context.database.run(
                lambda c: service.change(c, visitor.account_id, configuration_id, draft, context.clock.now())
            )
        except StrowgerError as problem:
            _refuse(form, problem)
        else:
            return redirect(request, f"{LIST}/{configuration_id}", "Saved.")
    return await _form_page(request, form, f"Edit {_name(row)}")


async def _switch(request: AnyRequest, visitor: Visitor, configuration_id: int, active: bool) -> Page:
    context = context_of(request)
    done = await context.database.run(
        lambda c: repository.switch(c, visitor.account_id, configuration_id, active, context.clock.now())
    )
    if not done:
        raise NotFoundException
    said = "Enabled." if active else "Disabled: messages pass it by."
    return redirect(request, f"{LIST}/{configuration_id}", said)


@page(f"{LIST}/{{configuration_id:int}}/disable", methods=["POST"], permission="channels.write")
async def disable(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """Switch a configuration off."""
    return await _switch(request, visitor, configuration_id, False)


@page(f"{LIST}/{{configuration_id:int}}/enable", methods=["POST"], permission="channels.write")
async def enable(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """Switch a configuration on."""
    return await _switch(request, visitor, configuration_id, True)


@page(f"{LIST}/{{configuration_id:int}}/delete", methods=["POST"], permission="channels.write")
async def delete(request: AnyRequest, visitor: Visitor, configuration_id: int) -> Page:
    """Delete a configuration."""
    done = await context_of(request).database.run(lambda c: repository.remove(c, visitor.account_id, configuration_id))
    if not done:
        raise NotFoundException
    return redirect(request, LIST, "Deleted.")


pages: list[Any] = [
    list_configurations, new_configuration, create, configuration, edit, change, disable, enable, delete, *log_pages.pages,
]  # fmt: skip
