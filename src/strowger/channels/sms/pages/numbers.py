"""Numbers of an account, and where incoming messages are reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from litestar.exceptions import NotFoundException

from strowger.channels.sms.smpp_access.models import SmppUser
from strowger.channels.sms.smpp_access.service import list_users
from strowger.console import menu
from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.errors import StrowgerError
from strowger.messaging.notify import SMS_MO
from strowger.platform.callbacks.profiles.schemas import Profile
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.schemas import Target, read_target
from strowger.platform.numbers import service

menu.register("Numbers", "Numbers", "/numbers", "phone-incoming", 10, key="n")


def _form(msisdn: str, profiles: Sequence[Profile], clients: Sequence[SmppUser]) -> Form:
    known = [(str(one.id), one.draft.title) for one in profiles if SMS_MO in one.draft.events]
    return Form(
        "number",
        (
            Field("label", "Label", max_length=100, help="What the number is for."),
            Field(
                "profile", "Callback profile", "select", options=(("", "None: the URL below, else the default"), *known),
                help="A profile of channel SMS with the event SMS Incoming.",
            ),
            Field(
                "callback", "Callback URL", "url", max_length=2000, placeholder="https://example.net/mo",
                help="Called with each message that comes in; empty: not called.",
            ),
            Field(
                "method", "Method", "select", options=(("POST", "POST"), ("GET", "GET")), default="POST", width="half",
                help="A GET carries id, numbers, status and time in its query unless the URL names variables.",
            ),
            Field(
                "smpp_user", "SMPP user", "select",
                options=(("", "None"), *((str(client.id), client.system_id) for client in clients)),
                help="Its receiver bind gets each message that comes in as deliver_sm.",
            ),
        ),
        action=f"/numbers/{msisdn}",
        cancel="/numbers",
    )  # fmt: skip


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _target(form: FormState, found: service.OwnNumber, secrets: SecretBox, account_id: int) -> dict[str, Any] | None:
    """The callback as it is stored; payload and retries stay, headers only while they go to the same server.

    Raises StrowgerError E615.
    """
    if form["profile"]:
        return {"profile": form["profile"]}
    stored = found.callback if found.callback and "profile" not in found.callback else None
    if not form["callback"]:
        return None
    if stored and (stored["url"], stored["method"]) == (form["callback"], form["method"]):
        return stored
    target = read_target({"url": form["callback"], "method": form["method"]})
    if stored:
        old = Target.from_json(stored, secrets, account_id)
        headers = old.headers if _origin(old.url) == _origin(target.url) else ()
        payload = old.payload if target.method == "POST" else None
        target = replace(
            target, headers=headers, payload=payload, retries=old.retries, waits=old.waits, events=old.events
        )
    return target.to_json(secrets, account_id)


async def _own(request: AnyRequest, visitor: Visitor) -> list[service.OwnNumber]:
    return await context_of(request).database.run(lambda c: service.list_numbers(c, visitor.account_id))


async def _find(request: AnyRequest, visitor: Visitor, msisdn: str) -> service.OwnNumber:
    found = next((number for number in await _own(request, visitor) if number.msisdn == msisdn), None)
    if found is None:
        raise NotFoundException
    return found


def _shown(found: service.OwnNumber) -> dict[str, str]:
    callback = found.callback or {}
    return {
        "label": found.label, "callback": callback.get("url", ""), "method": callback.get("method", "POST"),
        "profile": callback.get("profile", ""),
        "smpp_user": str(found.smpp_user_id or ""),
    }  # fmt: skip


@page("/numbers", permission="numbers.read")
async def numbers(request: AnyRequest, visitor: Visitor) -> Page:
    """The account's numbers."""
    own = await _own(request, visitor)
    shared = await context_of(request).database.run(lambda c: service.shared_numbers(c, visitor.account_id))
    profiles = await ProfileService(context_of(request)).list_all(visitor.account_id)
    return await render(
        request, "sms/numbers.html", title="Numbers", numbers=own, shared=shared,
        may_change=visitor.may("numbers.write"),
        profiles={str(one.id): one.draft.title for one in profiles},
    )  # fmt: skip


@page("/numbers/{msisdn:str}", permission="numbers.write")
async def number(request: AnyRequest, visitor: Visitor, msisdn: str) -> Page:
    """The form for one number."""
    found = await _find(request, visitor, msisdn)
    profiles = await ProfileService(context_of(request)).list_all(visitor.account_id)
    clients = await list_users(context_of(request), visitor.account_id)
    form = _form(msisdn, profiles, clients).blank(visitor, **_shown(found))
    return await render(
        request, "console/form_page.html", title="+" + msisdn, crumbs=[Crumb("Numbers", "/numbers")], form=form
    )


@page("/numbers/{msisdn:str}", methods=["POST"], permission="numbers.write")
async def change_number(request: AnyRequest, visitor: Visitor, msisdn: str) -> Page:
    """Change label and callback of a number."""
    context, found = context_of(request), await _find(request, visitor, msisdn)
    profiles = await ProfileService(context).list_all(visitor.account_id)
    clients = await list_users(context, visitor.account_id)
    form = await _form(msisdn, profiles, clients).read(request, visitor)
    if form.ok:
        try:
            stored = _target(form, found, context.secrets, visitor.account_id)
        except StrowgerError as problem:
            form.fail("callback", (problem.detail or problem.code).removeprefix("callback."))
        except SealBroken:
            form.fail(
                "callback", "Its stored headers cannot be opened any more. Empty this field, save, and set it again."
            )
        else:
            await context.database.run(
                lambda c: service.change_number(
                    c,
                    visitor.account_id,
                    found.msisdn,
                    label=form["label"],
                    callback=stored,
                    smpp_user_id=int(form["smpp_user"] or 0) or None,
                )
            )
            return redirect(request, "/numbers", "Saved.")
    crumbs = [Crumb("Numbers", "/numbers")]
    return await render(
        request, "console/form_page.html", title="+" + msisdn, crumbs=crumbs, form=form, status=form.status
    )


pages: list[Any] = [numbers, number, change_number]
