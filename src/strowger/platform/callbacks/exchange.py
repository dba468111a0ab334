"""One HTTP exchange of a callback: the headers of our own, what is sent, and what the answer means. Profiles and inline alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from strowger.foundation.http_client import GuardedClient, HttpAnswer, HttpFailed, OutgoingError
from strowger.platform.callbacks.rendering import USER_AGENT, Request
from strowger.platform.callbacks.retries import REFUSED, Answer, classify, error_word
from strowger.platform.callbacks.schemas import Job, Target
from strowger.platform.callbacks.signing import sign

TIMEOUT, CONNECT_TIMEOUT = 10.0, 3.0
ANSWER_LIMIT = 4096
Judge = Callable[[HttpAnswer], "tuple[str | None, Answer]"]


@dataclass(slots=True)
class Exchange:
    """What was sent, with which headers of our own (None: nothing was), and what came back."""

    request: Request
    own: dict[str, str] | None
    error: str | None
    kind: Answer
    answer: HttpAnswer | None = None


def own_headers(job: Job, request: Request, secrets: tuple[bytes, ...], moment: int, **more: str) -> dict[str, str]:
    """The headers that we add: which callback and attempt it is, whether it is sent again by hand, and its signatures."""
    callback_id = str(job.id)
    own = {"User-Agent": USER_AGENT, "X-Callback-Id": callback_id, "X-Callback-Attempt": str(job.number), **more}
    if "earlier" in job.target:
        own["X-Callback-Retrigger"] = "1"
    if secrets:
        own.update(sign(secrets, callback_id, moment, request.body, request.url))
    return own


def judge_status(answer: HttpAnswer) -> tuple[str | None, Answer]:
    """What an answer means by its status alone: an error in a word, None for success; and what is to be done."""
    kind = classify(answer.status)
    return (None if kind is Answer.DONE else error_word(answer.status)), kind


async def exchange(http: GuardedClient, request: Request, own: dict[str, str], judge: Judge = judge_status) -> Exchange:
    """Send a request once and judge its answer."""
    try:
        answer = await http.request(
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
        return Exchange(request, own, str(problem), Answer.RETRY)
    except OutgoingError as problem:
        return Exchange(request, own, f"{REFUSED}: {problem}", Answer.ONCE_MORE)
    return Exchange(request, own, *judge(answer), answer)


def unusable(job: Job, problem: object) -> tuple[Target, Exchange]:
    """The end of a callback that cannot be rendered or opened: nothing was sent, and nothing will be."""
    target = Target(str(job.target.get("url", "")), str(job.target.get("method", "")), retries=0)
    return target, Exchange(Request(target.method, target.url, {}, None), None, f"unusable: {problem}", Answer.GIVE_UP)
