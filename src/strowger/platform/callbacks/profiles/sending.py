"""One attempt of a profile's callback: its present address, token, encryption and signature (platform.md 6.3 to 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.http_client import HttpAnswer
from strowger.foundation.ids import uuid_time
from strowger.platform.callbacks.exchange import Exchange, exchange, judge_status, own_headers, unusable
from strowger.platform.callbacks.profiles.rendering import render_profile
from strowger.platform.callbacks.profiles.schemas import Draft, Profile, ProfileStatus
from strowger.platform.callbacks.profiles.store import ProfileStore
from strowger.platform.callbacks.profiles.tokens import AuthFailed, Tokens
from strowger.platform.callbacks.rendering import Request, TooLarge
from strowger.platform.callbacks.retries import Answer
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, CallbackState, Job, Result, Target

AUTO_DISABLED, DISABLED, DELETED = "auto_disabled", "profile_disabled", "profile_deleted"
UNAUTHORISED = 401


class MakeResult(Protocol):
    """Sender.result."""

    def __call__(self, job: Job, at: datetime, target: Target, done: Exchange) -> Result:
        """What is to be written about an attempt."""


def system_variables(profile: Profile, event: str, event_id: UUID) -> dict[str, Any]:
    """The variables that every event has (platform.md 7.7)."""
    return {
        "account_id": profile.sid,
        "callback_profile_id": profile.name,
        "event": event,
        "event_id": str(event_id),
        "event_time": uuid_time(event_id).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }


class ProfileSender:
    """Makes the attempts of callbacks that go to a profile."""

    def __init__(self, context: Context, result: MakeResult) -> None:
        self._http, self._clock = context.http, context.clock
        self._store = ProfileStore(context)
        self.tokens = Tokens(context.http, context.clock)
        self._result = result

    def forget(self, payload: str = "") -> None:
        """Read profiles anew: one has changed."""
        self._store.forget(payload)

    async def attempt(self, job: Job) -> Result:
        """Send a callback once, or settle it unsent. Raises what tells that the database is away."""
        at = self._clock.now()
        try:
            profile = await self._store.get(job.account_id, UUID(job.target["profile"]))
        except SealBroken as problem:
            return self._result(job, at, *unusable(job, problem))
        unsent = _why_unsent(profile) if not job.target.get("once") else None
        if profile is None or unsent:
            return self._settled(job, at, *(unsent or (CallbackState.DROPPED, DELETED)))
        return await self.send(job, profile, at)

    async def send(self, job: Job, profile: Profile, at: datetime) -> Result:
        """Send a callback to a profile, whatever its state."""
        target = profile.target
        if job.target.get("once"):
            target = Target(target.url, target.method, retries=0)
        try:
            done = await self._exchange(job, profile)
        except (TooLarge, ValueError, KeyError) as problem:
            return self._result(job, at, *unusable(job, problem))
        except AuthFailed as problem:
            request = Request(target.method, target.url, {}, None)
            done = Exchange(request, None, f"auth_failed: {problem}", Answer.RETRY)
        return self._result(job, at, target, done)

    async def _exchange(self, job: Job, profile: Profile) -> Exchange:
        advanced = profile.draft.auth.advanced
        if advanced is None:
            return await self._once(job, profile, {})
        credentials = await self.tokens.header(profile.id, profile.modified_at, advanced)
        done = await self._once(job, profile, credentials)
        if done.answer is not None and done.answer.status == UNAUTHORISED:
            refused = credentials[advanced.token_header]
            credentials = await self.tokens.header(profile.id, profile.modified_at, advanced, stale=refused)
            done = await self._once(job, profile, credentials)
        return done

    async def _once(self, job: Job, profile: Profile, credentials: Mapping[str, str]) -> Exchange:
        variables = {**job.variables, **system_variables(profile, job.event, job.id)}
        request = render_profile(profile.draft, variables, credentials)
        secrets = profile.secrets if profile.draft.signed else ()
        more = {"X-Callback-Profile": profile.name, "X-Request-Id": str(job.request_id)}
        own = own_headers(job, request, secrets, int(self._clock.time()), **more)
        return await exchange(self._http, request, own, partial(_judge, profile.draft))

    def _settled(self, job: Job, at: datetime, state: CallbackState, reason: str) -> Result:
        attempt = Attempt(
            job.account_id, job.request_id, job.n, job.id, job.event, job.number, at, 0, AttemptOutcome.FAILED, None, reason,
            str(job.target.get("method", "")), str(job.target.get("url", "")), None, None, None, None,
            UUID(job.target["profile"]),
        )  # fmt: skip
        return Result(job, attempt, None, state)


def _why_unsent(profile: Profile | None) -> tuple[CallbackState, str] | None:
    """State and reason of what is not sent, because its profile is away."""
    if profile is None or profile.deleted_at is not None:
        return CallbackState.DROPPED, DELETED
    if profile.status is ProfileStatus.DISABLED:
        return CallbackState.DROPPED, DISABLED
    return (CallbackState.FAILED, AUTO_DISABLED) if profile.status is ProfileStatus.FAILING else None


def _judge(draft: Draft, answer: HttpAnswer) -> tuple[str | None, Answer]:
    """What an answer means: a success must also hold the agreed text, when there is one."""
    error, kind = judge_status(answer)
    if kind is not Answer.DONE or not draft.response_message:
        return error, kind
    if draft.response_message not in answer.body.decode("utf-8", "replace"):
        return "wrong_answer: the agreed text is missing", Answer.RETRY
    return None, Answer.DONE
