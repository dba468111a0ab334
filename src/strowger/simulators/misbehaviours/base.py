"""What every misbehaviour can change, and the types of their options."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from strowger.simulators.plan import Plan, Submission

Times = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Status = Annotated[int, msgspec.Meta(ge=1, le=0xFFFFFFFF)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=864_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=864_000_000)]


class Misbehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to misbehave; its fields are its options, its docstring is what people read about it.

    ``count`` is 1 for the first submission after it was switched on.
    """

    name: ClassVar[str]
    silent_on_bind: ClassVar[bool] = False
    ignores_enquire_link: ClassVar[bool] = False

    def bind_status(self) -> int:
        """The command_status with which a bind is answered; 0 accepts it."""
        return 0

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Change what is going to happen to a submission."""


class EveryNth(Misbehaviour, frozen=True):
    """A misbehaviour that acts on each n-th submission only."""

    every: Times = 1

    def on_submit(self, plan: Plan, submission: Submission, count: int) -> None:
        """Act when it is the n-th one's turn."""
        if count % self.every == 0:
            self.act(plan)

    def act(self, plan: Plan) -> None:
        """Change what is going to happen to this submission."""
        raise NotImplementedError
