"""The simulators' process: its command line, its start and its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final

from strowger.foundation.logs import configure, get_logger
from strowger.foundation.settings import SettingsError, read_settings
from strowger.simulators.gateway.service import Gateway
from strowger.simulators.mailbox import Mailbox
from strowger.simulators.misbehaving import UnknownMisbehaviour
from strowger.simulators.misbehaviours import MISBEHAVIOURS
from strowger.simulators.openid.service import Provider
from strowger.simulators.smsc import SimulatedSmsc

RECEIPT_DELAY: Final = 0.1
MisbehaviourFlag = tuple[str, str | None, dict[str, str]]


def read_flag(text: str) -> MisbehaviourFlag:
    """``name[:option=value,...][@system_id]`` as (name, system_id, options); raises UnknownMisbehaviour."""
    head, _, system_id = text.partition("@")
    name, _, rest = head.partition(":")
    pairs = [item.partition("=") for item in rest.split(",") if item]
    options = {key.strip(): value.strip() for key, _, value in pairs}
    MISBEHAVIOURS.read(name, options)
    return name, system_id or None, options


def run(
    smpp_port: int,
    http_port: int,
    host: str = "127.0.0.1",
    *,
    misbehaviours: Sequence[MisbehaviourFlag] = (),
    receipt_delay: float = RECEIPT_DELAY,
    mail_port: int | None = None,
    gateway_port: int | None = None,
    openid_port: int | None = None,
    **options: Any,
) -> None:
    """Serve until SIGINT or SIGTERM. ``options`` are those of SimulatedSmsc; ``mail_port`` adds the mail server,
    ``gateway_port`` the HTTP gateway, ``openid_port`` the OpenID Connect provider.

    Raises OSError when a port is taken.
    """
    import uvloop

    mailbox = Mailbox(mail_port, host) if mail_port is not None else None
    smsc = SimulatedSmsc(smpp_port, http_port, host=host, receipt_delay=receipt_delay, mailbox=mailbox, **options)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(smsc, misbehaviours, gateway_port, openid_port))


async def _serve(
    smsc: SimulatedSmsc, misbehaviours: Sequence[MisbehaviourFlag], gateway_port: int | None, openid_port: int | None
) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    log = get_logger("simulators")
    # Tens of thousands of remembered messages are no garbage: look through them less often than by default.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gateway = None if gateway_port is None else Gateway(gateway_port, smsc.host, receipt_delay=RECEIPT_DELAY)
    openid = None if openid_port is None else Provider(openid_port, smsc.host)
    nothing = contextlib.nullcontext()
    async with smsc, smsc.mailbox or nothing, gateway or nothing, openid or nothing:
        for name, system_id, options in misbehaviours:
            smsc.centre.switchboard.switch_on(name, system_id, options)
        log.info("simulators_ready", smpp_port=smsc.port, http_port=smsc.http_port)
        await ended.wait()
    log.info("simulators_ended")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("strowger.simulators", description="A simulated SMSC with handsets.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--smpp-port", type=int, help="default: STROWGER_SMPP_PORT + 1")
    parser.add_argument("--http-port", type=int, help="default: STROWGER_SMPP_PORT + 2")
    parser.add_argument("--mail-port", type=int, help="also receive mail, by SMTP, on this port")
    parser.add_argument("--receipt-delay", type=float, default=RECEIPT_DELAY, help="seconds before a receipt")
    parser.add_argument("--window", type=int, default=200, help="unacknowledged deliver_sm per session")
    parser.add_argument("--credentials", action="append", default=[], metavar="SYSTEM_ID:PASSWORD",
                        help="who may bind; without it, everyone")  # fmt: skip
    parser.add_argument(
        "--refusal",
        choices=("answer", "close", "silent"),
        default="answer",
        help="what a bind with wrong credentials meets",
    )
    parser.add_argument("--default-alphabet", choices=("gsm7", "latin1", "ascii", "utf8"), default="gsm7",
                        help="how data coding 0 is read")  # fmt: skip
    parser.add_argument("--misbehave", action="append", default=[], metavar="NAME[:OPTION=VALUE,...][@SYSTEM_ID]",
                        help=f"one of: {', '.join(MISBEHAVIOURS)}")  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        settings = read_settings()
        flags = [read_flag(text) for text in given.misbehave]
    except (SettingsError, UnknownMisbehaviour) as problem:
        parser.error(str(problem))
    configure(settings.log_level, settings.log_format)
    credentials = dict(item.split(":", 1) if ":" in item else (item, "") for item in given.credentials)
    smpp_port = settings.simulator_smpp_port if given.smpp_port is None else given.smpp_port
    http_port = settings.simulator_http_port if given.http_port is None else given.http_port
    try:
        run(
            smpp_port,
            http_port,
            given.host,
            misbehaviours=flags,
            receipt_delay=given.receipt_delay,
            mail_port=given.mail_port,
            window=given.window,
            credentials=credentials or None,
            refusal=given.refusal,
            default_alphabet=given.default_alphabet,
        )
    except OSError as problem:
        print(f"cannot listen on {given.host}: {problem}", file=sys.stderr)
        return 1
    return 0
