"""What the pages of sub-accounts share: who acts, a refusal beside its field, words."""

from __future__ import annotations

from litestar.exceptions import NotFoundException, PermissionDeniedException

from strowger.console.form import FormState
from strowger.console.pages import AnyRequest, Visitor, context_of
from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.errors import entry_of
from strowger.platform.subaccounts import service
from strowger.platform.subaccounts.service import Actor, Row

LIST = "/subaccounts"
STATUSES = {"invited": "Invited", "active": "Active", "suspended": "Suspended", "deleted": "Deleted"}
TONES = {"invited": "info", "active": "success", "suspended": "warning", "deleted": "neutral"}
CREDIT_TYPES = {"assigned": "Assign Budget", "shared": "Shared Usage"}
TABS = (("Manage Subaccounts", LIST), ("Credits History", f"{LIST}/credits"), ("Credits Usage", f"{LIST}/usage"),
        ("Reports", f"{LIST}/reports"))  # fmt: skip


def tabs(path: str) -> list[tuple[str, str, bool]]:
    """The tabs of the area."""
    return [(label, target, path == target) for label, target in TABS]


def actor_of(request: AnyRequest, visitor: Visitor) -> Actor:
    """Who acts, as the record names them."""
    return Actor(visitor.account_id, visitor.email, request.client.host if request.client else None)


async def found(request: AnyRequest, visitor: Visitor, sid: str) -> Row:
    """A sub-account of the visitor's account. Raises NotFoundException, and PermissionDeniedException without the feature."""
    try:
        return await service.get(context_of(request), visitor.account_id, sid)
    except StrowgerError as problem:
        raise as_page_error(problem) from None


def as_page_error(problem: StrowgerError) -> Exception:
    """A refusal as the error page that tells it."""
    if problem.code == "RBC2358":
        return NotFoundException()
    return PermissionDeniedException(sentence(problem))


def sentence(problem: StrowgerError) -> str:
    """A refusal in words for people."""
    entry = entry_of(problem.code)
    return f"{problem.detail}." if problem.detail else f"{entry.text}. {entry.remedy}"


def refuse(form: FormState, problem: StrowgerError) -> None:
    """Put a refusal beside the field that it names."""
    form.fail(problem.field if problem.field in form.texts else "", sentence(problem))
