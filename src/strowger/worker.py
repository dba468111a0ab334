"""Composition root of a worker process: the pipeline, the carriers, the upkeep."""

from __future__ import annotations

import asyncio
import os
from functools import partial

from strowger.channels.sms.carriers.manager import CarrierManager
from strowger.channels.sms.pipeline import SmsRules
from strowger.channels.sms.receive import jobs as receive_jobs
from strowger.channels.sms.screening.jobs import ScreeningJobs
from strowger.engagement.campaigns.jobs import Expander, forget_contacts
from strowger.engagement.flows.jobs import FlowJobs
from strowger.engagement.links.jobs import forget_clicks
from strowger.foundation.context import Context
from strowger.foundation.jobs import Job, run_jobs
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Postman
from strowger.foundation.process import run_until, working
from strowger.foundation.settings import Settings
from strowger.foundation.workers import WorkerLease
from strowger.messaging.erasing import erase_texts
from strowger.messaging.jobs import Upkeep
from strowger.messaging.own_traces.service import keep as keep_traces
from strowger.messaging.service import Pipeline
from strowger.platform.billing.jobs import MoneyJobs
from strowger.platform.directory import importing
from strowger.platform.directory.importing import Importer
from strowger.platform.files import service as files
from strowger.platform.guard.alerts import limit_jobs
from strowger.platform.health.alarms import alarm_jobs
from strowger.platform.lookup.jobs import LookupJobs
from strowger.platform.notifications.jobs import notification_jobs
from strowger.platform.notifications.mirror import mirror_jobs
from strowger.platform.privacy.jobs import DataJobs
from strowger.platform.reports.jobs import ReportJobs
from strowger.platform.subaccounts import events as subaccount_events
from strowger.platform.team.jobs import people_jobs
from strowger.wiring import wire

log = get_logger(__name__)
DRAIN_SECONDS = 8.0
NICENESS = 5


async def serve_worker(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT; then drain: answer what is in flight, give back the rest (R-16)."""
    # On a machine that is full, accepting goes first: a client waits for it, while what the pipeline has to do is on disk.
    os.nice(NICENESS)
    async with working(settings) as (context, stop):
        await _run(context, stop)


async def _run(context: Context, stop: asyncio.Event) -> None:
    lease = WorkerLease(context.database, "worker")
    worker_id = await lease.start()
    pipeline = Pipeline(context, worker_id, SmsRules(context.secrets))
    await pipeline.start()
    carriers = CarrierManager(context, worker_id, pipeline.journal, pipeline.lanes.lane)
    await carriers.start()
    wire()
    reports = ReportJobs(context, worker_id)
    flows = FlowJobs(context, worker_id)
    jobs = (
        *Upkeep(pipeline, pipeline.journal, context.settings.retention_days).jobs,
        *MoneyJobs(context, subaccount_events.hear).jobs,
        *ScreeningJobs(pipeline).jobs,
        *people_jobs(context),
        *DataJobs(context).jobs,
        *LookupJobs(context).jobs,
        *notification_jobs(context),
        *limit_jobs(context),
        *alarm_jobs(context),
        *mirror_jobs(context),
        *reports.jobs,
        Job("imports", 1, Importer(context).run),
        Job("forget_imports", 3600, partial(importing.forget, context)),
        *flows.jobs,
        Job("campaigns", 1, Expander(context).run),
        Job("campaign_contacts", 3600, partial(forget_contacts, context)),
        Job("message_texts", 3600, partial(erase_texts, context)),
        Job("link_clicks", 3600, partial(forget_clicks, context)),
        Job("files", 600, partial(files.purge, context)),
        Job("received", 3600, partial(receive_jobs.forget, context)),
    )
    log.info("worker_ready", worker_id=worker_id)
    await run_until(
        stop,
        pipeline.failed(),
        run_jobs(jobs),
        Postman(context).run(),
        reports.run(),
        flows.run(),
        keep_traces(context.database),
    )
    await carriers.stop(DRAIN_SECONDS)
    await pipeline.stop()
    await lease.stop()
    log.info("worker_stopped", worker_id=worker_id)
