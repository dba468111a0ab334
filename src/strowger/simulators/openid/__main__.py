"""The simulated provider as a process of its own: ``python -m strowger.simulators.openid --port 2781``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from strowger.simulators.openid.service import Provider


async def _serve(provider: Provider) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with provider:
        print(f"provider ready on {provider.url}", flush=True)
        await ended.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser("strowger.simulators.openid", description="A simulated OpenID Connect provider.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0: a free one, which is printed")
    parser.add_argument("--client", default="strowger:simulated-secret", metavar="ID:SECRET", help="who may ask it")
    given = parser.parse_args(arguments)
    client_id, _, secret = given.client.partition(":")
    try:
        asyncio.run(_serve(Provider(given.port, given.host, client_id=client_id, secret=secret)))
    except OSError as problem:
        print(f"cannot listen on {given.host}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
