"""Settings > Data: retention, export, erasure."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.response import Stream

from strowger.console import menu
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.platform.privacy import exporting, repository, service

DATA = "/settings/data"
SHOWN = 50
menu.register("Settings", "Data", DATA, "database", 60)


def _subject(text: str) -> str:
    try:
        return service.read_subject(text)
    except service.BadSubject as problem:
        raise Invalid(f"{problem.detail}.") from None


SUBJECT = Field(
    "subject", "Number or e-mail address", required=True, max_length=320, parse=_subject,
    help="A number with its country code.", attrs={"autocomplete": "off", "spellcheck": "false"},
)  # fmt: skip
RETENTION = Form(
    "retention",
    tuple(
        Field(
            name, kind.label, "number", least=service.LEAST_DAYS, most=service.MOST_DAYS, help=kind.text, width="half",
        )
        for name, kind in repository.KINDS.items()
    ),
    submit="Save days",
    action=f"{DATA}/retention",
)  # fmt: skip
EXPORT = Form("export", (SUBJECT,), submit="Export this person", action=f"{DATA}/person")
ERASE = Form(
    "erase",
    (SUBJECT, Field("sure", "I know that this cannot be undone", "checkbox", required=True)),
    submit="Erase this person",
    action=f"{DATA}/erase",
)


async def _show(request: AnyRequest, visitor: Visitor, status: int = 200, **forms: FormState) -> Page:
    context = context_of(request)

    async def work(connection: Any) -> tuple[dict[str, int], list[Any]]:
        return await repository.rules(connection, visitor.account_id), await repository.latest(
            connection, visitor.account_id, SHOWN
        )

    rules, erasures = await context.database.run(work)
    return await render(
        request, "privacy/data.html", title="Data", status=status, days=context.settings.retention_days, erasures=erasures,
        retention=forms.get("retention") or RETENTION.blank(visitor, **{name: str(n) for name, n in rules.items()}),
        export=forms.get("export") or EXPORT.blank(visitor), erase=forms.get("erase") or ERASE.blank(visitor, sure=False),
        base=DATA, may_write=visitor.may("data.write"),
    )  # fmt: skip


@page(DATA, permission="data.read")
async def show(request: AnyRequest, visitor: Visitor) -> Page:
    """How long data is kept; export and erasure."""
    return await _show(request, visitor)


@page(f"{DATA}/retention", methods=["POST"], permission="data.write")
async def retention(request: AnyRequest, visitor: Visitor) -> Page:
    """Change how long each kind of data is kept."""
    form = await RETENTION.read(request, visitor)
    if not form.ok:
        return await _show(request, visitor, 422, retention=form)
    days = {name: int(form[name]) if form[name] is not None else None for name in repository.KINDS}
    await service.set_rules(context_of(request), visitor.account_id, days)
    return redirect(request, DATA, "Saved. What is older goes within the hour.")


def _file(request: AnyRequest, visitor: Visitor, subject: str | None) -> Stream:
    context = context_of(request)
    name = exporting.name_of(context, subject)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(
        service.export(context, visitor.account_id, subject), media_type=exporting.MEDIA_TYPE, headers=headers
    )


@page(f"{DATA}/account", methods=["POST"], permission="data.write")
async def account(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Download everything that is kept of the account."""
    return _file(request, visitor, None)


@page(f"{DATA}/person", methods=["POST"], permission="data.write")
async def person(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Download everything that names a person."""
    form = await EXPORT.read(request, visitor)
    if not form.ok:
        return await _show(request, visitor, 422, export=form)
    return _file(request, visitor, form["subject"])


@page(f"{DATA}/erase", methods=["POST"], permission="data.write")
async def erase(request: AnyRequest, visitor: Visitor) -> Page:
    """Erase a person."""
    form = await ERASE.read(request, visitor)
    if form.ok and not form["sure"]:
        form.fail("sure", "Tick this to go on.")
    if not form.ok:
        return await _show(request, visitor, 422, erase=form)
    made = await service.ask(context_of(request), visitor.account_id, form["subject"], visitor.email)
    return redirect(request, f"{DATA}/erasures/{made}", "The erasure begins within a minute.")


@page(f"{DATA}/erasures/{{erasure_id:uuid}}", permission="data.read")
async def certificate(request: AnyRequest, visitor: Visitor, erasure_id: UUID) -> Page:
    """The certificate of an erasure."""
    row = await context_of(request).database.run(lambda c: repository.one(c, visitor.account_id, erasure_id))
    if row is None:
        raise NotFoundException
    return await render(
        request, "privacy/certificate.html", title=row["hint"], crumbs=[Crumb("Data", DATA)], row=row,
        tables=sorted(row["rows"].items()),
    )  # fmt: skip


pages: list[Any] = [show, retention, account, person, erase, certificate]
