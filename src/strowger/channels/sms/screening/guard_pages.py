"""Fraud guard: which countries may be reached, the prefix watch, and what it blocked (quality.md R-78 to R-80)."""

from __future__ import annotations

import re
from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException
from phonenumbers import SUPPORTED_REGIONS

from strowger.channels.sms.screening import repository
from strowger.channels.sms.screening.forms import KIND_OPTIONS
from strowger.channels.sms.screening.options import MODES, read_options
from strowger.channels.sms.screening.settings_pages import GUARD, tabs_of
from strowger.console import palette
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, Table
from strowger.platform.guard import repository as guard
from strowger.platform.guard import service

palette.register_action("Fraud guard: countries and blocked prefixes", GUARD, "shield")
STATES = {"blocked": "Blocked", "over": "Over", "lifted": "Lifted"}
HOURS = (("1", "1 hour"), ("24", "1 day"), ("168", "7 days"), ("0", "Until it is lifted"))


def _codes(text: str) -> list[str]:
    found = list(dict.fromkeys(filter(None, re.split(r"[\s,;]+", text.upper()))))
    for code in found:
        if code not in SUPPORTED_REGIONS:
            raise Invalid(f"“{code[:10]}” is no country's ISO code such as DE.")
    return found


def _prefix(text: str) -> str:
    digits = re.sub(r"[\s+()-]", "", text)
    if not service.PREFIX.fullmatch(digits):
        raise Invalid("2 to 15 digits, beginning with the country code.")
    return digits


COUNTRIES = Form(
    "countries",
    (
        Field("default", "Countries that are not named below", "radio", required=True, options=(
            ("on", "On"), ("off", "Off"), ("watch", "Watch"))),
        Field("on", "On", parse=_codes, help="ISO codes, for example DE, AT, CH.", max_length=1200),
        Field("watch", "Watch", parse=_codes, max_length=1200),
        Field("off", "Off", parse=_codes, max_length=1200),
        Field("premium", "Send to premium and satellite ranges", "checkbox", help="They are refused otherwise: SERIES-BLOCK."),
    ),
    submit="Save countries", action=f"{GUARD}/countries", guard_leaving=False,
)  # fmt: skip
WATCH = Form(
    "watch",
    (
        Field("sends", "More than (messages)", "number", required=True, least=1, most=100_000, width="half"),
        Field("minutes", "Within (minutes)", "number", required=True, least=1, most=60, width="half"),
        Field("percent", "And converting less than (%)", "number", required=True, least=0, most=100, width="half"),
        Field("block_minutes", "Block for (minutes)", "number", required=True, least=1, most=10_080, width="half"),
        Field("kinds", "Watched messages", "checks", options=KIND_OPTIONS),
    ),
    submit="Save watch", action=f"{GUARD}/watch", guard_leaving=False,
)  # fmt: skip
BLOCK = Form(
    "block-prefix",
    (
        Field("prefix", "Prefix", required=True, parse=_prefix, help="Numbers that begin with it, with country code."),
        Field("hours", "For", "select", options=HOURS, default="24"),
        Field("reason", "Reason", required=True, max_length=200),
    ),
    submit="Block prefix", action=f"{GUARD}/block", cancel=GUARD,
)  # fmt: skip
TABLE = Table(
    "blocked-prefixes",
    columns=(
        Column("prefix", "Prefix", "mono", sort=True),
        Column("state", "State", "status", label_of=STATES.__getitem__,
               tone={"blocked": "danger", "over": "neutral", "lifted": "neutral"}),
        Column("source", "By", label_of=lambda code: "Prefix watch" if code == "watch" else "Hand"),
        Column("reason", "Why"),
        Column("sends", "Messages", "number"),
        Column("conversions", "Conversions", "number"),
        Column("created_at", "Since", "time", sort=True),
        Column("until", "Until", "time", sort=True),
        Column("lifted_at", "Lifted at", "time", shown=False),
        Column("lifted_by", "Lifted by", shown=False),
    ),
    filters=(Filter("state", "State", "multi", tuple(STATES.items())),),
    search="Beginning of the prefix",
    empty=Empty("No prefix is blocked", "The prefix watch puts ranges here that look pumped; you can add some yourself."),
    row_actions=(
        RowAction("Unblock", lambda row: f"{GUARD}/{row['id']}/lift", "circle-check", "POST",
                  when=lambda row: row["state"] == "blocked",
                  confirm=lambda row: f"Messages to +{row['prefix']}… leave again at once."),
    ),
)  # fmt: skip


async def _show(request: AnyRequest, visitor: Visitor, **failed: FormState) -> Response[Any]:
    context = context_of(request)
    async with context.database.acquire() as connection:
        settings = await repository.settings(connection, visitor.account_id)
    options = read_options(settings)
    named = {mode: ", ".join(sorted(c for c, m in options.countries.items() if m == mode)) for mode in MODES}
    watch = options.watch
    countries = COUNTRIES.blank(visitor, default=options.country_default, premium=options.premium_allowed, **named)
    shown = WATCH.blank(
        visitor, sends=watch.sends, minutes=watch.minutes, percent=f"{watch.conversion * 100:g}",
        block_minutes=watch.block_minutes, kinds=sorted(watch.kinds),
    )  # fmt: skip
    answer = await TABLE.respond(
        request, visitor, guard.blocked_source(context.database, context.clock.now()), title="Fraud guard",
        template="screening/sms_guard.html", tabs=tabs_of(GUARD), countries=failed.get("countries") or countries,
        watch=failed.get("watch") or shown, crumbs=[Crumb("SMS settings", "/sms/settings")],
        actions=[Action("Block a prefix", f"{GUARD}/block", "ban")],
    )  # fmt: skip
    if failed:
        answer.status_code = 422
    return answer


@page(GUARD, permission="channels.read")
async def show_guard(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Countries, watch and blocked prefixes."""
    return await _show(request, visitor)


@page(f"{GUARD}/countries", methods=["POST"], permission="channels.write")
async def save_countries(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Keep which countries are on, off or watched."""
    form = await COUNTRIES.read(request, visitor)
    modes: dict[str, str] = {}
    for mode in MODES if form.ok else ():
        for code in form[mode] or ():
            if modes.setdefault(code, mode) != mode:
                form.fail(mode, f"{code} is named twice.")
    if not form.ok:
        return await _show(request, visitor, countries=form)
    values = {
        "countries": {"default": form["default"], **modes}, "allowed_countries": None, "premium_allowed": form["premium"] or None,
    }  # fmt: skip
    await context_of(request).database.run(lambda c: repository.save_settings(c, visitor.account_id, values))
    return redirect(request, GUARD, "Countries saved.")


@page(f"{GUARD}/watch", methods=["POST"], permission="channels.write")
async def save_watch(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Keep the thresholds of the prefix watch."""
    form = await WATCH.read(request, visitor)
    if form.ok and not form["kinds"]:
        form.fail("kinds", "Choose at least one.")
    if not form.ok:
        return await _show(request, visitor, watch=form)
    watch = {name: int(form[name]) for name in ("sends", "minutes", "block_minutes")}
    values = {"prefix_watch": {**watch, "percent": float(form["percent"]), "kinds": form["kinds"]}}
    await context_of(request).database.run(lambda c: repository.save_settings(c, visitor.account_id, values))
    return redirect(request, GUARD, "Prefix watch saved.")


@page(f"{GUARD}/block", methods=["GET", "POST"], permission="channels.write")
async def block(request: AnyRequest, visitor: Visitor) -> Page:
    """Block a prefix by hand."""
    crumbs = [Crumb("Fraud guard", GUARD)]
    form = BLOCK.blank(visitor) if request.method == "GET" else await BLOCK.read(request, visitor)
    if request.method == "GET" or not form.ok:
        return await render(
            request, "console/form_page.html", title="Block a prefix", crumbs=crumbs, form=form, status=form.status
        )
    context = context_of(request)
    await context.database.run(
        lambda c: service.block_prefix(
            c, visitor.account_id, form["prefix"], form["reason"], visitor.name, int(form["hours"]), context.clock.now()
        )
    )
    return redirect(request, GUARD, f"+{form['prefix']}… is blocked.")


@page(f"{GUARD}/{{block_id:int}}/lift", methods=["POST"], permission="channels.write")
async def lift(request: AnyRequest, visitor: Visitor, block_id: int) -> Page:
    """End a block at once."""
    context = context_of(request)
    if not 0 < block_id < 2**63:
        raise NotFoundException
    prefix = await context.database.run(
        lambda c: service.lift(c, visitor.account_id, block_id, visitor.name, context.clock.now())
    )
    if prefix is None:
        raise NotFoundException
    return redirect(request, GUARD, f"+{prefix}… can be reached again.")


pages: list[Any] = [show_guard, save_countries, save_watch, block, lift]
