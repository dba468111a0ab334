"""How a process that serves many connections is set up, runs its loops, and ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from strowger.foundation.context import Context, build_context
from strowger.foundation.logs import get_logger
from strowger.foundation.settings import Settings

log = get_logger(__name__)
OPEN_FILES = 8192
CANCEL_SECONDS = 2.0


def tune_process() -> None:
    """Many short-lived objects and many connections: collect garbage less often, allow as many files as we may."""
    gc.set_threshold(100_000, 50, 100)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


@contextlib.asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[tuple[Context, asyncio.Event]]:
    """A process on the database: its context, and the event that says that it is to end. Raises OSError."""
    tune_process()
    context = build_context(settings)
    await context.database.open()
    try:
        yield context, stop_signal()
    finally:
        await context.http.close()
        with contextlib.suppress(TimeoutError):
            await context.database.close()


async def run_until(stop: asyncio.Event, *loops: Coroutine[Any, Any, Any]) -> None:
    """Run loops that do not end by themselves, until ``stop`` is set or one of them breaks, which ends the others too."""
    stopping = asyncio.create_task(stop.wait())
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        done, _ = await asyncio.wait((stopping, *tasks), return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            log.error("loop_ended", loop=getattr(task.get_coro(), "__qualname__", ""), exc_info=task.exception())
    finally:
        for task in (stopping, *tasks):
            task.cancel()
        await asyncio.wait((stopping, *tasks), timeout=CANCEL_SECONDS)
