"""Pages of single sign-on: the account's provider under Settings > Security, and signing in by it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from litestar import Response

from strowger.console.form import Field, Form, FormState, Invalid
from strowger.console.layout import Crumb
from strowger.console.pages import (
    AnyRequest,
    Page,
    Visitor,
    context_of,
    local_path,
    page,
    public_page,
    redirect,
    render,
)
from strowger.foundation.ids import new_token
from strowger.platform.access import ways
from strowger.platform.access.errors import NotAllowed
from strowger.platform.access.flow import answer, bare_page, check_origin, set_cookie, where_of
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.sso import service
from strowger.platform.sso.errors import SsoProblem
from strowger.platform.team import custom
from strowger.platform.team.roles import EXPERTS, OWNER, ROLES

HERE, ENTER = "/settings/security/sso", "/sign-in/sso"
COOKIE = "strowger_sso"
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
REMOVE = Form("sso-remove", (OWN_PASSWORD,), submit="Remove the provider", action=f"{HERE}/remove", guard_leaving=False)
ASK = Form(
    "sso",
    (
        Field("email", "E-mail address at work", "email", required=True, autocomplete="username", attrs={"autofocus": True}),
        Field("next", "", "hidden"),
    ),
    submit="Continue", action=ENTER, guard_leaving=False,
)  # fmt: skip


def _domains(text: str) -> list[str]:
    names = sorted({word.lower().strip(".@") for word in re.split(r"[\s,]+", text) if word})
    for name in names:
        if not DOMAIN.fullmatch(name):
            raise Invalid(f"{name[:60]} is no domain such as example.com.")
    if len(names) > service.MAX_DOMAINS:
        raise Invalid(f"List at most {service.MAX_DOMAINS} domains.")
    return names


async def _form(request: AnyRequest, visitor: Visitor) -> Form:
    own = await custom.list_roles(context_of(request), visitor.account_id)
    roles = [(role.key, role.name) for role in ROLES.values() if role.key != OWNER and role.key not in EXPERTS]
    roles += [(custom.key_of(role.id), role.name) for role in own]
    return Form(
        "sso-provider",
        (
            Field("is_on", "Members may sign in by this provider", "checkbox"),
            Field("issuer", "Issuer", "url", required=True, max_length=500, placeholder="https://login.example.com",
                  help="As the provider spells it; its description is read below /.well-known/openid-configuration."),
            Field("client_id", "Client ID", required=True, max_length=300, width="half", attrs={"spellcheck": "false"}),
            Field("secret", "Client secret", "password", max_length=1000, width="half", autocomplete="off",
                  help="Empty keeps the one that is stored. It is never shown."),
            Field("domains", "Domains", "textarea", required=True, parse=_domains, rows=3, max_length=3000,
                  placeholder="example.com",
                  help="People with addresses there go to this provider. An owner or admin must have an address at each."),
            Field("default_role", "Role of who comes for the first time", "select", required=True, options=roles,
                  default="support"),
            Field("is_required", "People of these domains may sign in by this provider only", "checkbox",
                  help="Owners keep their password, in case the provider fails."),
            Field("trusts_addresses", "The provider does not say whether addresses are verified; believe them anyway", "checkbox",
                  help="Only for a provider in which nobody can choose an address, such as Microsoft Entra ID of one company."),
            OWN_PASSWORD,
        ),
        submit="Save", action=HERE, cancel="/settings/security",
    )  # fmt: skip


async def _page(
    request: AnyRequest, visitor: Visitor, form: FormState | None = None, remove: FormState | None = None
) -> Page:
    context = context_of(request)
    row, domains = await service.provider_of(context, visitor.account_id)
    blank = await _form(request, visitor)
    if form is None and row is None:
        form = blank.blank(visitor)
    elif form is None and row is not None:
        form = blank.blank(
            visitor, is_on=row.is_on, issuer=row.issuer, client_id=row.client_id, domains="\n".join(domains),
            default_role=row.default_role, is_required=row.is_required, trusts_addresses=row.trusts_addresses,
        )  # fmt: skip
    return await render(
        request, "sso/provider.html", title="Single sign-on", crumbs=[Crumb("Settings"), Crumb("Security", "/settings/security")],
        form=form, row=row, remove=remove or REMOVE.blank(visitor), callback=service.callback_url(context),
        has_secret=bool(row and row.secret_sealed), status=422 if (form and form.errors) or (remove and remove.errors) else 200,
    )  # fmt: skip


@page(HERE, permission="security.factor")
async def show_provider(request: AnyRequest, visitor: Visitor) -> Page:
    """The provider by which members sign in."""
    return await _page(request, visitor)


@page(HERE, methods=["POST"], permission="security.factor")
async def save_provider(request: AnyRequest, visitor: Visitor) -> Page:
    """Set the provider up, change it, or switch it off, for who knows the password."""
    form = await (await _form(request, visitor)).read(request, visitor)
    if await confirmed(request, visitor, form):
        wanted = service.Wanted(
            form["is_on"], form["issuer"], form["client_id"], form["secret"], form["domains"], form["default_role"],
            form["is_required"], form["trusts_addresses"],
        )  # fmt: skip
        try:
            await service.save(context_of(request), visitor.account_id, wanted)
        except SsoProblem as problem:
            form.fail(problem.field, str(problem))
        else:
            return redirect(
                request, HERE, "Saved; the provider answers." if form["is_on"] else "Saved; it is switched off."
            )
    return await _page(request, visitor, form)


@page(f"{HERE}/remove", methods=["POST"], permission="security.factor")
async def remove_provider(request: AnyRequest, visitor: Visitor) -> Page:
    """Forget the provider, for who knows the password."""
    form = await REMOVE.read(request, visitor)
    if not await confirmed(request, visitor, form):
        return await _page(request, visitor, remove=form)
    await service.remove(context_of(request), visitor.account_id)
    return redirect(request, HERE, "Members sign in with their password again.")


@public_page(ENTER, methods=["GET", "POST"], audited=False)
async def begin(request: AnyRequest) -> Page:
    """Ask for the address, then lead to the provider of its domain."""
    title, text = "Single sign-on", "You sign in at your company's own page."
    if request.method == "GET":
        target = local_path(request.query_params.get("next"))
        return await bare_page(request, title, text, ASK.blank(None, next=target))
    check_origin(request)
    form = await ASK.read(request, None)
    if form.ok:
        browser = new_token()
        try:
            url = await service.begin(context_of(request), form["email"], local_path(form.text("next")), browser)
        except SsoProblem as problem:
            form.fail("email", str(problem))
        else:
            # A page, not a redirect: the content policy lets forms lead to this site only.
            response = await render(
                request, "sso/leave.html", title="You go on to your provider", url=url, host=urlsplit(url).netloc
            )
            set_cookie(request, response, COOKIE, browser, int(service.LIVES.total_seconds()))
            return response
    return await bare_page(request, title, text, form, form.status)


@public_page(f"{ENTER}/callback", audited=False)
async def come_back(request: AnyRequest) -> Response[Any]:
    """Somebody comes back from a provider."""
    asked, browser = request.query_params, request.cookies.get(COOKIE, "")
    try:
        entered, target = await service.finish(
            context_of(request), asked.get("state", ""), asked.get("code", ""), browser,
            asked.get("error_description") or asked.get("error") or "", where_of(request),
        )  # fmt: skip
    except (SsoProblem, NotAllowed) as problem:
        response: Response[Any] = await bare_page(request, "You cannot sign in", str(problem), status=403)
    else:
        response = await answer(request, entered, target)
    set_cookie(request, response, COOKIE, "", 0)
    return response


async def _way(context: Any) -> tuple[str, str] | None:
    return (ENTER, "Single sign-on") if await service.any_on(context) else None


ways.register_way(_way)
pages: list[Any] = [show_provider, save_provider, remove_provider, begin, come_back]
