"""Do not disturb: an account's own marks, the national register, and who opted out (sms.md 11.1 and 11.2)."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.screening.settings_pages import DND, tabs_of
from strowger.console import menu
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, RowAction, Table
from strowger.console.upload import Upload
from strowger.foundation.notify import notify
from strowger.foundation.phone import clean_number
from strowger.foundation.sheets import SheetProblem, SheetRow
from strowger.platform.consent import repository as consent
from strowger.platform.dnd import repository

REGISTER, OPT_OUTS = "/dnd-register", "/directory/opt-outs"
MODES = (("add", "Add the numbers"), ("remove", "Remove the numbers"), ("replace", "Replace the whole register"))
NUMBER = {"mobile": "mobile", "number": "mobile", "phone": "mobile", "msisdn": "mobile"}
COLUMNS = (("mobile", True, "The number with country code"),)
EXAMPLE = "mobile\n919876543210\n919876543211"
menu.register("Directory", "Opt-outs", OPT_OUTS, "hand-stop", 30)
menu.register("Installation", "DND register", REGISTER, "bell-off", 40)

MARKS = Upload(
    "Import marks", Crumb("Do not disturb", DND), COLUMNS, NUMBER, EXAMPLE, 50_000, 5_000_000,
    choices=(("mode", "What happens", (("add", "Mark the numbers"), ("remove", "Take their marks away"))),),
)  # fmt: skip
FEED = Upload(
    "Import into the register", Crumb("DND register", REGISTER), COLUMNS, NUMBER, EXAMPLE, 100_000, 5_000_000,
    "Import a large register in several files: the first replaces it, the others add to it.",
    (("mode", "What happens", MODES),),
)  # fmt: skip
MARKED = Table(
    "dnd-marks",
    columns=(
        Column("address", "Number", "mono", sort=True), Column("added_by", "By"), Column("created_at", "Since", "time", sort=True),
    ),
    filters=(Filter("created_at", "Since", "time"),),
    search="Number or part of it",
    empty=Empty(
        "No number is marked", "Marketing messages to marked numbers end NOT-SENT with CON-DND; others still reach them.",
        Action("Import marks", f"{DND}/import", "file-import"),
    ),
    row_actions=(
        RowAction("Remove", lambda row: f"{DND}/{row['address']}/remove", "trash", "POST",
                  confirm=lambda row: f"Marketing messages may reach {row['address']} again."),
    ),
)  # fmt: skip
OPTED_OUT = Table(
    "opt-outs",
    columns=(
        Column("address", "Number", "mono", sort=True),
        Column("sender", "Towards", label_of=lambda sender: "All senders" if sender == "*" else sender),
        Column("via", "By", label_of=lambda via: "Word" if via == "keyword" else via),
        Column("created_at", "Since", "time", sort=True),
    ),
    filters=(Filter("created_at", "Since", "time"),),
    search="Number or part of it",
    empty=Empty(
        "Nobody has opted out", "Who sends STOP to one of your numbers stands here until they send START. Only they can lift it.",
    ),
)  # fmt: skip


def _numbers(rows: list[SheetRow], country: str) -> list[str]:
    found: dict[str, None] = {}
    for row in rows:
        number = clean_number(row.values.get("mobile", ""), None, country)
        if number is None:
            raise SheetProblem(f"Row {row.line}: “{row.values.get('mobile', '')[:40]}” is no number.")
        found[number] = None
    return list(found)


@page(DND, permission="channels.read")
async def list_marks(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The numbers that the account itself marks."""
    return await MARKED.respond(
        request, visitor, repository.mark_source(context_of(request).database), title="Do not disturb",
        template="screening/sms_tabbed.html", tabs=tabs_of(DND), crumbs=[Crumb("SMS settings", "/sms/settings")],
        actions=[Action("Import marks", f"{DND}/import", "file-import")],
    )  # fmt: skip


@page(f"{DND}/import", methods=["GET", "POST"], permission="channels.write")
async def import_marks(request: AnyRequest, visitor: Visitor) -> Page:
    """Mark the numbers of a file, or take their marks away."""

    async def take(_: str, rows: list[SheetRow], choices: dict[str, str]) -> Page:
        context, numbers = context_of(request), _numbers(rows, visitor.country)

        async def work(connection: Any) -> int:
            await notify(connection, "accounts", str(visitor.account_id))
            if choices["mode"] == "remove":
                return await repository.unmark(connection, visitor.account_id, numbers)
            return await repository.mark(connection, visitor.account_id, numbers, visitor.name, context.clock.now())

        changed = await context.database.run(work)
        return redirect(request, DND, f"{len(numbers)} numbers read, {changed} changed.")

    return await MARKS.answer(request, take)


@page(f"{DND}/{{address:str}}/remove", methods=["POST"], permission="channels.write")
async def remove_mark(request: AnyRequest, visitor: Visitor, address: str) -> Page:
    """Take one mark away."""
    if not await context_of(request).database.run(lambda c: repository.unmark(c, visitor.account_id, [address])):
        raise NotFoundException
    return redirect(request, DND, f"{address} is not marked any more.")


@page(REGISTER, permission="installation.read")
async def show_register(request: AnyRequest, visitor: Visitor) -> Page:
    """The national register: its size and the latest imports."""
    async with context_of(request).database.acquire() as connection:
        latest = await repository.imports(connection, 20)
    return await render(
        request, "screening/dnd_register.html", title="DND register", latest=latest, modes=dict(MODES),
        actions=[Action("Import", f"{REGISTER}/import", "file-import", primary=True)],
    )  # fmt: skip


@page(f"{REGISTER}/import", methods=["GET", "POST"], permission="installation.write")
async def import_register(request: AnyRequest, visitor: Visitor) -> Page:
    """Replace the register, add to it or remove from it."""

    async def take(name: str, rows: list[SheetRow], choices: dict[str, str]) -> Page:
        context, numbers = context_of(request), _numbers(rows, "IN")

        async def work(connection: Any) -> int:
            await notify(connection, "accounts")
            return await repository.change_register(
                connection,
                choices["mode"],
                [int(number) for number in numbers],
                0,
                name,
                visitor.name,
                context.clock.now(),
            )

        total = await context.database.run(work)
        return redirect(request, REGISTER, f"{len(numbers)} numbers read; the register holds {total}.")

    return await FEED.answer(request, take)


@page(OPT_OUTS, permission="channels.read")
async def list_opt_outs(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Who opted out, and of what."""
    source = consent.opt_out_source(context_of(request).database)
    return await OPTED_OUT.respond(request, visitor, source, title="Opt-outs")


pages: list[Any] = [list_marks, import_marks, remove_mark, show_register, import_register, list_opt_outs]
