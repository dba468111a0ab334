"""Messages on a bind: their parts still to send, the answers so far, and the outcome that follows from them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from strowger.channels.sms.carriers.smpp.answers import Answer, retry_seconds
from strowger.channels.sms.carriers.smpp.encoding import Encoded
from strowger.messaging.outcomes import Accepted, Outcome, PartAnswer, Rejected, Retry, Unknown
from strowger.messaging.schemas import Priority, Submission

LOCAL_TRIES = 3  # of a part whose other parts the carrier has taken already


@dataclass(slots=True, eq=False)
class Job:
    """A message: ``todo`` are the indexes of parts still to send, the next one last; ``waiting`` parts are unanswered.

    ``answers`` hold the meaning (None: no answer came) and the record of each part that was sent.
    """

    submission: Submission
    encoded: Encoded
    todo: list[int]
    waiting: int = 0
    tries: int = 0
    answers: dict[int, tuple[Answer | None, PartAnswer]] = field(default_factory=dict)

    @classmethod
    def of(cls, submission: Submission, encoded: Encoded) -> Job:
        """A job of which nothing is sent yet."""
        return cls(submission, encoded, list(range(len(encoded.parts) - 1, -1, -1)))

    @property
    def begun(self) -> bool:
        """Whether the carrier may have seen any of it."""
        return self.waiting > 0 or bool(self.answers)

    def part(self, index: int) -> int:
        """What the log calls the part of that index: from 1, or 0 when all parts were handed over as one."""
        return 0 if self.encoded.as_one else index + 1

    def parts(self) -> list[PartAnswer]:
        """The records of all parts that were sent, in their order."""
        return [self.answers[index][1] for index in sorted(self.answers)]

    def refused_alone(self) -> bool:
        """Whether a refusal stands while the carrier has taken no part yet: sending the rest would be waste."""
        return not self.waiting and not any(a is not None and a.verdict == "accepted" for a, _ in self.answers.values())

    def parts_to_repeat(self) -> list[int]:
        """Parts that the carrier deferred while it took others: these alone are sent again, not the whole message."""
        if len(self.answers) == 1:
            return []
        kinds = {index: answer.verdict if answer else "unknown" for index, (answer, _) in self.answers.items()}
        if (
            self.tries >= LOCAL_TRIES
            or "accepted" not in kinds.values()
            or {"rejected", "unknown"} & set(kinds.values())
        ):
            return []
        return sorted((index for index, kind in kinds.items() if kind != "accepted"), reverse=True)


def outcome_of(job: Job, pause: float, chance: float) -> Outcome:
    """The outcome of a job whose sent parts are all answered. The worst part decides: refused, unknown, deferred, taken.

    ``pause`` is what the carrier's throttling asks for in seconds, ``chance`` (0 to 1) spreads the retries.
    """
    submission, parts = job.submission, job.parts()
    if all(answer is not None and answer.verdict == "accepted" for answer, _ in job.answers.values()):
        return Accepted(submission, parts)
    by_verdict: dict[str, Answer] = {}
    reason = ""
    for answer, record in job.answers.values():
        verdict = answer.verdict if answer else "unknown"
        if answer and verdict not in by_verdict:
            by_verdict[verdict] = answer
        if verdict != "accepted" and not reason:
            reason = f"{record.detail.get('name', '')} {record.detail['text']}".strip()
    if refusal := by_verdict.get("rejected"):
        return Rejected(submission, refusal.trace, parts)
    if any(answer is None for answer, _ in job.answers.values()):
        return Unknown(submission, reason, parts)
    if "elsewhere" in by_verdict:
        return Retry(submission, 0.0, reason, elsewhere=True, parts=parts)
    if "retry" in by_verdict:
        return Retry(submission, retry_seconds(submission.attempts, chance), reason, parts=parts)
    return Retry(submission, max(pause, 0.1) * (1 + 0.2 * chance), reason, parts=parts)


class JobQueue:
    """Jobs that wait for room in the window: by priority, then in the order in which they came."""

    __slots__ = ("_queues", "_size")

    def __init__(self) -> None:
        self._queues: tuple[deque[Job], ...] = tuple(deque() for _ in Priority)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Job]:
        for queue in self._queues:
            yield from queue

    def _of(self, job: Job) -> deque[Job]:
        return self._queues[min(max(job.submission.priority, 0), len(self._queues) - 1)]

    def add(self, job: Job) -> None:
        """Append a job behind those of its priority."""
        self._of(job).append(job)
        self._size += 1

    def add_first(self, job: Job) -> None:
        """Put a job that was begun before those of its priority."""
        self._of(job).appendleft(job)
        self._size += 1

    def first(self) -> Job | None:
        """The job whose turn it is."""
        for queue in self._queues:
            if queue:
                return queue[0]
        return None

    def discard(self, job: Job) -> None:
        """Take a job out, if it is in."""
        queue = self._of(job)
        if queue and queue[0] is job:
            queue.popleft()
            self._size -= 1
        elif job in queue:
            queue.remove(job)
            self._size -= 1

    def take_unbegun(self) -> list[Submission]:
        """Take out all jobs of which nothing was sent."""
        unbegun = [job for job in self if not job.begun]
        self._keep([job for job in self if job.begun])
        return [job.submission for job in unbegun]

    def take_all(self) -> list[Job]:
        """Take out all jobs."""
        jobs = list(self)
        self._keep([])
        return jobs

    def _keep(self, jobs: Sequence[Job]) -> None:
        for queue in self._queues:
            queue.clear()
        self._size = 0
        for job in jobs:
            self.add(job)
