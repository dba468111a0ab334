"""Each process knows the installation's own traces: read at its start, whenever they change, and once in a while."""

from __future__ import annotations

import asyncio
from functools import partial

from strowger.foundation.database import OUTAGES, Database
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.notify import repeat_when_told
from strowger.messaging import statuses
from strowger.messaging.own_traces import repository

log = get_logger(__name__)
SECONDS = 60.0


async def refresh(database: Database) -> None:
    """Read them once."""
    rows = await database.run(repository.all_traces)
    names = statuses.Trace.__struct_fields__
    statuses.set_own(statuses.Trace(**{name: row[name] for name in names}) for row in rows)


async def _try(database: Database) -> None:
    try:
        await refresh(database)
    except (Unavailable, *OUTAGES) as problem:
        log.warning("traces_not_read", problem=repr(problem))
    except Exception:  # the process goes on with what it knows
        log.exception("traces_not_read")


async def keep(database: Database) -> None:
    """Know them for ever."""
    await repeat_when_told(database, repository.CHANNEL, asyncio.Event(), SECONDS, partial(_try, database))
