"""Why single sign-on does not work; the texts are for people."""

from __future__ import annotations

from strowger.platform.accounts.errors import AccountProblem


class SsoProblem(AccountProblem):
    """Something about the provider, its answer or the person does not fit; ``field`` of the provider's form is at fault."""

    def __init__(self, text: str, field: str = "issuer") -> None:
        super().__init__(text)
        self.field = field


class SsoGone(SsoProblem):
    """The sign-in began too long ago, in another browser, or was finished."""

    def __init__(self) -> None:
        super().__init__("This sign-in is over, or was begun in another browser. Begin again.")
