"""Misbehaviours of any simulator: what one is, the table that names them, and which are switched on.

``P`` is the plan of what is going to happen to a submission, which a misbehaviour changes; ``S`` the submission.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

P = TypeVar("P")
S = TypeVar("S")
Times = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Status = Annotated[int, msgspec.Meta(ge=1, le=0xFFFFFFFF)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=864_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=864_000_000)]


class UnknownMisbehaviour(ValueError):
    """There is no misbehaviour of this name, or it has no such option; the message says which there are."""


class Misbehaviour(msgspec.Struct, Generic[P, S], frozen=True, forbid_unknown_fields=True):
    """One way to misbehave; its fields are its options, its docstring is what people read about it.

    ``count`` is 1 for the first submission after it was switched on.
    """

    name: ClassVar[str]

    def on_submit(self, plan: P, submission: S, count: int) -> None:
        """Change what is going to happen to a submission."""


class EveryNth(Misbehaviour[P, S], Generic[P, S], frozen=True):
    """A misbehaviour that acts on each n-th submission only."""

    every: Times = 1

    def on_submit(self, plan: P, submission: S, count: int) -> None:
        """Act when it is the n-th one's turn."""
        if count % self.every == 0:
            self.act(plan)

    def act(self, plan: P) -> None:
        """Change what is going to happen to this submission."""


class Table(Mapping[str, type[Misbehaviour[P, S]]]):
    """All misbehaviours of a simulator by name, in the order in which they are applied: a combination does not depend on which
    was switched on first."""

    def __init__(self, kinds: Iterable[type[Misbehaviour[P, S]]]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self.rank = {name: rank for rank, name in enumerate(self._kinds)}

    def __getitem__(self, name: str) -> type[Misbehaviour[P, S]]:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def read(self, name: str, options: Mapping[str, Any]) -> Misbehaviour[P, S]:
        """Make a misbehaviour from its name and options; raises UnknownMisbehaviour."""
        kind = self._kinds.get(name)
        if kind is None:
            raise UnknownMisbehaviour(f"no misbehaviour {name!r}; there are {', '.join(self)}")
        try:
            return msgspec.convert(dict(options), kind, strict=False)
        except msgspec.ValidationError as problem:
            known = ", ".join(kind.__struct_fields__) or "none"
            raise UnknownMisbehaviour(f"{name}: {problem}; its options: {known}") from problem

    def describe(self) -> list[dict[str, Any]]:
        """Rows of name, sentence and options with their defaults."""
        return [
            {"name": name, "sentence": (kind.__doc__ or "").strip(), "options": msgspec.structs.asdict(kind())}
            for name, kind in self._kinds.items()
        ]


@dataclass(slots=True)
class Active(Generic[P, S]):
    """A misbehaviour that is switched on, and how many submissions it has seen. ``client`` None means everyone."""

    misbehaviour: Misbehaviour[P, S]
    client: str | None
    count: int = 0


class Switchboard(Generic[P, S]):
    """Which are on, for everyone or for one client (a system_id). Switching one on again starts its count anew."""

    def __init__(self, table: Table[P, S]) -> None:
        self._table = table
        self._active: dict[tuple[str, str | None], Active[P, S]] = {}
        self._by_client: dict[str, tuple[Active[P, S], ...]] = {}

    def switch_on(self, name: str, client: str | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Switch on; raises UnknownMisbehaviour."""
        self._active[name, client] = Active(self._table.read(name, options or {}), client)
        self._by_client.clear()

    def switch_off(self, name: str, client: str | None = None) -> None:
        """Switch off, for exactly that scope; raises UnknownMisbehaviour when the name means nothing."""
        if name not in self._table:
            self._table.read(name, {})
        self._active.pop((name, client), None)
        self._by_client.clear()

    def switch(self, name: str, on: bool, client: str | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Switch on or off; raises UnknownMisbehaviour."""
        if on:
            self.switch_on(name, client, options)
        else:
            self.switch_off(name, client)

    def reset(self) -> None:
        """Switch everything off."""
        self._active.clear()
        self._by_client.clear()

    def of(self, client: str) -> tuple[Active[P, S], ...]:
        """What is on for a client, in the order in which it is applied."""
        found = self._by_client.get(client)
        if found is None:
            hits = [active for active in self._active.values() if active.client in {None, client}]
            found = tuple(sorted(hits, key=lambda active: self._table.rank[active.misbehaviour.name]))
            self._by_client[client] = found
        return found

    def apply(self, plan: P, submission: S, client: str = "") -> None:
        """Let what is on for a client change the plan of its submission."""
        for active in self.of(client):
            active.count += 1
            active.misbehaviour.on_submit(plan, submission, active.count)

    def describe(self) -> list[dict[str, Any]]:
        """Rows of name, system_id, options and count."""
        return [
            {
                "name": active.misbehaviour.name,
                "system_id": active.client,
                "options": msgspec.structs.asdict(active.misbehaviour),
                "count": active.count,
            }
            for active in self._active.values()
        ]
