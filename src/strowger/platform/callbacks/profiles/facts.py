"""What the pipeline needs of profiles, read in sets and kept for moments: which events go where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from strowger.foundation.clock import Clock
from strowger.foundation.database import Connection
from strowger.platform.callbacks.profiles import repository

KEPT_SECONDS = 5.0
MAX_KEPT = 20_000
Target = dict[str, Any]
Stored = Target | None


class Targets(NamedTuple):
    """Where the events of one batch go."""

    profiles: Mapping[tuple[int, UUID], Mapping[str, Target]]
    defaults: Mapping[int, Mapping[str, UUID]]

    def of(self, account_id: int, stored: Stored, event: str) -> Target | None:
        """Where an event goes: to what was asked for, else to the account's default; None for nowhere."""
        if stored and "profile" not in stored:
            return stored
        profile_id = UUID(stored["profile"]) if stored else self.defaults.get(account_id, {}).get(event)
        if profile_id is None:
            return None
        events = self.profiles.get((account_id, profile_id), {})
        return events.get(event) or events.get("")


class ProfileFacts:
    """Profiles and accounts' defaults, as a worker keeps them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.forget()

    def forget(self, _payload: str = "") -> None:
        """Drop everything, so that the next batch reads anew."""
        self._profiles: dict[tuple[int, UUID], Mapping[str, Target]] = {}
        self._defaults: dict[int, Mapping[str, UUID]] = {}
        self._at = self._clock.monotonic()

    async def targets(self, connection: Connection, wanted: Sequence[tuple[int, Stored]]) -> Targets:
        """The targets of a batch (account, what was asked for); at most two queries, none when all is known."""
        if self._clock.monotonic() - self._at > KEPT_SECONDS or len(self._profiles) > MAX_KEPT:
            self.forget()
        profiles, defaults = self._profiles, self._defaults  # whoever forgets meanwhile must not take these from us
        open_accounts = {account for account, stored in wanted if not stored}
        unknown_accounts = open_accounts - defaults.keys()
        if unknown_accounts:
            defaults.update(await repository.defaults_of(connection, sorted(unknown_accounts)))
        named = {(account, UUID(stored["profile"])) for account, stored in wanted if stored and "profile" in stored}
        for account in open_accounts:
            named.update((account, profile_id) for profile_id in defaults[account].values())
        unknown = [key for key in named if key not in profiles]
        if unknown:
            profiles.update(await repository.targets_of(connection, unknown))
        return Targets(profiles, defaults)
