"""Asking for the visitor's own password before something that a borrowed screen must not do."""

from __future__ import annotations

from strowger.console.form import Field, FormState
from strowger.console.pages import AnyRequest, context_of
from strowger.console.visitor import Visitor
from strowger.platform.accounts import service
from strowger.platform.accounts.errors import Locked, WrongPassword

OWN_PASSWORD = Field("password", "Your password", "password", required=True, autocomplete="current-password")


async def confirmed(request: AnyRequest, visitor: Visitor, form: FormState) -> bool:
    """Whether the form is right, its field ``password`` included, which must be the visitor's own."""
    if form.ok:
        try:
            await service.confirm_password(context_of(request), visitor.account_id, visitor.user_id, form["password"])
        except (WrongPassword, Locked) as problem:
            form.fail("password", str(problem))
    return form.ok
