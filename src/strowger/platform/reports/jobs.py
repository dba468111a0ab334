"""Making reports in the background: claimed one by one, written to disk, stored as files, mailed with the end of the job."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES
from strowger.foundation.errors import Unavailable
from strowger.foundation.jobs import Job as Upkeep
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Letter, post
from strowger.foundation.notify import repeat_when_told
from strowger.foundation.phone import hide_numbers
from strowger.foundation.workers import live_worker_ids
from strowger.platform.files import service as files
from strowger.platform.reports import recipients, repository, service
from strowger.platform.reports.schemas import FAILED, QUEUED, Claimed, Params, ReportProblem, params_of
from strowger.platform.reports.summary import Summary
from strowger.platform.reports.types import Job, ReportType, Row, find_type
from strowger.platform.reports.writing import Writer, make_writer, pieces

log = get_logger(__name__)
CHANNEL = "report"
AT_ONCE = 2  # of one worker: the pipeline runs in the same process
POLL_SECONDS, UPKEEP_SECONDS = 2.0, 60.0
TELL_SECONDS = 0.5  # between two notes of progress
STATEMENT_SECONDS = 600
TRIES, AGAIN = 3, timedelta(seconds=30)
OUTAGE_TRIES = 20
FAILED_KIND = "report-failed"


class Stopped(Exception):
    """The report is not this worker's any more."""


class ReportJobs:
    """The reports of one worker process."""

    def __init__(self, context: Context, worker_id: int) -> None:
        self._context, self._worker_id = context, worker_id
        self._wake = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self.jobs = (Upkeep("reports_expired", UPKEEP_SECONDS, self.expire),)

    async def run(self) -> None:
        """Make reports for ever, woken by new ones."""
        try:
            await repeat_when_told(self._context.database, CHANNEL, self._wake, POLL_SECONDS, self._round)
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _round(self) -> None:
        try:
            await self.release_dead()
            while len(self._running) < AT_ONCE and (claimed := await self.claim()) is not None:
                task = asyncio.create_task(self.make(claimed))
                self._running.add(task)
                task.add_done_callback(self._done)
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("reports_postponed", problem=repr(problem))
        except Exception:
            log.exception("reports_failed")

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake.set()

    async def release_dead(self) -> int:
        """Give back to the queue what dead workers held (R-05); returns how many."""

        async def work(connection: Any) -> int:
            return await repository.release_dead(connection, [self._worker_id, *await live_worker_ids(connection)])

        return await self._context.database.run(work)

    async def claim(self) -> Claimed | None:
        """Take the next report; None when there is none."""
        now = self._context.clock.now()
        return await self._context.database.run(lambda c: repository.claim(c, self._worker_id, now))

    async def step(self) -> bool:
        """Claim and make one report; False when there was none. For tests and for callers without the loop."""
        claimed = await self.claim()
        if claimed is not None:
            await self.make(claimed)
        return claimed is not None

    async def expire(self) -> None:
        """Let finished reports whose files have gone say so, and forget old ones."""
        now = self._context.clock.now()
        await self._context.database.run(lambda c: repository.expire(c, now, now - service.REMEMBERED))

    async def make(self, claimed: Claimed) -> None:
        """Make one report: to its end, to another try, or to a failure that is told."""
        try:
            await self._make(claimed)
        except Stopped:
            log.info("report_stopped", report=str(claimed.id))
        except (ReportProblem, files.TooLarge) as problem:
            await self._give_up(claimed, str(problem))
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("report_postponed", report=str(claimed.id), problem=repr(problem), attempt=claimed.attempts)
            if claimed.attempts >= OUTAGE_TRIES:
                await self._give_up(claimed, "The database or the disk was not available, again and again.")
            else:
                await self._again(claimed, "It was interrupted.")
        except Exception as problem:
            log.exception("report_failed", report=str(claimed.id), type=claimed.type, attempt=claimed.attempts)
            if claimed.attempts >= TRIES:
                await self._give_up(claimed, "It could not be made; the operator finds the reason in the log.")
            else:
                await self._again(claimed, repr(problem)[:300])

    async def _again(self, claimed: Claimed, problem: str) -> None:
        """Back to the queue for a later try; a database that is away is waited for."""
        now = self._context.clock.now()

        async def work(connection: Any) -> None:
            await repository.give_back(
                connection, claimed.account_id, claimed.id, self._worker_id, QUEUED, now + AGAIN, problem, now
            )

        while True:
            try:
                await self._context.database.run(work)
            except (Unavailable, *OUTAGES, *CLASHES):
                await asyncio.sleep(1)
            else:
                return

    async def _give_up(self, claimed: Claimed, problem: str) -> None:
        now = self._context.clock.now()
        mine = await self._context.database.run(
            lambda c: repository.give_back(
                c, claimed.account_id, claimed.id, self._worker_id, FAILED, now, problem, now
            )
        )
        if not mine:
            return
        letter = Letter(
            f"The report “{claimed.title}” failed",
            (f"The report “{claimed.title}” could not be made: {problem}",),
            button=("Open the report", f"{self._context.settings.base_url}/reports/{claimed.id}"),
        )
        async with self._context.database.acquire() as connection:
            people = await repository.people(connection, claimed.account_id)
        to = [p["email"] for p in people if p["email"] == claimed.requested_by.lower()] or [
            p["email"] for p in people if p["role"] == "owner"
        ]
        async with self._context.database.session() as session:
            for address in to:
                await post(session, self._context, address, FAILED_KIND, letter, claimed.account_id)

    async def _make(self, claimed: Claimed) -> None:
        kind = find_type(claimed.type)
        if kind is None:
            raise ReportProblem("There is no report of this type any more.")
        params = params_of({"params": claimed.params})
        with tempfile.TemporaryDirectory(prefix="strowger-report-") as folder:
            summary = Summary(kind, params.query(0).local)
            chosen = kind.chosen(params.query(0))
            name = _file_name(kind, params)
            writer = make_writer(
                claimed.format, Path(folder), name, [kind.columns[n] for n in chosen], params.query(0).local
            )
            await self._write(claimed, kind, params, writer, summary, chosen)
            path, media_type, ending = await asyncio.to_thread(writer.close)
            expires = self._context.clock.now() + timedelta(days=1)
            stored = await files.save(
                self._context, claimed.account_id, f"{name}.{ending}", media_type, _off_loop(path), by=claimed.requested_by,
                expires=expires,
            )  # fmt: skip
        try:
            await self._finish(claimed, stored, writer.rows, summary.stored(chosen))
        except Stopped:
            await files.delete(self._context, claimed.account_id, [stored.id])
            raise

    async def _write(
        self, claimed: Claimed, kind: ReportType, params: Params, writer: Writer, summary: Summary, chosen: list[int]
    ) -> None:
        query = params.query(claimed.account_id)
        hidden = kind.private(query) if params.masked else frozenset()
        spans = query.spans()
        connection = await repository.read_only(self._context.database, STATEMENT_SECONDS)
        told = self._context.clock.monotonic()
        await self._progress(claimed, writer.rows, 0, len(spans))
        job = Job(self._context, connection, query)
        try:
            for done, span in enumerate(spans, 1):
                # A snapshot for each span: one of minutes would keep the log's pages from being tidied up.
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    async for rows in kind.rows(job, span):
                        await asyncio.to_thread(_add, writer, summary, _seen(rows, hidden), chosen)
                        if self._context.clock.monotonic() - told >= TELL_SECONDS:
                            await self._progress(claimed, writer.rows, done - 1, len(spans))
                            told = self._context.clock.monotonic()
                await self._progress(claimed, writer.rows, done, len(spans))
        except asyncpg.QueryCanceledError as problem:
            raise ReportProblem("It takes too long. Choose a shorter time or narrower filters.") from problem
        finally:
            connection.terminate()

    async def _progress(self, claimed: Claimed, rows: int, done: int, spans: int) -> None:
        mine = await self._context.database.run(
            lambda c: repository.progress(c, claimed.account_id, claimed.id, self._worker_id, rows, done, spans)
        )
        if not mine:
            raise Stopped

    async def _finish(self, claimed: Claimed, stored: files.Stored, rows: int, summary: dict[str, Any]) -> None:
        """End the report, keep its file and queue its mails, all in one transaction."""
        context, now = self._context, self._context.clock.now()
        async with context.database.acquire() as connection:
            inside, _ = await recipients.sort_out(connection, claimed.account_id, claimed.recipients)
            account = await repository.account(connection, claimed.account_id)
        if not rows and not claimed.send_empty:
            inside = []
        values = {
            "rows": rows, "size": stored.size, "file_id": stored.id, "mailed": inside, "summary": summary, "problem": "",
            "finished_at": now, "expires_at": now + service.KEPT,
        }  # fmt: skip
        row = {"account_id": claimed.account_id, "title": claimed.title, "params": claimed.params}
        async with context.database.session() as session:
            if not await repository.finish(session, claimed.account_id, claimed.id, self._worker_id, values):
                raise Stopped
            await repository.keep_file(session, claimed.account_id, stored.id, now + service.KEPT)
            await service.mail_ready(context, session, row, account["name"], stored, rows, inside)
        await context.database.run(lambda c: repository.tell(c, claimed.account_id, claimed.id))
        log.info("report_done", report=str(claimed.id), type=claimed.type, rows=rows, bytes=stored.size)


def _file_name(kind: ReportType, params: Params) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", kind.title.lower()).strip("-")
    return f"{plain}-{params.first:%Y%m%d}-{params.last:%Y%m%d}"


def _seen(rows: list[Row], hidden: frozenset[int]) -> list[Row]:
    """The rows, with what stands at the places ``hidden`` masked."""
    if not hidden:
        return rows
    return [
        [hide_numbers(str(value)) if place in hidden and value else value for place, value in enumerate(row)]
        for row in rows
    ]


def _add(writer: Writer, summary: Summary, rows: list[Row], chosen: list[int]) -> None:
    summary.add(rows)
    every = not rows or len(chosen) == len(rows[0])
    writer.write(rows if every else [[row[n] for n in chosen] for row in rows])


async def _off_loop(path: Path) -> AsyncIterator[bytes]:
    """A file in pieces, read in a thread."""
    found = pieces(path)
    while (data := await asyncio.to_thread(next, found, None)) is not None:
        yield data
