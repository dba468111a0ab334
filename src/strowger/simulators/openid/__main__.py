"""The simulated provider as a process of its own: ``python -m strowger.simulators.openid --port 2781``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from strowger.simulators.alone import run_alone
from strowger.simulators.openid.service import Provider


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser("strowger.simulators.openid", description="A simulated OpenID Connect provider.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port; 0: a free one, which is printed")
    parser.add_argument("--client", default="strowger:simulated-secret", metavar="ID:SECRET", help="who may ask it")
    given = parser.parse_args(arguments)
    client_id, _, secret = given.client.partition(":")
    return run_alone(Provider(given.port, given.host, client_id=client_id, secret=secret), "provider", given.host)


if __name__ == "__main__":
    raise SystemExit(main())
