"""Upkeep about people: experts and offers whose time is over, entries of the audit log that a process left behind, old history."""

from __future__ import annotations

from functools import partial

from strowger.foundation.context import Context
from strowger.foundation.jobs import Job
from strowger.foundation.mail import Postman
from strowger.platform.access import links
from strowger.platform.audit import service as audit
from strowger.platform.team import experts, ownership

SOON, SELDOM = 60.0, 3600.0


def people_jobs(context: Context) -> tuple[Job, ...]:
    """The work of one worker process."""
    return (
        Job("adopt_audit_entries", SOON, partial(audit.adopt, context)),
        Job("end_experts", SOON, partial(experts.end_overdue, context)),
        Job("end_transfers", SOON, partial(ownership.end_overdue, context)),
        Job("old_links", SELDOM, partial(links.purge, context)),
        Job("old_mail", SELDOM, Postman(context).purge),
    )
