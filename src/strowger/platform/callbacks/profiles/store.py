"""Stored profiles: sealing and opening, and those that a process keeps at hand for moments."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from strowger.foundation.clock import Clock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.platform.callbacks.profiles import repository
from strowger.platform.callbacks.profiles.schemas import Auth, Draft, Encryption, Profile, ProfileStatus

KEPT_SECONDS = 5.0
MAX_KEPT = 5_000


def _bound(account_id: int, profile_id: UUID) -> str:
    return f"callback_profile:{account_id}:{profile_id}"


def seal_secret(box: SecretBox, account_id: int, profile_id: UUID, secret: bytes) -> bytes:
    """A profile's signing secret as it is stored."""
    return box.seal(secret, _bound(account_id, profile_id))


def seal_draft(box: SecretBox, account_id: int, profile_id: UUID, draft: Draft) -> dict[str, Any]:
    """A draft as the columns of repository.WRITTEN."""
    bound = _bound(account_id, profile_id)
    plain = draft.auth.type == "none"
    return {
        "title": draft.title,
        "events": list(draft.events),
        "statuses": list(draft.statuses),
        "method": draft.method,
        "url": draft.url,
        "body_type": draft.body_type,
        "body": draft.body,
        "response_message": draft.response_message,
        "retry": draft.retry,
        "signed": draft.signed,
        "headers_sealed": box.seal(msgspec.json.encode(draft.headers), bound) if draft.headers else None,
        "auth_sealed": None if plain else box.seal(msgspec.json.encode(draft.auth), bound),
        "enc_sealed": box.seal(msgspec.json.encode(draft.enc), bound) if draft.enc else None,
    }


def open_profile(box: SecretBox, row: Mapping[str, Any], clock: Clock) -> Profile:
    """A profile out of its row. Raises SealBroken."""
    bound = _bound(row["account_id"], row["id"])

    def opened(column: str) -> bytes | None:
        return box.open(row[column], bound) if row[column] is not None else None

    headers, auth, enc = opened("headers_sealed"), opened("auth_sealed"), opened("enc_sealed")
    secrets = [secret for secret in (opened("secret_sealed"),) if secret]
    until = row["secret_previous_until"]
    if until is not None and until > clock.now():
        secrets += [secret for secret in (opened("secret_previous_sealed"),) if secret]
    draft = Draft(
        title=row["title"],
        channel=row["channel"],
        method=row["method"],
        url=row["url"],
        events=tuple(row["events"]),
        statuses=tuple(row["statuses"]),
        headers=msgspec.json.decode(headers) if headers else {},
        body_type=row["body_type"],
        body=row["body"],
        response_message=row["response_message"],
        enc=msgspec.json.decode(enc, type=Encryption) if enc else None,
        auth=msgspec.json.decode(auth, type=Auth) if auth else Auth(),
        retry=row["retry"],
        signed=row["signed"],
    )
    kept = ("failing_since", "failures", "last_error", "disabled_at", "disabled_why", "deleted_at")
    return Profile(
        row["id"], row["account_id"], row["sid"], row["pod"], draft, ProfileStatus(row["status"]), row["created_at"],
        row["modified_at"], tuple(secrets), until if len(secrets) > 1 else None, **{name: row[name] for name in kept},
    )  # fmt: skip


class ProfileStore:
    """Profiles at hand: read when first needed, forgotten after moments or when one changes."""

    def __init__(self, context: Context) -> None:
        self._database: Database = context.database
        self._box, self._clock = context.secrets, context.clock
        self._kept: dict[tuple[int, UUID], tuple[Profile | None, float]] = {}
        self._reads: dict[tuple[int, UUID], asyncio.Task[Profile | None]] = {}

    def forget(self, _payload: str = "") -> None:
        """Drop everything; a read under way is not kept either."""
        self._kept, self._reads = {}, {}

    async def get(self, account_id: int, profile_id: UUID) -> Profile | None:
        """A profile of the account, deleted or not. Raises SealBroken, or an outage of the database."""
        key = (account_id, profile_id)
        kept = self._kept.get(key)
        if kept and kept[1] > self._clock.monotonic():
            return kept[0]
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = asyncio.create_task(self._read(key, self._kept))
        try:
            return await asyncio.shield(read)
        finally:
            if read.done() and self._reads.get(key) is read:
                del self._reads[key]

    async def _read(self, key: tuple[int, UUID], kept: dict[Any, Any]) -> Profile | None:
        row = await repository.find(self._database.pool, *key)
        profile = open_profile(self._box, row, self._clock) if row else None
        if len(kept) >= MAX_KEPT:
            kept.clear()
        kept[key] = (profile, self._clock.monotonic() + KEPT_SECONDS)
        return profile
