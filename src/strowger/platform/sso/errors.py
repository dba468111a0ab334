"""Why single sign-on does not work; the texts are for people."""

from __future__ import annotations

from strowger.platform.accounts.errors import AccountProblem


class SsoProblem(AccountProblem):
    """Something about the provider, its answer or the person does not fit."""


class SsoGone(SsoProblem):
    """The sign-in began too long ago, in another browser, or was finished."""

    def __init__(self) -> None:
        super().__init__("This sign-in is over, or was begun in another browser. Begin again.")
