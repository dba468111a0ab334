"""What is done with callback profiles: make, change, enable, rotate, delete, name as receiver."""

from __future__ import annotations

import secrets as random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.http_client import HttpFailed, Refused
from strowger.foundation.settings import Settings
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.profiles.errors import refuse
from strowger.platform.callbacks.profiles.reading import read_change, read_new
from strowger.platform.callbacks.profiles.schemas import Draft, Profile, ProfileStatus, read_name
from strowger.platform.callbacks.profiles.store import open_profile, seal_draft, seal_secret
from strowger.platform.callbacks.profiles.variables import EVENTS
from strowger.platform.callbacks.rendering import endpoint_of
from strowger.platform.callbacks.signing import OVERLAP, SECRET_BYTES, secret_text

MOST_PROFILES = 100
T = TypeVar("T")


class ProfileService:
    """The callback profiles of accounts; each call is bounded to the account it names."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._database, self._box, self._clock = context.database, context.secrets, context.clock
        self._settings: Settings = context.settings

    async def create(
        self, account_id: int, params: Mapping[str, Any], status: ProfileStatus = ProfileStatus.ACTIVE
    ) -> Profile:
        """Make a profile. Raises StrowgerError RBC303 to RBC316."""
        draft = read_new(params, self._settings.callback_static_gcm)
        await self._check_reach(draft)
        return await self._add(account_id, draft, status)

    async def duplicate(self, account_id: int, profile_id: UUID, title: str = "") -> Profile:
        """A copy with its secrets, under its own id and title, disabled until it is enabled. Raises RBC302 to RBC313."""
        found = await self.get(account_id, profile_id)
        if title:
            return await self._add(account_id, read_change(found.draft, {"title": title}, True), ProfileStatus.DISABLED)
        taken = {profile.draft.title.lower() for profile in await self.list_all(account_id)}
        stem = f"{found.draft.title[:90]} copy"
        names = [stem, *(f"{stem} {number}" for number in range(2, MOST_PROFILES + 2))]
        free = next(name for name in names if name.lower() not in taken)
        return await self._add(account_id, replace(found.draft, title=free), ProfileStatus.DISABLED)

    async def _add(self, account_id: int, draft: Draft, status: ProfileStatus) -> Profile:
        profile_id = uuid4()
        sealed = seal_secret(self._box, account_id, profile_id, random.token_bytes(SECRET_BYTES))
        values = seal_draft(self._box, account_id, profile_id, draft)

        async def work(connection: Connection) -> None:
            await repository.lock_account(connection, account_id)
            if await repository.number_of(connection, account_id) >= MOST_PROFILES:
                raise refuse("RBC313", "title", f"The account has {MOST_PROFILES} profiles")
            await self._check_title(connection, account_id, draft.title, profile_id)
            await repository.insert(
                connection, account_id, profile_id, self._clock.now(), values, self._settings.pod.upper(), draft.channel,
                sealed, status,
            )  # fmt: skip

        await self._change(account_id, work)
        return await self.get(account_id, profile_id)

    async def list_all(self, account_id: int) -> list[Profile]:
        """The account's profiles, newest first."""
        async with self._database.acquire() as connection:
            rows = await repository.live(connection, account_id, MOST_PROFILES)
        return [open_profile(self._box, row, self._clock) for row in rows]

    async def get(self, account_id: int, profile_id: UUID) -> Profile:
        """A profile of the account. Raises RBC302."""
        async with self._database.acquire() as connection:
            row = await repository.find(connection, account_id, profile_id)
        if row is None or row["deleted_at"] is not None:
            raise unknown(str(profile_id))
        return open_profile(self._box, row, self._clock)

    async def named(self, account_id: int, name: str) -> Profile:
        """A profile by its public id. Raises RBC302."""
        profile_id = read_name(name)
        if profile_id is None:
            raise unknown(name)
        try:
            return await self.get(account_id, profile_id)
        except Exception as problem:
            if getattr(problem, "code", "") == "RBC302":
                raise unknown(name) from None
            raise

    async def update(self, account_id: int, profile_id: UUID, params: Mapping[str, Any]) -> Profile:
        """Change what ``params`` name. Raises StrowgerError RBC302 to RBC316; nothing has changed then."""
        found = await self.get(account_id, profile_id)
        draft = read_change(found.draft, params, self._settings.callback_static_gcm)
        if (draft.url, draft.auth) != (found.draft.url, found.draft.auth):
            await self._check_reach(draft)
        values = seal_draft(self._box, account_id, profile_id, draft)

        async def work(connection: Connection) -> None:
            await repository.lock_account(connection, account_id)
            await self._check_title(connection, account_id, draft.title, profile_id)
            await repository.update(connection, account_id, profile_id, self._clock.now(), values)
            if (draft.url, draft.method) != (found.draft.url, found.draft.method):
                target = {"url": draft.url, "method": draft.method}
                await repository.move_queued(
                    connection, account_id, profile_id, endpoint_of(account_id, draft.url), target
                )

        await self._change(account_id, work)
        return await self.get(account_id, profile_id)

    async def set_status(self, account_id: int, profile_id: UUID, status: ProfileStatus, why: str | None) -> Profile:
        """Enable (which forgets failures) or disable. Raises RBC302."""
        await self.get(account_id, profile_id)
        now = self._clock.now()
        await self._change(
            account_id, lambda c: repository.set_status(c, account_id, profile_id, int(status), now, why)
        )
        return await self.get(account_id, profile_id)

    async def delete(self, account_id: int, profile_id: UUID) -> None:
        """Delete: what waits for it is dropped, numbers and defaults that named it have none. Raises RBC302."""
        await self.get(account_id, profile_id)
        await self._change(account_id, lambda c: repository.delete(c, account_id, profile_id, self._clock.now()))

    async def rotate(self, account_id: int, profile_id: UUID, overlap: timedelta = OVERLAP) -> str:
        """A new signing secret, as text; the old one signs as well for ``overlap`` (R-31). Raises RBC302."""
        await self.get(account_id, profile_id)
        fresh, now = random.token_bytes(SECRET_BYTES), self._clock.now()
        sealed = seal_secret(self._box, account_id, profile_id, fresh)
        await self._change(
            account_id, lambda c: repository.rotate(c, account_id, profile_id, sealed, now + overlap, now)
        )
        return secret_text(fresh)

    async def defaults(self, account_id: int) -> dict[str, UUID]:
        """The default profile of each event that has one."""
        async with self._database.acquire() as connection:
            return (await repository.defaults_of(connection, [account_id]))[account_id]

    async def set_default(self, account_id: int, event: str, name: str | None) -> None:
        """Make a profile (public id) the account's default for an event, or none. Raises RBC302, RBC309."""
        if event not in EVENTS:
            raise refuse("RBC309", "event", f"{event[:40]!r} is no event")
        profile_id = None
        if name:
            found = await self.named(account_id, name)
            if event not in found.draft.events:
                raise refuse("RBC309", "callback_profile_id", f"The profile is not of the event {event}")
            profile_id = found.id
        await self._change(account_id, lambda c: repository.set_default(c, account_id, event, profile_id))

    async def uses(self, account_id: int, profile_id: UUID) -> list[str]:
        """Where a profile is named, in words."""
        async with self._database.acquire() as connection:
            numbers = await repository.numbers_of(connection, account_id, profile_id)
            defaults = (await repository.defaults_of(connection, [account_id]))[account_id]
        events = [f"default of {EVENTS[event].label}" for event, found in defaults.items() if found == profile_id]
        return [*events, *(f"number +{number}" for number in numbers)]

    async def _check_title(self, connection: Any, account_id: int, title: str, but: UUID) -> None:
        if await repository.title_taken(connection, account_id, title, but):
            raise refuse("RBC304", "title", "Another profile has this title")

    async def _check_reach(self, draft: Draft) -> None:
        """What must not be reached is refused now; a name without an address may get one."""
        places = [(draft.url.partition("<")[0].partition("{")[0], "url", "RBC306")]
        if draft.auth.advanced is not None:
            places.append((draft.auth.advanced.auth_url, "auth", "RBC311"))
        for url, field, code in places:
            try:
                await self._context.http.check(url)
            except Refused as problem:
                raise refuse(code, field, str(problem)) from None
            except HttpFailed:
                continue

    async def _change(self, account_id: int, work: Callable[[Connection], Awaitable[T]]) -> T:
        async def told(connection: Connection) -> T:
            done = await work(connection)
            await repository.tell(connection, account_id)
            return done

        return await self._database.run(told)


def unknown(name: str) -> Exception:
    """RBC302 as the reference words it."""
    return refuse("RBC302", "params", f"No profile exists with id: {name[:100]}")
