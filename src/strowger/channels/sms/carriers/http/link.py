"""One sender of an HTTP carrier: takes from the lane what it has room for, asks the provider, and reports each outcome once."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections import deque
from collections.abc import Sequence
from typing import Any

from strowger.channels.sms.carriers.counters import Counters
from strowger.channels.sms.carriers.feeder import Feeder
from strowger.channels.sms.carriers.http.answers import ACCEPTED, AnswerReader, Meaning, Reading
from strowger.channels.sms.carriers.http.config import HttpConfig
from strowger.channels.sms.carriers.http.outcome import Sending
from strowger.channels.sms.carriers.http.request import CannotWrite, PartRequest, RequestWriter
from strowger.channels.sms.carriers.http.trouble import Trouble
from strowger.channels.sms.carriers.pacing import Pace
from strowger.channels.sms.carriers.schemas import BOUND, DOWN, PAUSED, THROTTLED, Surroundings
from strowger.foundation.http_client import HttpFailed, OutgoingError, Refused
from strowger.foundation.logs import get_logger
from strowger.messaging.schemas import Submission

log = get_logger(__name__)
MAX_ANSWER = 64 * 1024
PREFETCH_SECONDS = 0.5  # of a limited rate
MAX_RETRY_AFTER = 300.0
# Failures after which nothing of the request can have reached the provider.
NOT_SENT = frozenset({"connect_timeout", "connection_refused", "not_connected", "tls_failed", "name_not_resolved"})


class HttpLink:
    """Sender number ``bind`` (from 1) of a carrier."""

    def __init__(self, around: Surroundings, config: HttpConfig, secret: str, bind: int, paused: bool) -> None:
        self.bind = bind
        self._around, self._lane, self._journal = around, around.lane, around.journal
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(config.tps / config.binds)
        self._counters = Counters()
        self._trouble = Trouble(config)
        self._ready: deque[Submission] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._feeder = Feeder(around.lane, self._wanted, self._admit, lambda: self._closed)
        self._paused, self._stopping = paused, False
        self._state = ""
        self._wake: asyncio.TimerHandle | None = None
        self.apply(config, secret)

    def apply(self, config: HttpConfig, secret: str) -> None:
        """Use another configuration from the next message on."""
        self._config = config
        self._writer = RequestWriter(config, secret, self._around.hook, self._around.mark)
        self._reader = AnswerReader(
            config.answers,
            (config.code_path, config.code_pattern),
            (config.id_path, config.id_pattern),
            config.error_path,
        )
        if config.tps / config.binds != self._pace.tps:
            self._pace.resize(config.tps / config.binds)
        self._trouble.apply(config)

    # Life

    def start(self) -> None:
        """Begin to take work."""
        self._feeder.start()
        self.tick()

    async def stop(self, drain_seconds: float) -> None:
        """Take no more, give back what is not begun, wait for open answers at most ``drain_seconds``."""
        self._stopping = True
        await self._feeder.stop()
        await self._give_back()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=drain_seconds)
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._wake is not None:
            self._wake.cancel()
        self._tell(DOWN, "stopped")

    def pause(self) -> None:
        """Send nothing more; what is not begun goes back to the lane."""
        self._paused = True
        self._spawn(self._give_back())
        self.tick()

    def resume(self) -> None:
        """Send again."""
        self._paused = False
        self._feeder.wake()
        self.tick()

    async def _give_back(self) -> None:
        waiting = list(self._ready)
        self._ready.clear()
        await self._lane.release(waiting)

    def tick(self) -> None:
        """Tell the state and the counters; to be called about once per second."""
        now = self._loop.time()
        self._counters.measure(now)
        if self._paused:
            self._tell(PAUSED, "ready, sends nothing")
        elif self._trouble.is_down(now):
            self._tell(DOWN, self._trouble.words(now))
        elif self._pace.is_throttled(now):
            self._tell(THROTTLED, f"slowed down to {self._pace.rate:.0f}/s: {self._counters.last_error}")
        else:
            self._tell(BOUND, "tries again with one message at a time" if self._trouble.is_trying else "")
        if self._wanted() > 0:
            self._feeder.wake()

    def _tell(self, state: str, detail: str) -> None:
        if state != self._state:
            log.info("link_state", carrier=self._around.name, bind=self.bind, state=state, detail=detail)
        self._state = state
        figures = self._counters.snapshot(self._config.concurrency, len(self._tasks))
        self._around.on_state(self.bind, state, detail or None, figures)

    # Taking

    @property
    def _closed(self) -> bool:
        return self._paused or self._stopping

    def _limit(self) -> int:
        """How many messages may be under way."""
        now = self._loop.time()
        if self._closed or self._trouble.is_down(now) or self._pace.pause(now) > 0:
            return 0
        return 1 if self._trouble.is_trying else self._config.concurrency

    def _wanted(self) -> int:
        limit = self._limit()
        if not limit:
            return 0
        want = target = 2 * limit if limit > 1 else 1
        want -= len(self._ready) + len(self._tasks)
        if self._pace.rate:  # bounds what waits here for its leave, not what a slow provider has under way
            target = min(target, max(1, math.ceil(self._pace.rate * PREFETCH_SECONDS)))
            want = min(want, target - len(self._ready))
        return want if want >= max(1, target // 4) else 0

    def _admit(self, taken: Sequence[Submission]) -> None:
        self._ready.extend(taken)
        self._pump()

    def _pump(self) -> None:
        """Begin what concurrency and pace allow."""
        if self._closed:
            return
        while self._ready and len(self._tasks) < self._limit():
            delay = self._pace.delay(self._loop.time())
            if delay > 0:
                self._pump_after(delay)
                break
            self._spawn(self._hand_over(self._ready.popleft()))
        if self._ready and self._trouble.is_down(self._loop.time()):
            waiting = list(self._ready)
            self._ready.clear()
            self._spawn(self._lane.release(waiting))
        elif self._ready and not self._limit():
            self._pump_after(max(0.05, self._pace.pause(self._loop.time())))
        if self._wanted() > 0:
            self._feeder.wake()

    def _pump_after(self, seconds: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = self._loop.call_later(seconds, self._pump)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("hand_over_failed", carrier=self._around.name, problem=repr(problem))
        self._pump()

    # Handing over

    async def _hand_over(self, submission: Submission) -> None:
        """Ask for each part in turn; leave for the first part was given before. Reports exactly one outcome."""
        sending = Sending(submission, self.bind)
        try:
            requests = self._writer.write(submission, self._around.clock.now())
            for index, request in enumerate(requests):
                if index:
                    await self._leave()
                if not await self._hand_over_part(sending, request, len(requests)):
                    break
        except CannotWrite as problem:
            sending.cannot_write(str(problem), self._around.clock.now())
        except asyncio.CancelledError:
            sending.broken_off(self._around.clock.now())
            self._counters.unanswered += 1
        except Exception as problem:
            log.exception("hand_over_failed", carrier=self._around.name, bind=self.bind)
            sending.broken_off(self._around.clock.now(), repr(problem))
        pause = self._pace.pause(self._loop.time())
        self._journal.outcome(sending.outcome(pause, random.random()))  # noqa: S311

    async def _hand_over_part(self, sending: Sending, request: PartRequest, total: int) -> bool:
        """Ask for one part, again a few times when others were taken already; returns whether the next may follow."""
        while True:
            reading = await self._ask(request)
            self._count(reading)
            operator_id = reading.operator_id or request.own_id
            sending.note(request.part, reading, operator_id, self._around.clock.now())
            if reading.meaning.verdict == "accepted":
                return True
            if not sending.may_repeat(total):
                return False
            await asyncio.sleep(max(1.0, self._pace.pause(self._loop.time())))
            await self._leave()

    async def _leave(self) -> None:
        """Wait for the pace's leave to send one request."""
        while (delay := self._pace.delay(self._loop.time())) > 0:  # noqa: ASYNC110 - the pace tells how long
            await asyncio.sleep(delay)

    async def _ask(self, request: PartRequest) -> Reading:
        self._counters.submitted += 1
        config = self._config
        try:
            answer = await self._around.http.request(
                config.method, request.url, headers=request.headers, body=request.body, timeout=config.timeout,
                connect_timeout=config.connect_timeout, max_response=MAX_ANSWER,
            )  # fmt: skip
        except OutgoingError as problem:
            return _without_answer(problem)
        reading = self._reader.read(answer.status, answer.body, answer.truncated)
        reading.detail["ms"] = round(answer.duration * 1000)
        if reading.meaning.verdict == "throttled":
            with contextlib.suppress(ValueError):
                wanted = float(answer.headers.get("retry-after", ""))
                reading.detail["retry_after"] = min(max(0.0, wanted), MAX_RETRY_AFTER)
        return reading

    def _count(self, reading: Reading) -> None:
        counters, meaning, now = self._counters, reading.meaning, self._loop.time()
        if meaning.trouble:
            self._trouble.failed(now, meaning.text)
        else:
            self._trouble.worked()
        if meaning.verdict == "accepted":
            counters.accepted += 1
            return
        counters.last_error = f"{reading.detail.get('name', '')} {meaning.text}".strip()
        if meaning.verdict == "rejected":
            counters.rejected += 1
        elif meaning.verdict == "throttled":
            counters.throttled += 1
            self._pace.throttled(now)
        elif meaning.verdict == "unknown":
            counters.unanswered += 1
        else:
            counters.retried += 1
        if meaning.trouble or meaning.verdict == "throttled":
            self.tick()


def _without_answer(problem: OutgoingError) -> Reading:
    """What follows when there is no answer: nothing was sent, or nobody knows."""
    reason = problem.reason if isinstance(problem, HttpFailed) else ""
    if isinstance(problem, Refused):
        text = f"The request was not let out: {problem}. See STROWGER_ALLOWED_NETWORKS."
        meaning = Meaning("retry", "", text, True)
    elif reason in NOT_SENT:
        meaning = Meaning("retry", "", f"The carrier could not be reached: {problem}.", True)
    else:
        meaning = Meaning("unknown", ACCEPTED.trace, f"The carrier gave no usable answer: {problem}.", True)
    return Reading(meaning, None, {"text": meaning.text, **({"name": reason} if reason else {})})
