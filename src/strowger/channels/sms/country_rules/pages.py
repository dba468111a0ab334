"""Installation > Country rules: what each country asks of messages; how long and how written, the operator says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.country_rules import repository
from strowger.channels.sms.country_rules.repository import TextRule
from strowger.channels.sms.reports.words import country_name
from strowger.channels.sms.screening.content import MAX_UNITS
from strowger.channels.sms.screening.countries import COUNTRIES as HOURS
from strowger.channels.sms.screening.countries import rule_of as hours_of
from strowger.channels.sms.senders.countries import COUNTRIES, named, read_iso, rule_of
from strowger.console import menu
from strowger.console.form import Field, Form, whole
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Row, RowAction, Table

LIST = "/operator/country-rules"
READ, WRITE = "installation.read", "installation.write"
CRUMBS = [Crumb("Country rules", LIST)]
NEW = Action("Add a country", f"{LIST}/new", "plus", primary=True, key="c")
menu.register("Installation", "Country rules", LIST, "world", 14)


def _yes(name: str) -> Any:
    return lambda row: "yes" if row[name] else "no"


TABLE = Table(
    "country-rules",
    (
        Column("name", "Country", sort=True),
        Column("country", "ISO code", "mono", sort=True, shown=False),
        Column("max_parts", "Parts at most", "number", sort=True),
        Column("unicode_allowed", "Unicode", value=lambda row: "allowed" if row["unicode_allowed"] else "refused"),
        Column("senders", "Sender IDs"),
        Column("registry", "Registered", value=_yes("registry")),
        Column("review", "Reviewed by you", value=_yes("review"), shown=False),
        Column("window", "Promotional hours", value=_yes("window")),
        Column("opt_out", "STOP text", value=_yes("opt_out")),
        Column("updated_by", "Changed by", shown=False),
        Column("updated_at", "Changed", "time", sort=True, shown=False),
    ),
    search="Country",
    sort="name",
    empty=Empty("No such country", "Countries that are not listed allow whatever the protocol allows."),
    row_href=lambda row: f"{LIST}/{row['country']}",
    row_actions=(
        RowAction("Change", lambda row: f"{LIST}/{row['country']}", "pencil"),
        RowAction("Lift the limits", lambda row: f"{LIST}/{row['country']}/remove", "trash", "POST", danger=True,
                  when=lambda row: bool(row["updated_at"]),
                  confirm=lambda row: f"Texts to {row['name']} may have {MAX_UNITS} parts, and Unicode, again."),
    ),
)  # fmt: skip


def rule_form(action: str, known: bool) -> Form:
    """The form of a country; that of a ``known`` one is fixed."""
    country = Field("country", "Country", required=True, parse=read_iso, placeholder="DE", width="half", max_length=2,
                    help="ISO code of two letters.")  # fmt: skip
    return Form(
        "country-rule",
        (
            *(() if known else (country,)),
            Field("max_parts", "Parts at most", "number", least=1, most=MAX_UNITS, parse=whole(1, MAX_UNITS), width="half",
                  placeholder=str(MAX_UNITS), help="Longer texts end NOT-SENT with MAX-LIMIT; with REJECTED-MULTIPART where 1 is "
                  f"allowed. Empty: {MAX_UNITS}, as everywhere."),
            Field("unicode_allowed", "Unicode is allowed", "checkbox", default=True,
                  help="Otherwise texts that need it end NOT-SENT with INV-ENCODING."),
        ),
        submit="Save the rule", action=action, cancel=LIST,
    )  # fmt: skip


def _row(country: str, stored: Mapping[str, Any] | None) -> Row:
    senders, hours = rule_of(country), hours_of(country)
    return {
        "country": country, "name": country_name(country), "senders": senders.letters_text, "registry": senders.registry,
        "review": senders.review, "opt_out": senders.opt_out, "window": hours.window,
        "max_parts": (stored and stored["max_parts"]) or MAX_UNITS,
        "unicode_allowed": stored["unicode_allowed"] if stored else True,
        "updated_by": stored["updated_by"] if stored else "", "updated_at": stored["updated_at"] if stored else None,
    }  # fmt: skip


@page(LIST, permission=READ)
async def rules(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The countries that ask for something."""
    database = context_of(request).database

    async def rows(_account_id: int) -> list[Row]:
        stored = {row["country"]: row for row in await database.run(repository.all_rules)}
        return [_row(country, stored.get(country)) for country in sorted({*stored, *named(), *HOURS})]

    source = ListSource(rows, key="country", searched=("country", "name"))
    return await TABLE.respond(request, visitor, source, title="Country rules", actions=[NEW])


async def _save(request: AnyRequest, visitor: Visitor, country: str, values: Any) -> Page:
    context, rule = context_of(request), TextRule(values["max_parts"], bool(values["unicode_allowed"]))
    await context.database.run(lambda c: repository.save(c, country, rule, visitor.email, context.clock.now()))
    return redirect(request, LIST, f"The rule of {country_name(country)} is saved.")


@page(f"{LIST}/new", methods=["GET", "POST"], permission=WRITE)
async def add(request: AnyRequest, visitor: Visitor) -> Page:
    """Set the limits of a country."""
    made = rule_form(f"{LIST}/new", known=False)
    form = made.blank(visitor) if request.method == "GET" else await made.read(request, visitor)
    if request.method == "POST" and form.ok:
        country = form["country"]
        if not await context_of(request).database.run(lambda c: repository.of_countries(c, [country])):
            return await _save(request, visitor, country, form)
        form = form.fail("country", f"{country_name(country)} has a rule; change that one.")
    return await render(
        request, "console/form_page.html", title="Add a country", crumbs=CRUMBS, form=form, status=form.status
    )


@page(f"{LIST}/{{country:str}}", methods=["GET", "POST"], permission=WRITE)
async def change(request: AnyRequest, visitor: Visitor, country: str) -> Page:
    """Change the limits of a country."""
    if country not in COUNTRIES:
        raise NotFoundException
    stored = await context_of(request).database.run(lambda c: repository.of_countries(c, [country]))
    rule = stored.get(country, TextRule())
    made = rule_form(f"{LIST}/{country}", known=True)
    form = (
        made.blank(visitor, max_parts=rule.max_parts or "", unicode_allowed=rule.unicode_allowed)
        if request.method == "GET"
        else await made.read(request, visitor)
    )
    if request.method == "POST" and form.ok:
        return await _save(request, visitor, country, form)
    return await render(
        request, "console/form_page.html", title=country_name(country), crumbs=CRUMBS, form=form, status=form.status
    )


@page(f"{LIST}/{{country:str}}/remove", methods=["POST"], permission=WRITE)
async def remove(request: AnyRequest, visitor: Visitor, country: str) -> Page:
    """Lift the limits of a country."""
    if not await context_of(request).database.run(lambda c: repository.drop(c, country)):
        raise NotFoundException
    return redirect(request, LIST, f"The limits of {country_name(country)} are lifted.")


pages: list[Any] = [rules, add, change, remove]
