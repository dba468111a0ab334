"""Which misbehaviours are switched on, for everyone or for one system_id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from strowger.simulators.misbehaviours import MISBEHAVIOURS, Misbehaviour

_RANK = {name: rank for rank, name in enumerate(MISBEHAVIOURS)}


class UnknownMisbehaviour(ValueError):
    """There is no misbehaviour of this name, or it has no such option; the message says which there are."""


@dataclass(slots=True)
class Active:
    """A misbehaviour that is switched on, and how many submissions it has seen. ``system_id`` None means everyone."""

    misbehaviour: Misbehaviour
    system_id: str | None
    count: int = 0


def read_misbehaviour(name: str, options: Mapping[str, Any]) -> Misbehaviour:
    """Make a misbehaviour from its name and options; raises UnknownMisbehaviour."""
    cls = MISBEHAVIOURS.get(name)
    if cls is None:
        raise UnknownMisbehaviour(f"no misbehaviour {name!r}; there are {', '.join(MISBEHAVIOURS)}")
    try:
        return msgspec.convert(dict(options), cls, strict=False)
    except msgspec.ValidationError as problem:
        known = ", ".join(cls.__struct_fields__) or "none"
        raise UnknownMisbehaviour(f"{name}: {problem}; its options: {known}") from problem


class Switchboard:
    """The misbehaviours that are on. Switching one on again replaces it and starts its count anew."""

    def __init__(self) -> None:
        self._active: dict[tuple[str, str | None], Active] = {}
        self._by_system: dict[str, tuple[Active, ...]] = {}

    def switch_on(self, name: str, system_id: str | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Switch on; raises UnknownMisbehaviour."""
        self._active[name, system_id] = Active(read_misbehaviour(name, options or {}), system_id)
        self._by_system.clear()

    def switch_off(self, name: str, system_id: str | None = None) -> None:
        """Switch off, for exactly that scope; raises UnknownMisbehaviour when the name means nothing."""
        if name not in MISBEHAVIOURS:
            read_misbehaviour(name, {})
        self._active.pop((name, system_id), None)
        self._by_system.clear()

    def reset(self) -> None:
        """Switch everything off."""
        self._active.clear()
        self._by_system.clear()

    def of(self, system_id: str) -> tuple[Active, ...]:
        """What is on for a system_id, in the order in which it is applied."""
        found = self._by_system.get(system_id)
        if found is None:
            hits = [active for active in self._active.values() if active.system_id in {None, system_id}]
            found = tuple(sorted(hits, key=lambda active: _RANK[active.misbehaviour.name]))
            self._by_system[system_id] = found
        return found

    def describe(self) -> list[dict[str, Any]]:
        """Rows of name, system_id, options and count."""
        return [
            {
                "name": active.misbehaviour.name,
                "system_id": active.system_id,
                "options": msgspec.structs.asdict(active.misbehaviour),
                "count": active.count,
            }
            for active in self._active.values()
        ]
