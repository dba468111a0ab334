"""``python -m bench COMMAND``: see bench/README.md."""

from __future__ import annotations

import argparse
import asyncio
import signal

from bench.clients import clients
from bench.compare import compare
from bench.filled import filled
from bench.kill import kill
from bench.otp import otp
from bench.scale import scale
from bench.soak import soak


def main() -> None:
    """Read the command line and run one benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("compare", help="Strowger and Kannel, given the same work in turn")
    made.add_argument("--messages", type=int, default=20_000)
    made.add_argument("--rounds", type=int, default=3)
    made = commands.add_parser("kill", help="kill -9 of each process under full load")
    made.add_argument("--messages", type=int, default=40_000)
    made = commands.add_parser("filled", help="the cost of a message with a full log")
    made.add_argument("--messages", type=int, default=10_000)
    made.add_argument("--rows", type=int, default=5_000_000)
    made = commands.add_parser("scale", help="two web and two worker processes on one database")
    made.add_argument("--messages", type=int, default=20_000)
    made = commands.add_parser("otp", help="one-time passwords behind a campaign")
    made.add_argument("--campaign", type=int, default=100_000)
    made.add_argument("--passwords", type=int, default=500)
    made = commands.add_parser("clients", help="a customer's SMPP client on our server")
    made.add_argument("--messages", type=int, default=20_000)
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--window", type=int, default=50)
    made.add_argument("--connections", type=int, default=1)
    made = commands.add_parser("soak", help="memory over time")
    made.add_argument("--minutes", type=float, default=30)
    options = vars(parser.parse_args())
    command = {
        "clients": clients, "compare": compare, "filled": filled, "kill": kill, "otp": otp, "scale": scale, "soak": soak,
    }[options.pop("command")]  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended or interrupted: what was started is stopped
    asyncio.run(command(**options))


if __name__ == "__main__":
    main()
