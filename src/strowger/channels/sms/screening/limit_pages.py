"""The page Daily Limit: how much may go to each country in a day and in a month (sms.md 7.6)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.reports.words import country_name
from strowger.channels.sms.screening.limits import day_of, month_of
from strowger.channels.sms.screening.settings_pages import LIMITS, tabs_of
from strowger.channels.sms.senders.countries import COUNTRIES, read_iso
from strowger.console.form import Field, Form, Invalid, whole
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Row, RowAction, Table
from strowger.console.upload import Upload
from strowger.foundation.notify import notify
from strowger.foundation.sheets import SheetProblem, SheetRow
from strowger.platform.accounts import repository as accounts
from strowger.platform.guard import repository

MOST = 2_000_000_000
CRUMBS = [Crumb("Daily limit", LIMITS)]
Limit = tuple[str, int | None, int | None]


_limit = whole(1, MOST)


def check_limit(country: str, daily: str, monthly: str) -> Limit:
    """One limit of a file or form. Raises Invalid."""
    row = (read_iso(country), _limit(daily), _limit(monthly))
    if row[1] is None and row[2] is None:
        raise Invalid("Give a daily or a monthly limit.")
    if row[1] is not None and row[2] is not None and row[1] >= row[2]:
        raise Invalid("The daily limit must be lower than the monthly one.")
    return row


FORM = Form(
    "limit",
    (
        Field("country", "Country", required=True, max_length=2, help="ISO code, for example DE.", width="half"),
        Field("daily", "Messages in a day", max_length=12, width="half"),
        Field("monthly", "Messages in a month", max_length=12, width="half"),
    ),
    submit="Save limit", action=f"{LIMITS}/set", cancel=LIMITS,
)  # fmt: skip
IMPORT = Upload(
    "Import limits", CRUMBS[0],
    (("iso code", True, "The country, for example DE"), ("daily limit", False, "Messages in a day"),
     ("monthly limit", False, "Messages in a month; more than the daily limit")),
    {"iso code": "country", "iso": "country", "country": "country", "daily limit": "daily", "daily": "daily",
     "monthly limit": "monthly", "monthly": "monthly"},
    "iso code,daily limit,monthly limit\nDE,10000,200000\nIN,5000,", 300, 1_000_000,
    "Countries of the file get its limits; the others keep theirs.",
)  # fmt: skip
TABLE = Table(
    "country-limits",
    columns=(
        Column("name", "Country", sort=True),
        Column("country", "ISO code", "mono", sort=True),
        Column("daily", "Daily limit", "number", sort=True),
        Column("used_today", "Used today", "number", sort=True),
        Column("monthly", "Monthly limit", "number", sort=True),
        Column("used_month", "Used this month", "number", sort=True),
    ),
    search="Country or ISO code",
    sort="country",
    empty=Empty(
        "No limits", "A message over the limit of its country ends NOT-SENT with SMS-LIMIT-REACHED and costs nothing.",
        Action("Set a limit", f"{LIMITS}/set", "plus"),
    ),
    row_actions=(
        RowAction("Edit", lambda row: f"{LIMITS}/set?country={row['country']}", "pencil"),
        RowAction("Remove", lambda row: f"{LIMITS}/{row['country']}/remove", "trash", "POST", danger=True,
                  confirm=lambda row: f"Messages to {row['country']} are not limited any more."),
    ),
)  # fmt: skip


async def _limits(request: AnyRequest, visitor: Visitor) -> list[Row]:
    context = context_of(request)
    async with context.database.session() as session:
        account = await accounts.account(session, visitor.account_id)
    zone, now = account.time_zone if account else "UTC", context.clock.now()
    async with context.database.acquire() as connection:
        found = await repository.limits(connection, visitor.account_id, day_of(now, zone), month_of(now, zone))
    return [{**dict(row), "name": country_name(row["country"])} for row in found]


@page(LIMITS, permission="channels.read")
async def list_limits(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Limits by country and what is used of them."""

    async def rows(_account_id: int) -> list[Row]:
        return await _limits(request, visitor)

    return await TABLE.respond(
        request, visitor, ListSource(rows, key="country", searched=("country", "name")), title="Daily limit",
        template="screening/sms_tabbed.html", tabs=tabs_of(LIMITS), crumbs=[Crumb("SMS settings", "/sms/settings")],
        actions=[Action("Set a limit", f"{LIMITS}/set", "plus", primary=True, key="c"),
                 Action("Import", f"{LIMITS}/import", "file-import")],
    )  # fmt: skip


async def _save(request: AnyRequest, visitor: Visitor, rows: list[Limit]) -> None:
    async def work(connection: Any) -> None:
        await repository.set_limits(connection, visitor.account_id, rows)
        await notify(connection, "accounts", str(visitor.account_id))

    await context_of(request).database.run(work)


@page(f"{LIMITS}/set", methods=["GET", "POST"], permission="channels.write")
async def set_limit(request: AnyRequest, visitor: Visitor) -> Page:
    """Set the limits of one country."""
    if request.method == "GET":
        wanted = request.query_params.get("country", "")
        row = next((r for r in await _limits(request, visitor) if r["country"] == wanted), {"country": wanted[:2]})
        form = FORM.blank(visitor, **{name: row.get(name) or "" for name in ("country", "daily", "monthly")})
        return await render(request, "console/form_page.html", title="Set a limit", crumbs=CRUMBS, form=form)
    form = await FORM.read(request, visitor)
    made: Limit | None = None
    if form.ok:
        try:
            made = check_limit(form["country"], form["daily"], form["monthly"])
        except Invalid as problem:
            form.fail("daily" if form["country"].upper() in COUNTRIES else "country", str(problem))
    if made is None:
        return await render(
            request, "console/form_page.html", title="Set a limit", crumbs=CRUMBS, form=form, status=form.status
        )
    await _save(request, visitor, [made])
    return redirect(request, LIMITS, f"The limits of {made[0]} are set.")


@page(f"{LIMITS}/import", methods=["GET", "POST"], permission="channels.write")
async def import_limits(request: AnyRequest, visitor: Visitor) -> Page:
    """Set the limits of the countries in a file."""

    async def take(_: str, rows: list[SheetRow], __: dict[str, str]) -> Page:
        limits = {limit[0]: limit for limit in map(_read, rows)}
        await _save(request, visitor, list(limits.values()))
        return redirect(request, LIMITS, f"The limits of {len(limits)} countries are set.")

    return await IMPORT.answer(request, take)


def _read(row: SheetRow) -> Limit:
    try:
        return check_limit(row.values.get("country", ""), row.values.get("daily", ""), row.values.get("monthly", ""))
    except Invalid as problem:
        raise SheetProblem(f"Row {row.line}: {problem}") from None


@page(f"{LIMITS}/{{country:str}}/remove", methods=["POST"], permission="channels.write")
async def remove_limit(request: AnyRequest, visitor: Visitor, country: str) -> Page:
    """Take the limits of a country away."""

    async def work(connection: Any) -> bool:
        removed = await repository.remove_limit(connection, visitor.account_id, country)
        await notify(connection, "accounts", str(visitor.account_id))
        return removed

    if not await context_of(request).database.run(work):
        raise NotFoundException
    return redirect(request, LIMITS, f"Messages to {country} are not limited any more.")


pages: list[Any] = [list_limits, set_limit, import_limits, remove_limit]
