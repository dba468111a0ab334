"""One attempt: render, sign, send, and judge the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.http_client import HttpAnswer, HttpFailed, OutgoingError
from strowger.foundation.logs import get_logger
from strowger.platform.callbacks.profiles.sending import ProfileSender
from strowger.platform.callbacks.rendering import USER_AGENT, Request, TooLarge, render
from strowger.platform.callbacks.retries import REFUSED, Answer, classify, error_word, next_wait, retry_after
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome, Job, Result, Target
from strowger.platform.callbacks.signing import NoAccount, SigningSecrets, sign

log = get_logger(__name__)
TIMEOUT, CONNECT_TIMEOUT = 10.0, 3.0
ANSWER_LIMIT = 4096
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
            own = await self._own_headers(job, request)
        except (SealBroken, TooLarge, NoAccount, KeyError) as problem:
            log.error("callback_unusable", callback_id=str(job.id), problem=repr(problem))
            target = Target(str(job.target.get("url", "")), str(job.target.get("method", "")), retries=0)
            request = Request(target.method, target.url, {}, None)
            return self.result(job, target, request, at, None, f"unusable: {problem}", Answer.GIVE_UP)
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
            return self.result(job, target, request, at, own, str(problem), Answer.RETRY)
        except OutgoingError as problem:
            return self.result(job, target, request, at, own, f"{REFUSED}: {problem}", Answer.ONCE_MORE)
        kind = classify(answer.status)
        error = None if kind is Answer.DONE else error_word(answer.status)
        return self.result(job, target, request, at, own, error, kind, answer)

    async def _own_headers(self, job: Job, request: Request) -> dict[str, str]:
        secrets = self.signing.cached(job.account_id) or await self.signing.secrets(job.account_id)
        callback_id = str(job.id)
        own = {"User-Agent": USER_AGENT, "X-Callback-Id": callback_id, "X-Callback-Attempt": str(job.number)}
        if job.target.get("earlier"):
            own["X-Callback-Retrigger"] = "1"
        own.update(sign(secrets, callback_id, int(self._clock.time()), request.body, request.url))
        return own

    def result(
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
        """What is to be written about an attempt, and when the next one comes."""
        due_at, outcome, now = None, AttemptOutcome.DELIVERED, self._clock.now()
        if kind is not Answer.DONE:
            asked = retry_after(answer.headers, now) if answer else 0.0
            wait = next_wait(target, job.attempts + 1, kind, job.last_error, asked)
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
            request_headers={**_masked(request.headers), **(own or {})},
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
