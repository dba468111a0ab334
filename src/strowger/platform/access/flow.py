"""What the pages of signing in share: cookies, the check of the form's origin, where to go afterwards."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.datastructures import Cookie
from litestar.exceptions import PermissionDeniedException

from strowger.console import menu
from strowger.console.form import FormState
from strowger.console.pages import AnyRequest, context_of, is_secure, local_path, redirect, render
from strowger.console.trail import act_as
from strowger.platform.access.history import Where
from strowger.platform.access.sign_in import STEP_LIVES, Entered, Waiting
from strowger.platform.accounts import visitors

Answer = Response[Any]
STEP, DEVICE = "strowger_step", "strowger_device"
CODE_PAGE = "/sign-in/code"
NOT_OPEN = "The page you asked for is not open to you from here."


def check_origin(request: AnyRequest) -> None:
    """Before sign-in there is no session whose token could be checked: the browser must say that the form is ours."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}:
        raise PermissionDeniedException("This form did not come from this site. Open the sign-in page and try again.")


def where_of(request: AnyRequest) -> Where:
    """From where a request comes."""
    return Where(request.client.host if request.client else None, request.headers.get("user-agent", ""))


def set_cookie(request: AnyRequest, response: Answer, name: str, value: str, seconds: int) -> None:
    """A cookie that scripts cannot read; empty value and 0 seconds remove it."""
    response.set_cookie(
        Cookie(
            key=name, value=value, path="/", httponly=True, samesite="lax", secure=is_secure(request), max_age=seconds
        )
    )


async def bare_page(
    request: AnyRequest, title: str, text: str, form: FormState | None = None, status: int = 200, proof: Any = None
) -> Answer:
    """A page outside the shell: a title, a sentence and at most one form; ``proof`` is the puzzle that goes with it."""
    return await render(request, "access/bare_form.html", title=title, text=text, form=form, status=status, proof=proof)


async def answer(request: AnyRequest, outcome: Entered | Waiting, target: str, flash: str = "") -> Answer:
    """Let in, or lead to the page that asks for the second factor."""
    target = local_path(target)
    user = outcome.user
    act_as(request, user.account_id, user.id, user.email, user.role)
    if isinstance(outcome, Waiting):
        response = redirect(request, f"{CODE_PAGE}?next={quote(target)}")
        set_cookie(request, response, STEP, outcome.token, int(STEP_LIVES.total_seconds()))
        return response
    landing = await _landing(request, outcome, target)
    refused = "" if target in (landing, "/") else NOT_OPEN
    response = redirect(request, landing, flash or refused, "success" if flash else "info")
    visitors.give_cookie(request, response, outcome.token)
    if outcome.device:
        set_cookie(request, response, DEVICE, outcome.device, outcome.trust_hours * 3600)
    if STEP in request.cookies:
        set_cookie(request, response, STEP, "", 0)
    return response


async def _landing(request: AnyRequest, outcome: Entered, target: str) -> str:
    """The wanted page if it is open to them from here, else home, or for a role without a home page the first one that is."""
    visitor = await visitors.visitor_of(context_of(request), outcome.token, where_of(request).ip)
    if visitor is None or visitor.may_open(target):
        return target
    if visitor.may_open("/"):
        return "/"
    return next((entry.path for entry in menu.entries(visitor)), "/profile")
