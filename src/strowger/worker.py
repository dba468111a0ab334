"""Composition root of a worker process: the pipeline, the carriers, the upkeep."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from functools import partial

from strowger.channels.sms.carriers.manager import CarrierManager
from strowger.channels.sms.pipeline import SmsRules
from strowger.channels.sms.screening.jobs import ScreeningJobs
from strowger.engagement.links.jobs import forget_clicks
from strowger.foundation.context import Context, build_context
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Postman
from strowger.foundation.process import tune_process
from strowger.foundation.settings import Settings
from strowger.foundation.workers import WorkerLease
from strowger.messaging.jobs import Job, Upkeep
from strowger.messaging.service import Pipeline
from strowger.platform.billing.jobs import MoneyJobs
from strowger.platform.files import service as files
from strowger.platform.team import jobs as people_jobs

log = get_logger(__name__)
DRAIN_SECONDS = 8.0
NICENESS = 5


def _tune_process() -> None:
    """On a machine that is full, accepting goes first: a client waits for it, while what the pipeline has to do is on disk."""
    os.nice(NICENESS)
    tune_process()


async def serve_worker(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT; then drain: answer what is in flight, give back the rest (R-16)."""
    _tune_process()
    context = build_context(settings)
    await context.database.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await _run(context, stop)
    finally:
        await context.http.close()
        with contextlib.suppress(TimeoutError):
            await context.database.close()


async def _run(context: Context, stop: asyncio.Event) -> None:
    lease = WorkerLease(context.database, "worker")
    worker_id = await lease.start()
    pipeline = Pipeline(context, worker_id, SmsRules())
    await pipeline.start()
    carriers = CarrierManager(context, worker_id, pipeline.journal, pipeline.lanes.lane)
    await carriers.start()
    jobs = Upkeep(pipeline, pipeline.journal, context.settings.retention_days)
    jobs.jobs = (
        *jobs.jobs,
        Job("link_clicks", 3600, partial(forget_clicks, context)),
        Job("files", 600, partial(files.purge, context)),
    )
    upkeep = asyncio.create_task(jobs.run())
    postman = asyncio.create_task(Postman(context).run())
    money = asyncio.create_task(MoneyJobs(context).run())
    screening = asyncio.create_task(ScreeningJobs(pipeline).run())
    people = asyncio.create_task(people_jobs.run(context))
    log.info("worker_ready", worker_id=worker_id)
    failed = asyncio.create_task(pipeline.failed())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((failed, stopping), return_when=asyncio.FIRST_COMPLETED)
    upkeep.cancel()
    screening.cancel()
    postman.cancel()
    people.cancel()
    money.cancel()
    failed.cancel()
    await carriers.stop(DRAIN_SECONDS)
    await pipeline.stop()
    await lease.stop()
    log.info("worker_stopped", worker_id=worker_id)
