"""The named ways in which an HTTP gateway misbehaves. Its fields are its options; ``every`` = n acts on each n-th request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

import msgspec

from strowger.simulators.misbehaving import EveryNth, Milliseconds, Seconds, Table, Times

Fields = dict[str, str]  # the parameters of a request
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


class TimesOut(EveryNth[Handling, Fields], frozen=True):
    """Never answers; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "times-out"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Stay silent."""
        handling.silent, handling.taken = True, self.takes


class Closes(EveryNth[Handling, Fields], frozen=True):
    """Cuts the connection instead of an answer; with ``takes`` the message is delivered all the same."""

    name: ClassVar[str] = "closes"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Cut."""
        handling.closes, handling.taken = True, self.takes


class Fails(EveryNth[Handling, Fields], frozen=True):
    """Answers with an HTTP status."""

    name: ClassVar[str] = "fails"
    status: int = 500

    def act(self, handling: Handling) -> None:
        """Fail."""
        handling.status, handling.taken = self.status, False
        handling.body = msgspec.json.encode({"code": f"H{self.status}", "error": "simulated failure"})


class Throttles(EveryNth[Handling, Fields], frozen=True):
    """Answers 429 with Retry-After."""

    name: ClassVar[str] = "throttles"
    every: Times = 5
    seconds: int = 1

    def act(self, handling: Handling) -> None:
        """Refuse for now."""
        handling.status, handling.taken = 429, False
        handling.headers["Retry-After"] = str(self.seconds)
        handling.body = msgspec.json.encode({"code": "throttled", "error": "too many requests"})


class RefusesInBody(EveryNth[Handling, Fields], frozen=True):
    """Answers 200 with an error code in the body."""

    name: ClassVar[str] = "refuses-in-body"
    code: str = "insufficient-credit"

    def act(self, handling: Handling) -> None:
        """Refuse politely."""
        handling.status, handling.taken = 200, False
        handling.body = msgspec.json.encode({"code": self.code, "error": "refused"})


class Garbage(EveryNth[Handling, Fields], frozen=True):
    """Answers 200 with a page of HTML, as a captive portal does."""

    name: ClassVar[str] = "garbage"
    takes: bool = False

    def act(self, handling: Handling) -> None:
        """Say something else."""
        handling.status, handling.body, handling.taken = 200, HTML, self.takes


class NoId(EveryNth[Handling, Fields], frozen=True):
    """Takes the message, but its answer holds no id."""

    name: ClassVar[str] = "no-id"

    def act(self, handling: Handling) -> None:
        """Leave the id away."""
        handling.with_id = False


class Slow(EveryNth[Handling, Fields], frozen=True):
    """Answers late."""

    name: ClassVar[str] = "slow"
    ms: Milliseconds = 1000

    def act(self, handling: Handling) -> None:
        """Wait."""
        handling.delay += self.ms / 1000


class NoReceipts(EveryNth[Handling, Fields], frozen=True):
    """Delivers and never reports."""

    name: ClassVar[str] = "no-receipts"

    def act(self, handling: Handling) -> None:
        """Leave the receipt away."""
        handling.receipts = 0


class DuplicateReceipts(EveryNth[Handling, Fields], frozen=True):
    """Sends each receipt several times."""

    name: ClassVar[str] = "duplicate-receipts"
    copies: Times = 2

    def act(self, handling: Handling) -> None:
        """Multiply the receipt."""
        handling.receipts *= self.copies


class LateReceipts(EveryNth[Handling, Fields], frozen=True):
    """Sends receipts so many seconds late."""

    name: ClassVar[str] = "late-receipts"
    seconds: Seconds = 8.0

    def act(self, handling: Handling) -> None:
        """Delay the receipt."""
        handling.receipt_delay += self.seconds


class ReceiptFirst(EveryNth[Handling, Fields], frozen=True):
    """Sends the receipt before the answer."""

    name: ClassVar[str] = "receipt-first"

    def act(self, handling: Handling) -> None:
        """Turn the order round."""
        handling.receipt_first = True


MISBEHAVIOURS: Final[Table[Handling, Fields]] = Table(
    (
        Slow, NoReceipts, DuplicateReceipts, LateReceipts, ReceiptFirst, NoId, RefusesInBody, Throttles, Fails, Garbage,
        TimesOut, Closes,
    )
)  # fmt: skip
