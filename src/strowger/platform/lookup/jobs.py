"""Background lookups: numbers that wait are taken in batches, asked about, tried again, and forgotten after 30 days."""

from __future__ import annotations

from datetime import timedelta

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.jobs import Job
from strowger.foundation.phone import plan_facts
from strowger.platform.lookup import asking, repository, service
from strowger.platform.lookup.schemas import Finding, Provider, Waiting, failure

BATCH, IDLE_SECONDS, TIDY_SECONDS = 400, 1.0, 3600.0
WAITS = (10, 60)  # seconds before the second and third attempt
KEPT = timedelta(days=30)


class LookupJobs:
    """The work of one worker process; any number of them may run it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What a worker repeats."""
        return (Job("lookups", IDLE_SECONDS, self.work_all), Job("forget_lookups", TIDY_SECONDS, self.forget))

    async def work_all(self) -> None:
        """Answer numbers as long as some wait."""
        while await self.work():
            pass

    async def work(self) -> int:
        """Answer one batch of the numbers that wait; returns how many were taken."""
        context = self._context

        async def take(connection: Connection) -> tuple[list[Waiting], list[Provider]]:
            taken = await repository.claim(connection, context.clock.now(), BATCH, service.LEASE)
            return taken, await asking.load(context, connection) if taken else []

        taken, providers = await context.database.run(take)
        if not taken:
            return 0
        answers = await asking.ask(context, providers, {one.number: _country(one.number) for one in taken})
        results: list[tuple[Waiting, Finding]] = []
        later: dict[int, list[Waiting]] = {}
        for one in taken:
            found = answers.found.get(one.number)
            if found is None and one.attempts <= len(WAITS):
                later.setdefault(WAITS[one.attempts - 1], []).append(one)
                continue
            results.append((one, found or failure("TIMEOUT", plan_facts(one.number), "hlr")))
        await service.settle(context, results, answers)
        for seconds, waiting in later.items():
            due_at = context.clock.now() + timedelta(seconds=seconds)
            await context.database.run(lambda c, w=waiting, d=due_at: repository.put_off(c, w, d))  # type: ignore[misc]
        return len(taken)

    async def forget(self) -> int:
        """Delete what ended more than 30 days ago; returns how many requests."""
        before, count = self._context.clock.now() - KEPT, 0
        while found := await self._context.database.run(lambda c: repository.forget(c, before)):
            count += found
        return count


def _country(number: str) -> str:
    facts = plan_facts(number)
    return facts.country if facts else ""
