"""The operator's page of lookup providers: who is asked about numbers, set up, tried out, switched off."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import Action, AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.console.table import Column, Empty, ListSource, Row, RowAction, Table
from strowger.foundation.phone import clean_number
from strowger.platform.lookup import repository, setting_up
from strowger.platform.lookup.providers import kinds
from strowger.platform.lookup.providers.kind import BadConfig, ProviderDown
from strowger.platform.lookup.schemas import FACTS

LIST = "/operator/lookup"
CRUMBS = [Crumb("Lookup providers", LIST)]
KIND = "http_json"
menu.register("Installation", "Lookup providers", LIST, "zoom-question", 36)


def _state(row: Row) -> str:
    if not row["active"]:
        return "off"
    failed, answered = row["last_error_at"], row["last_answer_at"]
    return "failing" if row["last_error"] and failed and (not answered or failed > answered) else "on"


PROVIDERS = Table(
    "lookup-providers",
    columns=(
        Column("name", "Name", sort=True),
        Column("state", "State", "status", value=_state, tone={"on": "success", "failing": "danger", "off": "neutral"},
               label_of={"on": "On", "failing": "Failing", "off": "Off"}.__getitem__),
        Column("countries", "Countries", value=lambda row: ", ".join(row["countries"]) or "every"),
        Column("priority", "Priority", "number", sort=True),
        Column("simulated", "Simulated", label_of={True: "Yes", False: "No"}.__getitem__),
        Column("last_answer_at", "Last answer", "time"),
        Column("last_error", "Last error"),
    ),
    search="Name",
    sort="priority",
    empty=Empty(
        "No lookup providers",
        "Without one, lookups answer what the numbering plan knows. With one, customers learn the present network, porting and "
        "roaming, at the price that stands in the price lists under Lookup.",
        Action("Add a provider", f"{LIST}/new", "plus"),
    ),
    row_href=lambda row: f"{LIST}/{row['id']}",
    row_actions=(
        RowAction("Change", lambda row: f"{LIST}/{row['id']}", "pencil"),
        RowAction("Remove", lambda row: f"{LIST}/{row['id']}/remove", "trash", "POST", danger=True,
                  confirm=lambda row: f"{row['name']} is not asked any more, and its key is forgotten."),
    ),
)  # fmt: skip


def provider_form(action: str) -> Form:
    """Name, order, and what the kind asks for."""
    fields = tuple(
        Field(f.name, f.label, "password" if f.kind == "password" else "textarea" if f.kind == "textarea" else "text",
              required=f.required, default=f.default, max_length=4000, autocomplete="off", rows=5,
              help=f.help + (" Empty: the stored one stays." if f.kind == "password" else ""))
        for f in kinds()[KIND].fields
    )  # fmt: skip
    return Form(
        "provider",
        (
            Field("name", "Name", required=True, max_length=40, width="half", autocomplete="off"),
            Field("priority", "Priority", "number", least=0, most=100_000, default="100", required=True, width="half",
                  help="Lower is asked first."),
            Field("countries", "Countries", max_length=900, placeholder="GB, IN", help="Empty: every country."),
            Field("active", "Ask it", "checkbox", default=True),
            *fields,
        ),
        submit="Save provider", action=action, cancel=LIST,
    )  # fmt: skip


TRY = Form(
    "try",
    (Field("number", "Number", "tel", required=True, max_length=30, placeholder="+447400123456"),),
    submit="Ask now",
    guard_leaving=False,
)


@page(LIST, permission="installation.read")
async def list_providers(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """All providers, in the order in which they are asked."""
    database = context_of(request).database

    async def rows(_account_id: int) -> list[Row]:
        return [dict(row) for row in await database.run(repository.all_providers)]

    return await PROVIDERS.respond(
        request, visitor, ListSource(rows, key="id", searched=("name",)), title="Lookup providers",
        actions=[Action("Add a provider", f"{LIST}/new", "plus", primary=True, key="c")],
    )  # fmt: skip


async def _save(request: AnyRequest, form: FormState, provider_id: int | None) -> bool:
    try:
        countries = setting_up.read_countries(form["countries"])
        given = {f.name: str(form[f.name] or "") for f in kinds()[KIND].fields}
        await setting_up.save(
            context_of(request), provider_id, form["name"].strip(), KIND, given, countries, int(form["priority"]),
            form["active"],
        )  # fmt: skip
    except BadConfig as problem:
        form.fail(problem.field, str(problem))
    return form.ok


@page(f"{LIST}/new", methods=["GET", "POST"], permission="installation.write")
async def add(request: AnyRequest, visitor: Visitor) -> Page:
    """Add a provider."""
    made = provider_form(f"{LIST}/new")
    form = made.blank(visitor) if request.method == "GET" else await made.read(request, visitor)
    if request.method == "POST" and form.ok and await _save(request, form, None):
        return redirect(request, LIST, f"{form['name']} is added.")
    return await render(
        request, "console/form_page.html", title="Add a lookup provider", crumbs=CRUMBS, form=form, status=form.status
    )


async def _one(request: AnyRequest, provider_id: int) -> Any:
    row = await context_of(request).database.run(lambda c: repository.provider(c, provider_id))
    if row is None:
        raise NotFoundException
    return row


async def _page(
    request: AnyRequest, visitor: Visitor, row: Any, form: FormState | None = None, trial: FormState | None = None,
    found: list[tuple[str, str]] | None = None, answer: str = "",
) -> Page:  # fmt: skip
    path = f"{LIST}/{row['id']}"
    if form is None:
        shown = {
            **row["config"], "name": row["name"], "priority": str(row["priority"]), "countries": ", ".join(row["countries"]),
            "active": row["active"],
        }  # fmt: skip
        form = provider_form(path).blank(visitor, **shown)
    trial = trial or TRY.blank(visitor)
    return await render(
        request, "lookup/provider.html", title=row["name"], crumbs=CRUMBS, row=row, form=form, trial=trial, found=found,
        answer=answer, here=path, state=_state(row), status=form.status if not form.ok else trial.status,
        may=visitor.may("installation.write"),
    )  # fmt: skip


@page(f"{LIST}/{{provider_id:int}}", methods=["GET"], permission="installation.read")
async def show(request: AnyRequest, visitor: Visitor, provider_id: int) -> Page:
    """One provider: its set-up, its state, and a trial."""
    return await _page(request, visitor, await _one(request, provider_id))


@page(f"{LIST}/{{provider_id:int}}", methods=["POST"], permission="installation.write")
async def change(request: AnyRequest, visitor: Visitor, provider_id: int) -> Page:
    """Change a provider."""
    row = await _one(request, provider_id)
    form = await provider_form(f"{LIST}/{provider_id}").read(request, visitor)
    if form.ok and await _save(request, form, provider_id):
        return redirect(request, LIST, "Saved.")
    return await _page(request, visitor, row, form)


@page(f"{LIST}/{{provider_id:int}}/try", methods=["POST"], permission="installation.write")
async def try_out(request: AnyRequest, visitor: Visitor, provider_id: int) -> Page:
    """Ask one number of the provider; nobody is charged for it here."""
    row, form = await _one(request, provider_id), await TRY.read(request, visitor)
    number = clean_number(form["number"], None, visitor.country) if form.ok else None
    if form.ok and number is None:
        form.fail("number", "Enter a number with country code.")
    if number is None:
        return await _page(request, visitor, row, trial=form)
    try:
        found = await setting_up.try_out(context_of(request), row, number)
    except ProviderDown as problem:
        return await _page(request, visitor, row, trial=form, answer=f"No answer: {problem}.")
    facts = [(name.replace("_", " ").capitalize(), _words(getattr(found, name))) for name in FACTS] if found else None
    return await _page(
        request, visitor, row, trial=form, found=facts, answer="" if found else "It says nothing about this number."
    )


def _words(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else str(value)


@page(f"{LIST}/{{provider_id:int}}/remove", methods=["POST"], permission="installation.write")
async def remove(request: AnyRequest, visitor: Visitor, provider_id: int) -> Page:
    """Remove a provider."""
    name = await context_of(request).database.run(lambda c: repository.drop_provider(c, provider_id))
    if name is None:
        raise NotFoundException
    return redirect(request, LIST, f"{name} is removed.")


pages: list[Any] = [list_providers, add, show, change, try_out, remove]
