"""The operator's page Approvals: what customers ask for, approved or rejected with a reason (console.md 5.15)."""

from __future__ import annotations

from typing import Any

from strowger.console import menu, palette
from strowger.console.pages import AnyRequest, Page, context_of, page, redirect, render
from strowger.console.visitor import Visitor
from strowger.platform.approvals import service
from strowger.platform.approvals.registry import Decision, kind_of, kinds

LIST = "/approvals"
MAX_REASON = 500
menu.register("Installation", "Approvals", LIST, "checkup-list", 20)
palette.register_action("Approve what customers ask for", LIST, "checkup-list")


async def _render(
    request: AnyRequest,
    key: str,
    *,
    status: int = 200,
    chosen: frozenset[str] = frozenset(),
    reason: str = "",
    error: str = "",
) -> Page:
    found, counts = await service.queue(context_of(request), key)
    total = sum(counts.values())
    tabs = [("All", LIST, total, key == "")]
    tabs += [(kind.label, f"{LIST}?kind={kind.key}", counts[kind.key], key == kind.key) for kind in kinds()]
    reasons = dict.fromkeys(text for kind in kinds() if key in ("", kind.key) for text in kind.reasons)
    return await render(
        request, "approvals/approvals.html", title="Approvals", status=status, waiting=found, tabs=tabs, total=total,
        shown_kind=key, chosen=chosen, reasons=list(reasons), reason=reason, reason_error=error, most=service.MOST,
    )  # fmt: skip


def _kind(text: object) -> str:
    key = str(text or "")
    return key if kind_of(key) else ""


@page(LIST, permission="installation.read")
async def approvals(request: AnyRequest, visitor: Visitor) -> Page:
    """What waits, oldest first; ``?kind=`` shows one kind, ``?all=1`` with everything chosen."""
    key = _kind(request.query_params.get("kind"))
    if "all" not in request.query_params:
        return await _render(request, key)
    found, _ = await service.queue(context_of(request), key)
    return await _render(request, key, chosen=frozenset(one.name for one in found))


@page(LIST, methods=["POST"], permission="installation.write")
async def decide(request: AnyRequest, visitor: Visitor) -> Page:
    """Approve or reject what is chosen, or the one whose own button was pressed."""
    form = await request.form()
    key = _kind(form.get("kind"))
    act, _, single = str(form.get("act", "")).partition(" ")
    names = [single] if single else [name for name in form.getall("item", []) if isinstance(name, str)]
    reason = str(form.get("reason", "")).replace("\0", "").strip()
    problem = _problem(act, names, reason)
    if problem:
        return await _render(request, key, status=422, chosen=frozenset(names), reason=reason[:2000], error=problem)
    context = context_of(request)
    decision = Decision(act == "approve", reason, context.clock.now(), visitor.email)
    result = await service.decide(context, names[: service.MOST], decision)
    return redirect(request, f"{LIST}?kind={key}" if key else LIST, *_told(decision, result))


def _problem(act: str, names: list[str], reason: str) -> str:
    if act not in ("approve", "reject"):
        return "Choose Approve or Reject."
    if not names:
        return "Choose at least one."
    if act == "reject" and not reason:
        return "Say why: the customer reads this."
    return f"Use at most {MAX_REASON} characters; this has {len(reason)}." if len(reason) > MAX_REASON else ""


def _told(decision: Decision, result: service.Result) -> tuple[str, str]:
    """The toast: what was done, and what was not."""
    words = [f"{len(result.done)} {'approved' if decision.approved else 'rejected'}."]
    if result.late:
        words.append(f"{result.late} did not wait any more.")
    words += dict.fromkeys(result.refused)
    return " ".join(words), "success" if not (result.late or result.refused) else "warning"


pages: list[Any] = [approvals, decide]
