"""Settings > KYC: company and tax, documents, review and submit."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console import menu
from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.foundation.errors import StrowgerError
from strowger.foundation.phone import clean_number
from strowger.platform.documents import service as documents
from strowger.platform.documents.pages import sent_files, told
from strowger.platform.documents.schemas import ACCEPT, MAX_BODY, MAX_SIZE, NewDocuments
from strowger.platform.kyc import operator_pages, service
from strowger.platform.kyc.profiles import Identifier, Profile

HERE = "/settings/kyc"
COMPANY, DOCUMENTS, REVIEW = f"{HERE}/company", f"{HERE}/documents", f"{HERE}/review"
CRUMBS = [Crumb("KYC", HERE)]
menu.register("Settings", "KYC", HERE, "id-badge-2", 25)
SUBMIT = Form(
    "kyc-submit",
    (
        Field("declared", "I may act for this company, and all of this is true", "checkbox"),
    ),
    submit="Submit for review", action=REVIEW, cancel=DOCUMENTS, guard_leaving=False,
)  # fmt: skip


def _identifier(item: Identifier, country: str) -> Field:
    def parse(text: str) -> str:
        value = " ".join(text.upper().split())
        if not item.fits(value, country):
            raise Invalid(f"This is not in the expected form{f', such as {item.example}' if item.example else ''}.")
        return value

    return Field(
        item.key, item.label, required=item.required, max_length=60, parse=parse, help=item.help, width="half",
        placeholder=item.example, attrs={"spellcheck": "false"},
    )  # fmt: skip


def company_form(profile: Profile, country: str) -> Form:
    """The first step for a country."""

    def phone(text: str) -> str:
        digits = clean_number(text, None, country)
        if not digits:
            raise Invalid("Enter a number such as +447700900123.")
        return f"+{digits}"

    return Form(
        "kyc-company",
        (
            Field("company", "Company", required=True, max_length=120, autocomplete="organization"),
            Field("address", "Address", "textarea", required=True, max_length=300, rows=2, autocomplete="street-address"),
            Field("city", "City", required=True, max_length=80, width="half", autocomplete="address-level2"),
            Field("postal_code", "Postal code", max_length=20, width="half", autocomplete="postal-code"),
            Field("state", "State", max_length=80, width="half", autocomplete="address-level1"),
            *(_identifier(item, country) for item in profile.identifiers),
            Field("representative", "Representative", required=True, min_length=3, max_length=120, width="half",
                  help="Name of the director, founder or signatory."),
            Field("phone", "Mobile number of the representative", "tel", required=True, parse=phone, max_length=30, width="half"),
        ),
        submit="Save and go on", action=COMPANY, cancel=HERE,
    )  # fmt: skip


@page(HERE, permission="settings.read")
async def overview(request: AnyRequest, visitor: Visitor) -> Page:
    """Where the case stands, and what to do next."""
    case = await service.case_of(context_of(request), visitor.account_id)
    label, tone = service.STATES[case.state]
    steps = [
        ("Company and tax", COMPANY, case.has_details),
        ("Documents", DOCUMENTS, not case.missing and case.state != "not_started"),
        ("Review and submit", REVIEW, case.state in (*service.WAITING, "approved")),
    ]
    return await render(
        request, "kyc/overview.html", title="KYC", case=case, label=label, tone=tone, steps=steps,
        is_trial=case.account["state"] == service.TRIAL, may=visitor.may("settings.write"),
    )  # fmt: skip


async def _open(request: AnyRequest, visitor: Visitor) -> service.Case:
    case = await service.case_of(context_of(request), visitor.account_id)
    if not case.is_open:
        raise NotFoundException("The case is with the operator, or approved.")
    return case


@page(COMPANY, methods=["GET", "POST"], permission="settings.write")
async def company(request: AnyRequest, visitor: Visitor) -> Page:
    """The first step: company, address, tax numbers."""
    case = await _open(request, visitor)
    form_of = company_form(case.profile, visitor.country)
    if request.method == "GET":
        return await _form(request, "Company and tax", form_of.blank(visitor, **case.details))
    form = await form_of.read(request, visitor)
    if not form.ok:
        return await _form(request, "Company and tax", form)
    details = {name: str(value) for name, value in form.values.items() if value}
    try:
        await service.save_details(context_of(request), visitor.account_id, details)
    except StrowgerError as problem:
        return redirect(request, HERE, told(problem), "warning")
    return redirect(request, DOCUMENTS, "Saved.")


async def _form(request: AnyRequest, title: str, form: FormState) -> Page:
    return await render(request, "console/form_page.html", title=title, crumbs=CRUMBS, form=form, status=form.status)


async def _documents(request: AnyRequest, visitor: Visitor, problems: dict[str, str] | None = None) -> Page:
    case = await _open(request, visitor)
    return await render(
        request, "kyc/documents.html", title="Documents for KYC", crumbs=CRUMBS, case=case, accept=ACCEPT,
        problems=problems or {}, most_megabytes=MAX_SIZE // 1_000_000, status=422 if problems else 200,
    )  # fmt: skip


@page(DOCUMENTS, permission="settings.write")
async def needed_documents(request: AnyRequest, visitor: Visitor) -> Page:
    """The second step: what is needed, and what is there."""
    return await _documents(request, visitor)


@page(f"{DOCUMENTS}/{{key:str}}", methods=["POST"], permission="settings.write", request_max_body_size=MAX_BODY)
async def upload(request: AnyRequest, visitor: Visitor, key: str) -> Page:
    """Store a document for a requirement."""
    context, case = context_of(request), await _open(request, visitor)
    wanted = next((item for item in case.profile.documents if item.key == key), None)
    if wanted is None:
        raise NotFoundException
    new = NewDocuments(wanted.label[:80], "kyc", await sent_files(request), wanted.key)

    async def begin(connection: Any, _rows: Any) -> None:
        await service.begin(connection, visitor.account_id, context.clock.now())

    try:
        await documents.upload(context, visitor.account_id, new, visitor.email, begin)
    except StrowgerError as problem:
        return await _documents(request, visitor, {key: told(problem)})
    return redirect(request, DOCUMENTS, "Uploaded.")


async def _review(request: AnyRequest, visitor: Visitor, form: FormState) -> Page:
    case = await _open(request, visitor)
    return await render(
        request, "kyc/review.html", title="Review and submit", crumbs=CRUMBS, case=case, form=form,
        lines=lines_of(case), status=form.status,
    )  # fmt: skip


def lines_of(case: service.Case) -> list[tuple[str, str]]:
    """The details as (label, value)."""
    fields = company_form(case.profile, case.account["country"]).fields
    return [(item.label, case.details[item.name]) for item in fields if case.details.get(item.name)]


@page(REVIEW, methods=["GET", "POST"], permission="settings.write")
async def review(request: AnyRequest, visitor: Visitor) -> Page:
    """The third step: look once more, declare, hand in."""
    if request.method == "GET":
        return await _review(request, visitor, SUBMIT.blank(visitor))
    form = await SUBMIT.read(request, visitor)
    if not form["declared"]:
        form.fail("declared", "This is needed.")
    if form.ok:
        ip = request.client.host if request.client else ""
        try:
            await service.submit(context_of(request), visitor.account_id, visitor.email, ip)
        except StrowgerError as problem:
            form.fail("", told(problem))
        else:
            return redirect(request, HERE, "Submitted. You get a mail with the outcome.")
    return await _review(request, visitor, form)


@page(f"{HERE}/withdraw", methods=["POST"], permission="settings.write")
async def withdraw(request: AnyRequest, visitor: Visitor) -> Page:
    """Take the case back while nobody looks at it."""
    if await service.withdraw(context_of(request), visitor.account_id):
        return redirect(request, HERE, "Taken back; you can change it now.")
    return redirect(request, HERE, "The operator looks at it already, or has decided.", "warning")


pages: list[Any] = [overview, company, needed_documents, upload, review, withdraw, *operator_pages.pages]
