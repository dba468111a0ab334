"""The operator's page about one case: details, documents, decision."""

from __future__ import annotations

from typing import Any

from litestar.exceptions import NotFoundException

from strowger.console.form import Field, Form, FormState
from strowger.console.pages import AnyRequest, Crumb, Page, Visitor, context_of, page, redirect, render
from strowger.foundation.errors import StrowgerError
from strowger.platform.approvals import service as approvals
from strowger.platform.approvals.registry import Decision
from strowger.platform.kyc import service
from strowger.platform.kyc.approvals import CASE

QUEUE = "/approvals?kind=kyc"
MAX_REASON = 500
CODE = Field(
    "code", "Reason", "select", options=(("", "In your own words only"), *service.REASONS.items()),
    help="Told to the customer; needed unless you approve.",
)  # fmt: skip
TEXT = Field("text", "In your words", "textarea", rows=3, max_length=MAX_REASON)
DECIDE = Form(
    "kyc-decision",
    (
        Field(
            "decision", "Decision", "radio", required=True,
            options=(
                ("approve", "Approve", "The trial ends; the documents are approved and kept."),
                ("more", "Ask for more", "The customer changes the case and submits it again; the documents stay."),
                ("reject", "Reject", "The documents are rejected with it."),
            ),
        ),
        CODE, TEXT,
    ),
    submit="Decide", guard_leaving=False,
)  # fmt: skip
RENEW = Form("kyc-renewal", (CODE, TEXT), submit="Ask for new proofs", guard_leaving=False)


async def _page(request: AnyRequest, account_id: int, form: FormState | None = None) -> Page:
    context = context_of(request)
    try:
        case = await service.case_of(context, account_id)
    except StrowgerError:
        raise NotFoundException from None
    if case.state == "not_started":
        raise NotFoundException
    label, tone = service.STATES[case.state]
    if form is None and case.state in (*service.WAITING, "approved"):
        form = (RENEW if case.state == "approved" else DECIDE).blank(None)
    names = {item.key: item.label for item in case.profile.identifiers}
    lines = [(names.get(name, name.replace("_", " ").capitalize()), value) for name, value in case.details.items()]
    return await render(
        request, "kyc/case.html", title=case.details.get("company") or case.account["name"],
        crumbs=[Crumb("Approvals", QUEUE)], case=case, label=label, tone=tone, lines=lines, form=form,
        status=form.status if form else 200,
    )  # fmt: skip


@page(f"{CASE}/{{account_id:int}}", permission="installation.write")
async def show_case(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """One case; who opens it is its reviewer."""
    await service.look_at(context_of(request), account_id, visitor.email)
    return await _page(request, account_id)


@page(f"{CASE}/{{account_id:int}}", methods=["POST"], permission="installation.write")
async def decide_case(request: AnyRequest, visitor: Visitor, account_id: int) -> Page:
    """Approve, reject, ask for more, or ask anew."""
    context = context_of(request)
    renewing = "decision" not in await request.form()
    form = await (RENEW if renewing else DECIDE).read(request, visitor)
    reason = " ".join(filter(None, (service.REASONS.get(form.text("code"), ""), form.text("text").strip())))
    if form.ok and not reason and (renewing or form["decision"] != "approve"):
        form.fail("text", "Say why: the customer reads this.")
    if not form.ok:
        return await _page(request, account_id, form)
    choice = "renew" if renewing else form["decision"]
    if choice in ("more", "renew"):
        done = await service.ask(context, account_id, reason, visitor.email, anew=renewing)
    else:
        decision = Decision(choice == "approve", reason, context.clock.now(), visitor.email)
        done = bool((await approvals.decide(context, [f"kyc:{account_id}"], decision)).done)
    words = {
        "approve": "Approved.",
        "reject": "Rejected.",
        "more": "The customer is asked.",
        "renew": "The customer is asked.",
    }
    if not done:
        return redirect(request, QUEUE, "This case does not wait any more.", "warning")
    return redirect(request, QUEUE, words[choice])


pages: list[Any] = [show_case, decide_case]
