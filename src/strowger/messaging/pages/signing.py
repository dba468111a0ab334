"""The secret that signs the account's callbacks, and a callback to try out a receiver with."""

from __future__ import annotations

from typing import Any

from litestar.response import Response

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.foundation.errors import StrowgerError
from strowger.messaging.pages.callbacks import tabs_of
from strowger.messaging.pages.deliveries import OUTCOME_TONES, answer_text, error_text, request_text
from strowger.platform.accounts.confirming import OWN_PASSWORD, confirmed
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, read_target
from strowger.platform.callbacks.service import CallbackService

CRUMBS = [Crumb("Developers"), Crumb("Callbacks", "/callbacks")]
REVEAL = Form("signing-reveal", (OWN_PASSWORD,), "Show the secret", "/callbacks/signing", guard_leaving=False)
ROTATE = Form("signing-rotate", (OWN_PASSWORD,), "Replace the secret", "/callbacks/signing/rotate", guard_leaving=False)
TEST = Form(
    "callback-test",
    (
        Field(
            "url", "URL", "url", required=True, max_length=2000, placeholder="https://example.com/hooks/sms",
            help="Placeholders such as {id} or {status} are filled in.",
        ),
        Field("method", "Method", "select", options=(("POST", "POST"), ("GET", "GET")), default="POST", required=True,
              width="half"),
        Field("payload", "Body", "textarea", max_length=20_000, rows=5, placeholder='{"id": "<id>", "status": "<status>"}',
              help="JSON or text with placeholders; left empty, the usual body is sent."),
    ),
    "Send the test",
    "/callbacks/test",
    guard_leaving=False,
)  # fmt: skip


async def _signing(
    request: AnyRequest,
    visitor: Visitor,
    secrets: tuple[str, ...] = (),
    *,
    reveal: FormState | None = None,
    rotate: FormState | None = None,
) -> Page:
    first, second = reveal or REVEAL.blank(visitor), rotate or ROTATE.blank(visitor)
    return await render(
        request,
        "messaging/signing.html",
        title="Signing secret",
        crumbs=CRUMBS,
        status=max(first.status, second.status),
        tabs=tabs_of("/callbacks/signing"),
        secrets=secrets,
        may_act=visitor.may("callbacks.secrets"),
        reveal=first,
        rotate=second,
    )


@page("/callbacks/signing", permission="callbacks.read")
async def signing(request: AnyRequest, visitor: Visitor) -> Page:
    """How callbacks are signed."""
    return await _signing(request, visitor)


@page("/callbacks/signing", methods=["POST"], permission="callbacks.secrets")
async def reveal(request: AnyRequest, visitor: Visitor) -> Page:
    """Show the secret to who gives their password."""
    state = await REVEAL.read(request, visitor)
    if not await confirmed(request, visitor, state):
        return await _signing(request, visitor, reveal=state)
    return await _signing(request, visitor, await _service(request).signing.shown(visitor.account_id))


@page("/callbacks/signing/rotate", methods=["POST"], permission="callbacks.secrets")
async def rotate(request: AnyRequest, visitor: Visitor) -> Page:
    """Replace the secret; the old one signs as well for 24 hours."""
    state = await ROTATE.read(request, visitor)
    if not await confirmed(request, visitor, state):
        return await _signing(request, visitor, rotate=state)
    service = _service(request)
    await service.signing.rotate(visitor.account_id)
    return await _signing(request, visitor, await service.signing.shown(visitor.account_id))


@page("/callbacks/signing/rotate", permission="callbacks.read")
async def rotate_again(request: AnyRequest, visitor: Visitor) -> Page:
    """A reload of the answer leads back to the page."""
    return redirect(request, "/callbacks/signing")


def _service(request: AnyRequest) -> CallbackService:
    return CallbackService(context_of(request))


async def _test(request: AnyRequest, visitor: Visitor, form: FormState, attempt: Attempt | None = None) -> Page:
    return await render(
        request,
        "messaging/callback_test.html",
        title="Send a test",
        crumbs=CRUMBS,
        status=form.status,
        tabs=tabs_of("/callbacks/test"),
        form=form,
        attempt=attempt,
        delivered=attempt is not None and attempt.outcome is AttemptOutcome.DELIVERED,
        tone=OUTCOME_TONES[attempt.outcome] if attempt else "",
        request_text=request_text,
        answer_text=answer_text,
        error_text=error_text,
    )


@page("/callbacks/test", permission="callbacks.read")
async def test_form(request: AnyRequest, visitor: Visitor) -> Page:
    """The form of a test."""
    return await _test(request, visitor, TEST.blank(visitor))


@page("/callbacks/test", methods=["POST"], permission="callbacks.write")
async def send_test(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Send a test event once, and show what came back."""
    state = await TEST.read(request, visitor)
    if not state.ok:
        return await _test(request, visitor, state)
    target: dict[str, Any] = {"url": state["url"], "method": state["method"]}
    if state["payload"].strip():
        target["payload"] = state["payload"]
    try:
        attempt = await _service(request).test_event(visitor.account_id, read_target(target))
    except StrowgerError as problem:
        if problem.code != "E615":
            raise
        return await _test(request, visitor, state.fail("url", problem.detail or "This is no address for a callback."))
    return await _test(request, visitor, state, attempt)


pages: list[Any] = [signing, reveal, rotate, rotate_again, test_form, send_test]
