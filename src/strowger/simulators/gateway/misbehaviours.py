"""The named ways in which an HTTP gateway misbehaves. Its fields are its options; ``every`` = n acts on each n-th request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import msgspec

from strowger.simulators.misbehaviours.base import Milliseconds, Seconds, Times

HTML = b"<!doctype html><title>Welcome</title><p>Please sign in to the network.</p>"


@dataclass(slots=True)
class Handling:
    """What becomes of one request. ``taken`` False: the message goes no further; ``silent``: no answer at all;
    ``closes``: the connection is cut instead; ``receipts`` how many copies go out, ``receipt_delay`` seconds late."""

    status: int = 0
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    taken: bool = True
    silent: bool = False
    closes: bool = False
    delay: float = 0.0
    with_id: bool = True
    receipts: int = 1
    receipt_delay: float = 0.0
    receipt_first: bool = False


class Misbehaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way to misbehave; ``count`` is 1 for the first request after it was switched on."""

    name: ClassVar[str]
    every: Times = 1

    def on_request(self, handling: Handling, count: int) -> None:
        """Act when it is the n-th request's turn."""
        if count % self.every == 0:
            self.act(handling)

    def act(self, handling: Handling) -> None:
        """Change what becomes of this request."""
        raise NotImplementedError


class TimesOut(Misbehaviour, frozen=True):
    """Never answers; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "times-out"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Stay silent."""
        handling.silent, handling.taken = True, self.takes


class Closes(Misbehaviour, frozen=True):
    """Cuts the connection instead of an answer; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "closes"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Cut."""
        handling.closes, handling.taken = True, self.takes


class Fails(Misbehaviour, frozen=True):
    """Answers with an HTTP status."""

    name: ClassVar[str] = "fails"
    status: int = 500

    def act(self, handling: Handling) -> None:
        """Fail."""
        handling.status, handling.taken = self.status, False
        handling.body = msgspec.json.encode({"code": f"H{self.status}", "error": "simulated failure"})


class Throttles(Misbehaviour, frozen=True):
    """Answers 429 with Retry-After."""

    name: ClassVar[str] = "throttles"
    every: Times = 5
    seconds: int = 1

    def act(self, handling: Handling) -> None:
        """Refuse for now."""
        handling.status, handling.taken = 429, False
        handling.headers["Retry-After"] = str(self.seconds)
        handling.body = msgspec.json.encode({"code": "throttled", "error": "too many requests"})


class RefusesInBody(Misbehaviour, frozen=True):
    """Answers 200 with an error code in the body."""

    name: ClassVar[str] = "refuses-in-body"
    code: str = "insufficient-credit"

    def act(self, handling: Handling) -> None:
        """Refuse politely."""
        handling.status, handling.taken = 200, False
        handling.body = msgspec.json.encode({"code": self.code, "error": "refused"})


class Garbage(Misbehaviour, frozen=True):
    """Answers 200 with a page of HTML, as a captive portal does."""

    name: ClassVar[str] = "garbage"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Say something else."""
        handling.status, handling.body, handling.taken = 200, HTML, self.takes


class NoId(Misbehaviour, frozen=True):
    """Takes the message, but its answer holds no id."""

    name: ClassVar[str] = "no-id"

    def act(self, handling: Handling) -> None:
        """Leave the id away."""
        handling.with_id = False


class Slow(Misbehaviour, frozen=True):
    """Answers late."""

    name: ClassVar[str] = "slow"
    ms: Milliseconds = 1000

    def act(self, handling: Handling) -> None:
        """Wait."""
        handling.delay += self.ms / 1000


class NoReceipts(Misbehaviour, frozen=True):
    """Delivers and never reports."""

    name: ClassVar[str] = "no-receipts"

    def act(self, handling: Handling) -> None:
        """Leave the receipt away."""
        handling.receipts = 0


class DuplicateReceipts(Misbehaviour, frozen=True):
    """Sends each receipt several times."""

    name: ClassVar[str] = "duplicate-receipts"
    copies: Times = 2

    def act(self, handling: Handling) -> None:
        """Multiply the receipt."""
        handling.receipts *= self.copies


class LateReceipts(Misbehaviour, frozen=True):
    """Sends receipts so many seconds late."""

    name: ClassVar[str] = "late-receipts"
    seconds: Seconds = 8.0

    def act(self, handling: Handling) -> None:
        """Delay the receipt."""
        handling.receipt_delay += self.seconds


class ReceiptFirst(Misbehaviour, frozen=True):
    """Sends the receipt before the answer."""

    name: ClassVar[str] = "receipt-first"

    def act(self, handling: Handling) -> None:
        """Turn the order round."""
        handling.receipt_first = True


MISBEHAVIOURS: Final[dict[str, type[Misbehaviour]]] = {
    cls.name: cls
    for cls in (
        Slow, NoReceipts, DuplicateReceipts, LateReceipts, ReceiptFirst, NoId, RefusesInBody, Throttles, Fails, Garbage,
        TimesOut, Closes,
    )
}  # fmt: skip


class UnknownMisbehaviour(ValueError):
    """There is no misbehaviour of this name, or it has no such option."""


class Switches:
    """The misbehaviours that are on, with how many requests each has seen."""

    def __init__(self) -> None:
        self._on: dict[str, tuple[Misbehaviour, int]] = {}

    def switch(self, name: str, on: bool, options: Mapping[str, Any]) -> None:
        """Switch one on or off. Raises UnknownMisbehaviour."""
        cls = MISBEHAVIOURS.get(name)
        if cls is None:
            raise UnknownMisbehaviour(f"no misbehaviour {name!r}; there are {', '.join(MISBEHAVIOURS)}")
        if not on:
            self._on.pop(name, None)
            return
        try:
            self._on[name] = msgspec.convert(dict(options), cls, strict=False), 0
        except msgspec.ValidationError as problem:
            raise UnknownMisbehaviour(f"{name}: {problem}") from problem

    def apply(self) -> Handling:
        """What becomes of the next request, in the order of the table."""
        handling = Handling()
        for name in MISBEHAVIOURS:
            if name in self._on:
                misbehaviour, count = self._on[name]
                self._on[name] = misbehaviour, count + 1
                misbehaviour.on_request(handling, count + 1)
        return handling

    def clear(self) -> None:
        """Switch everything off."""
        self._on.clear()

    def describe(self) -> list[dict[str, Any]]:
        """What is on."""
        return [{"name": name, "seen": count, **msgspec.structs.asdict(one)} for name, (one, count) in self._on.items()]
