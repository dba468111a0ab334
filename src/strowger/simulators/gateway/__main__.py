"""The simulated HTTP gateway as a process of its own: ``python -m strowger.simulators.gateway --port 2780``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from strowger.simulators.gateway.service import Gateway


async def _serve(gateway: Gateway) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with gateway:
        print(f"gateway ready on {gateway.url}", flush=True)
        await ended.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser("strowger.simulators.gateway", description="A simulated HTTP SMS gateway.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0: a free one, which is printed")
    parser.add_argument("--key", help="what requests must carry as X-API-Key; without it, anything goes")
    parser.add_argument("--receipt-delay", type=float, default=0.1, help="seconds before a receipt")
    given = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(Gateway(given.port, given.host, key=given.key, receipt_delay=given.receipt_delay)))
    except OSError as problem:
        print(f"cannot listen on {given.host}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
