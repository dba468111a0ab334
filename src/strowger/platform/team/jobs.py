"""Upkeep about people: experts whose time is over, entries of the audit log that a process left behind, old history."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from strowger.foundation.context import Context
from strowger.foundation.database import CLASHES, OUTAGES
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Postman
from strowger.platform.access import links
from strowger.platform.audit import service as audit
from strowger.platform.team import experts

log = get_logger(__name__)
SOON, SELDOM = 60.0, 3600.0


async def run(context: Context) -> None:
    """Do everything at its pace, for ever; every worker may do it at any time."""
    await asyncio.gather(
        _repeat(SOON, lambda: audit.adopt(context)),
        _repeat(SOON, lambda: experts.end_overdue(context)),
        _repeat(SELDOM, lambda: links.purge(context)),
        _repeat(SELDOM, lambda: Postman(context).purge()),
    )


async def _repeat(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except (Unavailable, *OUTAGES, *CLASHES) as problem:
            log.warning("people_upkeep_postponed", problem=repr(problem))
        except Exception:
            log.exception("people_upkeep_failed")
        await asyncio.sleep(seconds)
