"""The worker's part: executions claimed in sets, run side by side, saved in sets (ADR 0040)."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import msgspec

from strowger.engagement.flows.errors import Lost, Refused
from strowger.engagement.flows.listening import register
from strowger.engagement.flows.repository import accounts, flows, runs
from strowger.engagement.flows.repository.runs import Save
from strowger.engagement.flows.runner import Runner, Surroundings
from strowger.engagement.flows.schemas import Definition, Run
from strowger.engagement.flows.service import secret_id, upkeep
from strowger.engagement.flows.widgets.base import Place
from strowger.foundation.context import Context
from strowger.foundation.crypto import SealBroken
from strowger.foundation.database import CLASHES, OUTAGES, Connection
from strowger.foundation.errors import StrowgerError, Unavailable
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import repeat_when_told
from strowger.foundation.workers import live_worker_ids
from strowger.platform.gateway.gather import Gatherer
from strowger.platform.gateway.keys import Principal

register()
log = get_logger(__name__)
AT_ONCE, SHARE = 200, 50  # executions of one worker; those of one account among them
POLL_SECONDS = 1.0
MAX_ATTEMPTS = 10
KNOWN_SECONDS = 5.0
MAX_DEFINITIONS = 200
KEPT = timedelta(days=90)
INTERRUPTED = f"It was interrupted {MAX_ATTEMPTS} times."
BROKEN = "It could not be executed; the log of the worker tells why."
Key = tuple[int, int, int]


class FlowJobs:
    """The executions of one worker process."""

    def __init__(self, context: Context, worker_id: int) -> None:
        self._context, self._worker_id = context, worker_id
        self._wake = asyncio.Event()
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._busy: Counter[int] = Counter()
        self._saves: Gatherer[Save, Exception | None] = Gatherer(self._store)
        self._definitions: OrderedDict[Key, Definition] = OrderedDict()
        self._principals: dict[int, tuple[Principal, float]] = {}
        self._around = Surroundings(
            context, self._definition, self._principal, self._secret, self._published, self._save
        )
        self.jobs = (Job("flow_runs", 3600, self.forget), *upkeep(context))

    async def run(self) -> None:
        """Execute for ever, woken by new executions; those under way are given back at the end."""
        try:
            await repeat_when_told(self._context.database, runs.CHANNEL, self._wake, POLL_SECONDS, self._round)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def step(self) -> int:
        """One round, and wait for what it began; returns how many executions that were. For tests."""
        await self._round()
        tasks = list(self._running.values())
        await asyncio.gather(*tasks)
        return len(tasks)

    async def _round(self) -> None:
        try:
            await self._release()
            for run in await self._claim():
                self._begin(run)
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("flows_postponed", problem=repr(problem))
        except Exception:
            log.exception("flows_failed")

    async def _release(self) -> None:
        async def work(connection: Connection) -> int:
            live = [self._worker_id, *await live_worker_ids(connection)]
            return await runs.release(connection, live, self._worker_id, list(self._running))

        await self._context.database.run(work)

    async def _claim(self) -> list[Run]:
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return []
        return await self._context.database.run(lambda c: runs.claim(c, self._worker_id, room, SHARE, self._busy))

    def _begin(self, run: Run) -> None:
        self._busy[run.account_id] += 1
        task = asyncio.create_task(self._execute(run))
        self._running[run.id] = task
        task.add_done_callback(lambda _: self._done(run))

    def _done(self, run: Run) -> None:
        self._running.pop(run.id, None)
        self._busy[run.account_id] -= 1
        self._busy += Counter()  # forgets those that have come to nothing
        self._wake.set()

    async def _execute(self, run: Run) -> None:
        runner = Runner(self._around, run)
        try:
            if run.attempts > MAX_ATTEMPTS:
                await runner.end(INTERRUPTED)
            else:
                await self._guarded(runner)
        except Lost:
            log.info("flow_run_lost", run=str(run.id))
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("flow_run_postponed", run=str(run.id), problem=repr(problem))  # the next round gives it back
        except Exception:
            log.exception("flow_run_not_saved", run=str(run.id))

    async def _guarded(self, runner: Runner) -> None:
        try:
            await runner.go()
        except (Lost, Unavailable, *OUTAGES, *CLASHES):
            raise
        except (Refused, StrowgerError) as problem:
            await runner.end(str(problem))
        except Exception:
            log.exception("flow_run_failed")
            await runner.end(BROKEN)

    async def _save(self, save: Save) -> None:
        problem = await self._saves.ask(save)
        if problem is not None:
            raise problem

    async def _store(self, saves: Sequence[Save]) -> list[Exception | None]:
        """Save executions in one transaction; when one of them cannot be stored, each in its own."""
        try:
            mine = await self._context.database.run(lambda c: runs.save(c, self._worker_id, saves))
        except CLASHES:
            raise
        except (StrowgerError, asyncpg.PostgresError) as problem:
            if isinstance(problem, (Unavailable, *OUTAGES)):
                raise
            if len(saves) == 1:
                return [problem]
            return [found for one in saves for found in await self._store([one])]
        return [None if one.run.id in mine else Lost() for one in saves]

    async def _definition(self, account_id: int, flow_id: int, revision: int) -> Definition | None:
        """A revision; these never change, so the last ones that were used are kept."""
        key = (account_id, flow_id, revision)
        known = self._definitions.get(key)
        if known is None:
            found = await self._context.database.run(lambda c: flows.revision(c, account_id, flow_id, revision))
            if found is None:
                return None
            known = msgspec.convert(found, Definition)
        self._definitions[key] = known
        self._definitions.move_to_end(key)
        while len(self._definitions) > MAX_DEFINITIONS:
            self._definitions.popitem(last=False)
        return known

    async def _principal(self, account_id: int) -> Principal:
        """The account, at most a few seconds old."""
        now = self._context.clock.monotonic()
        known = self._principals.get(account_id)
        if known is None or now >= known[1]:
            found = await self._context.database.run(lambda c: accounts.principals(c, [account_id]))
            known = self._principals[account_id] = found[account_id], now + KNOWN_SECONDS
        return known[0]

    async def _secret(self, account_id: int, flow_id: int, name: str) -> str:
        wanted = secret_id(name)
        sealed = None
        if wanted is not None:
            sealed = await self._context.database.run(lambda c: flows.secret(c, account_id, flow_id, wanted))
        if sealed is None:
            raise Refused("The value of a header is not kept any more.")
        try:
            return self._context.secrets.open(sealed, f"flow_secret:{account_id}:{wanted}").decode()
        except SealBroken as problem:
            raise Refused("The value of a header cannot be opened.") from problem

    async def _published(self, account_id: int, flow_id: int) -> Place | None:
        found = await self._context.database.run(lambda c: flows.start_of(c, account_id, flow_id))
        return Place(flow_id, *found) if found else None

    async def forget(self) -> int:
        """Delete executions past their time; returns how many."""
        before, total, count = self._context.clock.now() - KEPT, 0, runs.CHUNK
        while count == runs.CHUNK:
            count = await self._context.database.run(lambda c: runs.forget(c, before))
            total += count
        return total
