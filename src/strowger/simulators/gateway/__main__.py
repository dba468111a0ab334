"""The simulated HTTP gateway as a process of its own: ``python -m strowger.simulators.gateway --port 2780``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from strowger.simulators.alone import run_alone
from strowger.simulators.gateway.service import Gateway


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser("strowger.simulators.gateway", description="A simulated HTTP SMS gateway.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0: a free one, which is printed")
    parser.add_argument("--key", help="what requests must carry as X-API-Key; without it, anything goes")
    parser.add_argument("--receipt-delay", type=float, default=0.1, help="seconds before a receipt")
    given = parser.parse_args(arguments)
    return run_alone(
        Gateway(given.port, given.host, key=given.key, receipt_delay=given.receipt_delay), "gateway", given.host
    )


if __name__ == "__main__":
    raise SystemExit(main())
