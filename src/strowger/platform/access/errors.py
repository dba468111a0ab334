"""Why somebody is not let in; the texts are for people."""

from __future__ import annotations

from strowger.platform.accounts.errors import AccountProblem


class NotAllowed(AccountProblem):
    """The password is right, but this user may not sign in now."""


class StepGone(AccountProblem):
    """The sign-in began too long ago, or was finished."""

    def __init__(self) -> None:
        super().__init__("This sign-in is over. Enter e-mail address and password again.")


class WrongCode(AccountProblem):
    """The code does not fit."""


class TooManyCodes(AccountProblem):
    """Too many codes were tried or asked for."""


class LinkGone(AccountProblem):
    """A mailed link was used, replaced, or is too old."""

    def __init__(self) -> None:
        super().__init__("This link was used already, or is older than an hour. Ask for a new one.")


class CannotText(AccountProblem):
    """A code cannot be sent by SMS now."""
