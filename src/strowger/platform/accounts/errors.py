"""Why an act on accounts, users or keys is refused; the texts are for people."""

from __future__ import annotations


class AccountProblem(ValueError):
    """The base of all of them."""


class EmailTaken(AccountProblem):
    """Another user has this e-mail address."""


class WrongPassword(AccountProblem):
    """E-mail address and password do not fit together."""


class Locked(AccountProblem):
    """Too many wrong passwords; ``minutes`` until the next try."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"Too many attempts. Try again in {minutes} min.")
        self.minutes = minutes


class NoSuchKey(AccountProblem):
    """The account has no such API key."""


class KeyNotActive(AccountProblem):
    """The API key is switched off or has expired, and cannot be rotated."""


class KeySeesMore(AccountProblem):
    """The API key sees, or would see, whole numbers that whoever makes or changes it does not."""
