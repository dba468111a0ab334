"""``strowger callbacks``: a developer sees the callbacks of an account on his own machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from pathlib import Path
from typing import Any

import click

from strowger.cli.tailing import Server, Tail, TailEnded, forward_url
from strowger.foundation.http_guard import Refused, read_url
from strowger.foundation.settings import read_settings

CREDENTIALS = "credentials.json"
STATUSES = ("delivered", "retry", "failed")


@click.group()
def callbacks() -> None:
    """Callbacks of an account, also of a Strowger elsewhere."""


@callbacks.command("tail")
@click.option("--url", envvar="STROWGER_URL", help="Address of the Strowger, for example https://sms.example.net.")
@click.option("--sid", envvar="STROWGER_SID", help="The account's SID.")
@click.option("--key", envvar="STROWGER_KEY", help="An API key of it; one with scopes needs callbacks.read.")
@click.option("--event", help="Only this event, for example sms_send.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these; may be repeated.")
@click.option("--forward", help="Repeat each request to this address, for example http://localhost:3000/hook.")
@click.option("--after", help="Go on from a place that an earlier tail named when it ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def tail(
    url: str | None,
    sid: str | None,
    key: str | None,
    event: str | None,
    statuses: tuple[str, ...],
    forward: str | None,
    after: str | None,
    as_json: bool,
) -> None:
    """Print each attempt of a callback as it is made, until Ctrl-C.

    Address, SID and key come from the options or from STROWGER_URL, STROWGER_SID and STROWGER_KEY; on the server's own machine
    from credentials.json in its data directory.
    """
    server = _server(url, sid, key)
    try:
        target = None if forward is None else forward_url(forward)
    except Refused as problem:
        raise click.BadParameter(str(problem), param_hint="--forward") from problem
    query = {"event": event, "status": ",".join(statuses) or None}
    running = Tail(server, {name: value for name, value in query.items() if value}, target, after, as_json)
    try:
        asyncio.run(_until_stopped(running))
    except TailEnded as problem:
        raise click.ClickException(str(problem)) from problem
    if running.place is not None:
        click.echo(f"Stopped. To go on from here: --after {running.place}", err=True)


async def _until_stopped(running: Tail) -> None:
    """Run it until it fails, or until Ctrl-C or a request to end, which are no failures."""
    task = asyncio.ensure_future(running.run())
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _server(url: str | None, sid: str | None, key: str | None) -> Server:
    """Whom to ask. What is not given comes from the credentials of this machine's own installation, which go nowhere else."""
    own = {} if url and sid and key else _credentials(read_settings().data_dir)
    if url and url.rstrip("/") != str(own.get("base_url", "")).rstrip("/"):
        own = {}
    given = {"url": url or own.get("base_url"), "sid": sid or own.get("sid"), "key": key or own.get("api_key")}
    if missing := [f"--{name}" for name, value in given.items() if not value]:
        raise click.UsageError(
            f"Give {', '.join(missing)} (or STROWGER_URL, STROWGER_SID, STROWGER_KEY):"
            f" {CREDENTIALS} is not here, or of another address"
        )
    address = str(given["url"]).rstrip("/")
    try:
        read_url(address)
    except Refused as problem:
        raise click.BadParameter(str(problem), param_hint="--url") from problem
    return Server(address, str(given["sid"]), str(given["key"]))


def _credentials(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / CREDENTIALS).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
