"""One attempt: render, sign, send, and judge the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.logs import get_logger
from strowger.platform.callbacks.exchange import Exchange, exchange, own_headers, unusable
from strowger.platform.callbacks.profiles.sending import ProfileSender
from strowger.platform.callbacks.rendering import TooLarge, render
from strowger.platform.callbacks.retries import Answer, next_wait, retry_after
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, Job, Result, Target
from strowger.platform.callbacks.signing import NoAccount, SigningSecrets

log = get_logger(__name__)
KEPT = 2048  # bytes of body and answer kept with an attempt
MASK = "***"
SHOWN_HEADERS = frozenset({"content-type", "accept"})
HIDDEN_ANSWER_HEADERS = frozenset({"set-cookie", "www-authenticate"})


class Sender:
    """Makes attempts. Holds no queue: what comes back says what is to be written."""

    def __init__(self, context: Context) -> None:
        self._http, self._box, self._clock = context.http, context.secrets, context.clock
        self.signing = SigningSecrets(context.database, context.secrets, context.clock)
        self.profiles = ProfileSender(context, self.result)

    async def attempt(self, job: Job) -> Result:
        """Send a callback once. Raises Unavailable or OSError when the database holding its signing secret is away."""
        if "profile" in job.target:
            return await self.profiles.attempt(job)
        at = self._clock.now()
        try:
            target = Target.from_json(job.target, self._box, job.account_id)
            request = render(target, job.variables)
            secrets = self.signing.cached(job.account_id) or await self.signing.secrets(job.account_id)
            own = own_headers(job, request, secrets, int(self._clock.time()))
        except (SealBroken, TooLarge, NoAccount, KeyError) as problem:
            log.error("callback_unusable", callback_id=str(job.id), problem=repr(problem))
            return self.result(job, at, *unusable(job, problem))
        return self.result(job, at, target, await exchange(self._http, request, own))

    def result(self, job: Job, at: datetime, target: Target, done: Exchange) -> Result:
        """What is to be written about an attempt, and when the next one comes."""
        request, answer, error = done.request, done.answer, done.error
        due_at, outcome, now = None, AttemptOutcome.DELIVERED, self._clock.now()
        if done.kind is not Answer.DONE:
            asked = retry_after(answer.headers, now) if answer else 0.0
            wait = next_wait(target, job.attempts + 1, done.kind, job.last_error, asked)
            due_at = None if wait is None else now + timedelta(seconds=wait)
            outcome = AttemptOutcome.RETRY if due_at else AttemptOutcome.FAILED
        duration = answer.duration if answer else max(0.0, (now - at).total_seconds())
        attempt = Attempt(
            account_id=job.account_id,
            request_id=job.request_id,
            n=job.n,
            callback_id=job.id,
            event=job.event,
            attempt=job.number,
            at=at,
            duration_ms=round(duration * 1000),
            outcome=outcome,
            http_status=answer.status if answer else None,
            error=_clean(error) if error else None,
            method=request.method,
            url=_clean(request.url[:KEPT]),
            request_headers={**_masked(request.headers), **(done.own or {})},
            request_body=None if request.body is None else _text(request.body),
            response_headers=_shown(answer.headers) if answer else None,
            response_body=_text(answer.body) if answer else None,
            profile_id=UUID(job.target["profile"]) if "profile" in job.target else None,
        )
        return Result(job, attempt, due_at)


def _clean(text: str) -> str:
    return text.replace("\0", "") if "\0" in text else text


def _text(data: bytes) -> str:
    return _clean(data[:KEPT].decode("utf-8", "replace"))


def _masked(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name.lower() in SHOWN_HEADERS else MASK for name, value in headers.items()}


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    """The answer's headers, without secrets, up to about KEPT characters."""
    shown, room = {}, KEPT
    for name, value in headers.items():
        room -= len(name) + len(value)
        if room < 0:
            break
        shown[name] = MASK if name in HIDDEN_ANSWER_HEADERS else value
    return shown
