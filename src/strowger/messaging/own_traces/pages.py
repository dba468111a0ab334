"""Installation > Status traces: the operator's own rows of the trace table."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, Invalid
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, Filter, ListSource, Row, RowAction, Table
from strowger.messaging.own_traces import repository, service
from strowger.messaging.statuses import BUILT_IN, Trace
from strowger.messaging.words import built_in_anchor, trace_path

LIST = "/operator/traces"
READ, WRITE = "installation.read", "installation.write"
MOST = 1000
# The statuses with which a message may end for a reason that only the operator knows: a trace says why it did not arrive.
ENDS = {"UNDELIVERED": "Undelivered", "NOT-SENT": "Not sent", "FAILED": "Failed"}
LABELS = {**ENDS, "SENT": "Sent"}  # earlier versions took that, too
ANCHORS = frozenset(map(built_in_anchor, BUILT_IN))
CRUMBS = [Crumb("Status traces", LIST)]
NEW = Action("Add a trace", f"{LIST}/new", "plus", primary=True, key="c")
menu.register("Installation", "Status traces", LIST, "list-search", 12)


def _path(row: Row) -> str:
    return f"{LIST}/{row['code'].replace(' ', '_')}"


TABLE = Table(
    "status-traces",
    (
        Column("code", "Trace", "mono", sort=True, href=lambda row: trace_path(row["code"])),
        Column("status", "Status", sort=True, label_of=lambda word: LABELS.get(word, word)),
        Column("meaning", "Meaning"),
        Column("remedy", "What to do", shown=False),
        Column("retry", "Worth sending again", value=lambda row: "yes" if row["retry"] else "no"),
        Column("blacklistable", "Automatic blocklist", value=lambda row: "yes" if row["blacklistable"] else "no"),
        Column("updated_by", "Changed by", shown=False),
        Column("updated_at", "Changed", "time", sort=True, shown=False),
    ),
    (Filter("status", "Status", "multi", list(LABELS.items())),),
    search="Trace or meaning",
    sort="code",
    empty=Empty(
        "No traces of your own",
        "Operators answer with codes that the built-in table does not have. Name them here with their meaning, then map the "
        "operator's numbers to them in the carrier (Traces by error code); customers read the meaning under Status codes.",
        NEW,
    ),
    row_href=_path,
    row_actions=(
        RowAction("Change", _path, "pencil"),
        RowAction("Remove", lambda row: f"{_path(row)}/remove", "trash", "POST", danger=True,
                  confirm=lambda row: f"Messages keep {row['code']}, but nothing explains it any more."),
    ),
)  # fmt: skip


def _code(text: str) -> str:
    code = " ".join(text.upper().split())
    if built_in_anchor(code) in ANCHORS:
        raise Invalid("The built-in table has this trace already; it cannot be changed.")
    return code


def trace_form(action: str, known: bool) -> Form:
    """The form of a trace; the code of a ``known`` one is fixed."""
    code = Field(
        "code", "Trace", required=True, max_length=32, parse=_code, pattern=r"\s*[A-Za-z0-9][A-Za-z0-9 -]{1,30}\s*",
        pattern_text="2 to 31 letters, digits, dashes and spaces.", placeholder="SIM-SWAPPED", width="half", autocomplete="off",
    )  # fmt: skip
    return Form(
        "trace",
        (
            *(() if known else (code,)),
            Field("status", "Belongs to", "select", required=True, options=tuple(ENDS.items()), width="half",
                  help="How a message with it ends. "
                  "A report that a carrier marks as rejected, with a trace of Not sent, ends the message as not sent."),
            Field("meaning", "Meaning", required=True, max_length=300, help="One sentence for customers."),
            Field("remedy", "What to do", max_length=300),
            Field("retry", "Worth sending again", "checkbox"),
            Field("blacklistable", "May count towards the automatic blocklist", "checkbox"),
        ),
        submit="Save the trace", action=action, cancel=LIST,
    )  # fmt: skip


@page(LIST, permission=READ)
async def traces(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """The installation's own traces."""
    database = context_of(request).database

    async def rows(_account_id: int) -> list[Row]:
        return [dict(row) for row in await database.run(repository.all_traces)]

    source = ListSource(rows, key="code", searched=("code", "meaning"))
    return await TABLE.respond(request, visitor, source, title="Status traces", actions=[NEW])


async def _save(request: AnyRequest, visitor: Visitor, code: str, values: Any) -> None:
    context = context_of(request)
    trace = Trace(
        code, values["status"], values["meaning"].strip(), (values["remedy"] or "").strip(), bool(values["retry"]),
        bool(values["blacklistable"]),
    )  # fmt: skip
    await context.database.run(lambda c: repository.save(c, trace, visitor.email, context.clock.now()))
    await service.refresh(context.database)


@page(f"{LIST}/new", methods=["GET", "POST"], permission=WRITE)
async def add(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a trace."""
    made = trace_form(f"{LIST}/new", known=False)
    form = made.blank(visitor) if request.method == "GET" else await made.read(request, visitor)
    if request.method == "POST" and form.ok:
        known = await context_of(request).database.run(repository.all_traces)
        if form["code"] in {row["code"] for row in known}:
            form.fail("code", "There is a trace of this name already.")
        elif len(known) >= MOST:
            form.fail("", f"At most {MOST} traces.")
        else:
            await _save(request, visitor, form["code"], form)
            return redirect(request, LIST, f"{form['code']} is added.")
    return await render(
        request, "console/form_page.html", title="Add a trace", crumbs=CRUMBS, form=form, status=form.status
    )


async def _find(request: AnyRequest, name: str) -> Any:
    code = name.replace("_", " ")
    row = await context_of(request).database.run(lambda c: repository.find(c, code))
    if row is None:
        raise NotFoundException
    return row


@page(f"{LIST}/{{name:str}}", methods=["GET", "POST"], permission=WRITE)
async def change(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Change what a trace means."""
    row = await _find(request, name)
    made = trace_form(_path(row), known=True)
    form = made.blank(visitor, **row) if request.method == "GET" else await made.read(request, visitor)
    if request.method == "POST" and form.ok:
        await _save(request, visitor, row["code"], form)
        return redirect(request, LIST, f"{row['code']} is changed.")
    return await render(
        request, "console/form_page.html", title=row["code"], crumbs=CRUMBS, form=form, status=form.status
    )


@page(f"{LIST}/{{name:str}}/remove", methods=["POST"], permission=WRITE)
async def remove(request: AnyRequest, visitor: Visitor, name: str) -> Page:
    """Remove a trace."""
    row, database = await _find(request, name), context_of(request).database
    await database.run(lambda c: repository.drop(c, row["code"]))
    await service.refresh(database)
    return redirect(request, LIST, f"{row['code']} is removed.")


pages: list[Any] = [traces, add, change, remove]
