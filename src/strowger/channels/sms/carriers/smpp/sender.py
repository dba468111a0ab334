"""The sending half of a bind: submits in order what the window and the pace allow, and matches the answers."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime

from strowger.channels.sms.carriers.counters import Counters
from strowger.channels.sms.carriers.feeder import Feeder
from strowger.channels.sms.carriers.pacing import Pace, SlowStart
from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.channels.sms.carriers.smpp.answers import Answer, explain_answer, read_overrides, status_name
from strowger.channels.sms.carriers.smpp.config import SmppConfig
from strowger.channels.sms.carriers.smpp.connection import Connection
from strowger.channels.sms.carriers.smpp.encoding import Encoder, trace_of
from strowger.channels.sms.carriers.smpp.jobs import Job, JobQueue, outcome_of
from strowger.messaging.outcomes import PartAnswer, Rejected, Unknown
from strowger.messaging.schemas import Submission
from strowger.protocols.smpp.constants import SUBMIT_SM_RESP
from strowger.protocols.smpp.errors import SmppError
from strowger.protocols.smpp.fast import parse_submit_sm_resp
from strowger.protocols.smpp.ids import normalise_id
from strowger.protocols.smpp.status import ESME_RINVBNDSTS, ESME_RUNKNOWNERR

PREFETCH_SECONDS = 0.5  # of a limited rate
REPEAT_SECONDS = 1.0  # before deferred parts of a message are sent again
CHECKS_PER_TIMEOUT = 10


class Sender:
    """Sends on one bound connection; the journal hears of each message once."""

    def __init__(
        self,
        around: Surroundings,
        config: SmppConfig,
        connection: Connection,
        pace: Pace,
        counters: Counters,
        bind: int,
    ) -> None:
        self._lane, self._journal, self._clock = around.lane, around.journal, around.clock
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._bind = bind
        self._pace = pace
        self._counters = counters
        self._ready = JobQueue()
        self._deferred: set[Job] = set()
        self._flight: dict[int, tuple[Job, int, float]] = {}
        self._feeder = Feeder(self._lane, self._wanted, self._admit, self._closed)
        self._settled = asyncio.Event()
        self._wake: asyncio.TimerHandle | None = None
        self._check: asyncio.TimerHandle | None = None
        self._blind_at = float("-inf")
        self._paused = self._stopping = False
        self.on_throttled: Callable[[], None] = lambda: None
        self.window = SlowStart(config.window)
        self.apply(config)
        connection.on(SUBMIT_SM_RESP, self._on_answer)
        connection.on_nack = self._on_nack
        connection.on_writable = self._pump

    def apply(self, config: SmppConfig) -> None:
        """Use another configuration from the next message on."""
        self._config = config
        self._encoder = Encoder(config)
        self._overrides = read_overrides(config.answers)
        self.window.resize(config.window)

    @property
    def in_flight(self) -> int:
        """How many submits wait for their answer."""
        return len(self._flight)

    # Life

    def start(self, paused: bool) -> None:
        """Begin to take work."""
        self._paused = paused
        self._feeder.start()
        self._check_timeouts()

    async def pause(self) -> None:
        """Begin no more messages; those that are not begun go back to the lane."""
        self._paused = True
        await self._lane.release(self._ready.take_unbegun())

    def resume(self) -> None:
        """Send again."""
        self._paused = False
        self._feeder.wake()

    async def drain(self, seconds: float) -> None:
        """Take no more, give back what is not begun, and wait for open answers at most ``seconds``."""
        self._stopping = True
        await self._feeder.stop()
        await self._lane.release(self._ready.take_unbegun())
        try:
            async with asyncio.timeout(seconds):
                while (self._flight or self._deferred or self._ready) and not self._connection.is_closed:
                    self._settled.clear()
                    self._pump()
                    await self._settled.wait()
        except TimeoutError:
            pass

    async def close(self, reason: str) -> None:
        """The link is gone: report what was begun as unknown, give back the rest."""
        self._stopping = True
        for handle in (self._wake, self._check):
            if handle is not None:
                handle.cancel()
        unbegun = self._ready.take_unbegun()
        begun = dict.fromkeys(
            [job for job, _, _ in self._flight.values()] + list(self._deferred) + self._ready.take_all()
        )
        self._flight.clear()
        self._deferred.clear()
        for job in begun:
            self._counters.unanswered += job.waiting
            self._journal.outcome(Unknown(job.submission, reason, job.parts()))
        self._settled.set()
        await self._feeder.stop()
        await self._lane.release(unbegun)

    # Taking

    def _closed(self) -> bool:
        return self._paused or self._stopping or self._connection.is_closed

    def _wanted(self) -> int:
        """Room in the window and as much again, so that the next round trip to the store costs no time."""
        if self._closed() or self._pace.pause(self._loop.time()) > 0:
            return 0
        size = self.window.size
        target = max(0, size - len(self._flight)) + size
        if self._pace.rate:
            target = min(target, max(1, math.ceil(self._pace.rate * PREFETCH_SECONDS)))
        want = target - len(self._ready)
        return want if want >= max(1, target // 2) else 0

    def _admit(self, taken: Sequence[Submission]) -> None:
        now = self._clock.now()
        for submission in taken:
            try:
                self._ready.add(Job.of(submission, self._encoder.encode(submission, now)))
            except SmppError as problem:
                self._refuse_unsent(submission, problem, now)
        self._pump()

    def _refuse_unsent(self, submission: Submission, problem: SmppError, now: datetime) -> None:
        detail = {"text": f"The message cannot be written for this carrier: {problem}", "bind": self._bind}
        self._counters.rejected += 1
        self._journal.outcome(Rejected(submission, trace_of(problem), [PartAnswer(1, now, None, detail)]))

    # Sending

    def _pump(self) -> None:
        """Send what the window, the pace and the socket allow."""
        now = self._loop.time()
        room = self.window.size - len(self._flight)
        connection = self._connection
        while room > 0 and connection.writable and not connection.is_closed:
            job = self._ready.first()
            if job is None or (self._paused and not job.begun):
                break
            delay = self._pace.delay(now)
            if delay > 0:
                self._wake_after(delay)
                break
            self._send_part(job, now)
            room -= 1
        if self._wanted() > 0:
            self._feeder.wake()

    def _wake_after(self, seconds: float) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake = self._loop.call_later(seconds, self._pump)

    def _send_part(self, job: Job, now: float) -> None:
        index = job.todo.pop()
        if not job.todo:
            self._ready.discard(job)
        sequence = self._connection.next_sequence()
        part = job.encoded.parts[index]
        try:
            frame = job.encoded.template.frame(
                sequence, job.submission.recipient, part.message, part.tlvs, udh=part.udh
            )
        except SmppError as problem:
            self._ready.discard(job)
            self._refuse_unsent(job.submission, problem, self._clock.now())
            return
        job.waiting += 1
        self._flight[sequence] = (job, index, now + self._config.response_timeout)
        self._counters.submitted += 1
        self._connection.send(frame)

    # Answers

    def _on_answer(self, frame: bytes) -> None:
        try:
            status, sequence, message_id = parse_submit_sm_resp(frame)
        except SmppError as problem:
            self._connection.fail(f"an answer cannot be read: {problem}")
            return
        entry = self._flight.pop(sequence, None)
        if entry is None:
            self._counters.late_answers += 1
            return
        self._answered(entry[0], entry[1], sequence, status, message_id)

    def _on_nack(self, sequence: int, status: int) -> bool:
        entry = self._flight.pop(sequence, None)
        if entry is None:
            return False
        self._answered(entry[0], entry[1], sequence, status or ESME_RUNKNOWNERR, "", nack=True)
        return True

    def _answered(self, job: Job, index: int, sequence: int, status: int, message_id: str, nack: bool = False) -> None:
        answer = explain_answer(status, self._overrides)
        detail = {
            "command_status": f"0x{status:08X}",
            "name": status_name(status),
            "text": answer.text,
            "sequence": sequence,
            "bind": self._bind,
        }
        if nack:
            detail["generic_nack"] = True
        operator_id = normalise_id(message_id, self._config.id_quirk, "submit") if not status else None
        self._count(answer, detail)
        job.answers[index] = (answer, PartAnswer(job.part(index), self._clock.now(), operator_id, detail))
        job.waiting -= 1
        if job.todo and (answer.verdict == "rejected" or job.refused_alone()):
            job.todo.clear()
            self._ready.discard(job)
        if not job.waiting and not job.todo:
            self._settle(job)
        if status == ESME_RINVBNDSTS:
            self._connection.fail("the carrier says that the session is not bound for sending")
        else:
            self._pump()

    def _count(self, answer: Answer, detail: dict[str, object]) -> None:
        counters = self._counters
        if answer.verdict == "accepted":
            counters.accepted += 1
            self.window.good()
            return
        counters.last_error = f"{detail['name']}: {answer.text}"
        if answer.verdict == "rejected":
            counters.rejected += 1
            self.window.good()
        elif answer.verdict == "throttled":
            counters.throttled += 1
            self._wake_after(self._pace.throttled(self._loop.time()))
            self.on_throttled()
        else:
            counters.retried += 1

    def _settle(self, job: Job) -> None:
        """Every part that was sent has its answer: report, or send once more what alone was deferred."""
        repeat = job.parts_to_repeat()
        pause = self._pace.pause(self._loop.time())
        if repeat:
            job.todo, job.tries = repeat, job.tries + 1
            self._deferred.add(job)
            self._loop.call_later(max(pause, REPEAT_SECONDS), self._repeat, job)
            return
        self._journal.outcome(outcome_of(job, pause, random.random()))  # noqa: S311
        self._settled.set()

    def _repeat(self, job: Job) -> None:
        if job in self._deferred:
            self._deferred.discard(job)
            self._ready.add_first(job)
            self._pump()
            self._settled.set()

    def _check_timeouts(self) -> None:
        """Sent first is due first. While we do not read, answers may wait in the socket: nothing times out then."""
        timeout = self._config.response_timeout
        self._check = self._loop.call_later(min(1.0, timeout / CHECKS_PER_TIMEOUT), self._check_timeouts)
        now = self._loop.time()
        if not self._connection.is_reading:
            self._blind_at = now
        if now - self._blind_at < timeout / 5:
            return
        late = []
        for sequence, (_, _, due) in self._flight.items():
            if due > now:
                break
            late.append(sequence)
        for sequence in late:
            self._unanswered(sequence, timeout)
        if late:
            self.window.restart()
        self._pump()

    def _unanswered(self, sequence: int, timeout: float) -> None:
        job, index, _ = self._flight.pop(sequence)
        text = f"The carrier gave no answer within {timeout:g} s."
        self._counters.unanswered += 1
        self._counters.last_error = text
        detail = {"text": text, "sequence": sequence, "bind": self._bind}
        job.answers[index] = (None, PartAnswer(job.part(index), self._clock.now(), None, detail))
        job.waiting -= 1
        job.todo.clear()
        self._ready.discard(job)
        if not job.waiting:
            self._settle(job)
