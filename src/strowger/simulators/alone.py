"""A simulator as a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any


async def _serve(service: Any, name: str) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with service:
        print(f"{name} ready on {service.url}", flush=True)
        await ended.wait()


def run_alone(service: Any, name: str, host: str) -> int:
    """Serve until SIGINT or SIGTERM, having said where; returns the exit status."""
    try:
        asyncio.run(_serve(service, name))
    except OSError as problem:
        print(f"cannot listen on {host}: {problem}", file=sys.stderr)
        return 1
    return 0
