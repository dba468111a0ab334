"""One attempt of a profile's callback: its present address, token, encryption and signature (platform.md 6.3 to 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.http_client import HttpAnswer, HttpFailed, OutgoingError
from strowger.foundation.ids import uuid_time
from strowger.platform.callbacks.profiles.rendering import render_profile
from strowger.platform.callbacks.profiles.schemas import Draft, Profile, ProfileStatus
from strowger.platform.callbacks.profiles.store import ProfileStore
from strowger.platform.callbacks.profiles.tokens import AuthFailed, Tokens
from strowger.platform.callbacks.rendering import USER_AGENT, Request, TooLarge
from strowger.platform.callbacks.retries import REFUSED, Answer, classify, error_word
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, CallbackState, Job, Result, Target
from strowger.platform.callbacks.signing import sign

TIMEOUT, CONNECT_TIMEOUT = 10.0, 3.0
ANSWER_LIMIT = 4096
AUTO_DISABLED, DISABLED, DELETED = "auto_disabled", "profile_disabled", "profile_deleted"
UNAUTHORISED = 401


class MakeResult(Protocol):
    """Sender.result."""

    def __call__(
        self,
        job: Job,
        target: Target,
        request: Request,
        at: datetime,
        own: dict[str, str] | None,
        error: str | None,
        kind: Answer,
        answer: HttpAnswer | None = None,
    ) -> Result:
        """What is to be written about an attempt."""


@dataclass(slots=True)
class _Exchange:
    """What was sent and what came back."""

    request: Request
    own: dict[str, str]
    error: str | None
    kind: Answer
    answer: HttpAnswer | None = None


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
            return self._unusable(job, at, f"unusable: {problem}")
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
            return self._unusable(job, at, f"unusable: {problem}")
        except AuthFailed as problem:
            request = Request(target.method, target.url, {}, None)
            return self._result(job, target, request, at, None, f"auth_failed: {problem}", Answer.RETRY)
        return self._result(job, target, done.request, at, done.own, done.error, done.kind, done.answer)

    async def _exchange(self, job: Job, profile: Profile) -> _Exchange:
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

    async def _once(self, job: Job, profile: Profile, credentials: Mapping[str, str]) -> _Exchange:
        variables = {**job.variables, **system_variables(profile, job.event, job.id)}
        request = render_profile(profile.draft, variables, credentials)
        own = self._own_headers(job, profile, request)
        try:
            answer = await self._http.request(
                request.method,
                request.url,
                headers={**request.headers, **own},
                body=request.body,
                timeout=TIMEOUT,
                connect_timeout=CONNECT_TIMEOUT,
                max_response=ANSWER_LIMIT,
                repeatable=True,  # X-Callback-Id tells a repetition
            )
        except HttpFailed as problem:
            return _Exchange(request, own, str(problem), Answer.RETRY)
        except OutgoingError as problem:
            return _Exchange(request, own, f"{REFUSED}: {problem}", Answer.ONCE_MORE)
        return _Exchange(request, own, *_judge(profile.draft, answer), answer)

    def _own_headers(self, job: Job, profile: Profile, request: Request) -> dict[str, str]:
        callback_id = str(job.id)
        own = {
            "User-Agent": USER_AGENT,
            "X-Callback-Id": callback_id,
            "X-Callback-Attempt": str(job.number),
            "X-Callback-Profile": profile.name,
            "X-Request-Id": str(job.request_id),
        }
        if "earlier" in job.target:
            own["X-Callback-Retrigger"] = "1"
        if profile.draft.signed and profile.secrets:
            moment = int(self._clock.time())
            own.update(sign(profile.secrets, callback_id, moment, request.body, request.url))
        return own

    def _unusable(self, job: Job, at: datetime, error: str) -> Result:
        target = Target(str(job.target.get("url", "")), str(job.target.get("method", "")), retries=0)
        request = Request(target.method, target.url, {}, None)
        return self._result(job, target, request, at, None, error, Answer.GIVE_UP)

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
    kind = classify(answer.status)
    if kind is not Answer.DONE:
        return error_word(answer.status), kind
    if draft.response_message and draft.response_message not in answer.body.decode("utf-8", "replace"):
        return "wrong_answer: the agreed text is missing", Answer.RETRY
    return None, Answer.DONE
