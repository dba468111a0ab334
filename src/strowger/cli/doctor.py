"""``strowger doctor``: what is wrong with this machine or installation."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from strowger.cli.output import emit, json_option
from strowger.cli.ports import problem_with
from strowger.foundation.database import Database
from strowger.foundation.schema import current_revision, head_revision
from strowger.foundation.settings import Settings, describe_settings, read_settings

TAIL_ENVIRONMENT = ("STROWGER_URL", "STROWGER_SID", "STROWGER_KEY")  # of `strowger callbacks tail`
FREE_BYTES = 1_000_000_000
OPEN_FILES = 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``state`` is ok, warning or error."""

    check: str
    state: str
    detail: str


def _python(_: Settings) -> Finding:
    good = sys.version_info >= (3, 11)
    return Finding("Python", "ok" if good else "error", sys.version.split()[0])


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Finding("data directory", "error", f"{settings.data_dir} cannot be written")
    free = shutil.disk_usage(folder).free
    state = "ok" if free >= FREE_BYTES else "warning"
    return Finding("data directory", state, f"{settings.data_dir}, {free // 1_000_000} MB free")


def _ports(settings: Settings) -> list[Finding]:
    wanted = [("HTTP port", settings.http_host, settings.http_port)]
    if settings.simulators:
        wanted.append(("simulated SMSC's port", "127.0.0.1", settings.simulator_smpp_port))
        wanted.append(("simulators' control port", "127.0.0.1", settings.simulator_http_port))
        wanted.append(("simulated mail server's port", "127.0.0.1", settings.simulator_mail_port))
        wanted.append(("simulated HTTP gateway's port", "127.0.0.1", settings.simulator_gateway_port))
        wanted.append(("simulated OpenID Connect provider's port", "127.0.0.1", settings.simulator_openid_port))
    return [_port(*item) for item in wanted]


def _port(name: str, host: str, port: int) -> Finding:
    if problem_with(host, port):
        return Finding(name, "warning", f"{port} is taken (by a running Strowger, or by something else)")
    return Finding(name, "ok", f"{port} is free")


def _files(_: Settings) -> Finding:
    import resource

    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Finding("open files", "ok" if soft >= OPEN_FILES else "warning", f"limit {soft}")


def _url(settings: Settings) -> str:
    try:
        return settings.database_url or (settings.data_dir / "database.url").read_text().strip()
    except OSError:
        return ""


def _database(settings: Settings) -> Finding:
    url = _url(settings)
    if not url:
        return Finding("database", "ok", "embedded, not started yet")

    async def look() -> Finding:
        database = Database(url, 1)
        await database.open()
        try:
            version = await database.pool.fetchval("SHOW server_version")
            revision = await current_revision(database.pool)  # type: ignore[arg-type]
        finally:
            await database.close()
        head = head_revision()
        if revision != head:
            return Finding("database", "error", f"schema at {revision}, needs {head}: run `strowger migrate`")
        return Finding("database", "ok", f"PostgreSQL {version}, schema {revision}")

    try:
        return asyncio.run(look())
    except Exception as problem:  # whatever it is, it is what the user wants to know
        state = "error" if settings.database_url else "warning"
        return Finding("database", state, f"cannot be reached: {problem or type(problem).__name__}")


def _settings(_: Settings) -> Finding:
    known = {name for name, _default, _sentence in describe_settings()} | {"STROWGER_SUPERVISOR", *TAIL_ENVIRONMENT}
    unknown = sorted(name for name in os.environ if name.startswith("STROWGER_") and name not in known)
    return Finding(
        "settings", "warning" if unknown else "ok", ", ".join(unknown) + " unknown" if unknown else "all known"
    )


def _mail(settings: Settings) -> Finding:
    if settings.smtp_url:
        return Finding("mail", "ok", "goes to the server of STROWGER_SMTP_URL")
    if settings.simulators:
        return Finding("mail", "ok", "goes to the simulated mailbox (console: Mailbox)")
    return Finding("mail", "warning", "no server: set STROWGER_SMTP_URL; until then mail waits")


CHECKS: tuple[Callable[[Settings], Finding], ...] = (_python, _settings, _data_dir, _files, _database, _mail)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Tell what is wrong with this machine or installation; ends with 1 when something is."""
    settings = read_settings()
    findings = [check(settings) for check in CHECKS] + _ports(settings)
    rows = [{"check": f.check, "state": f.state, "detail": f.detail} for f in findings]
    emit(as_json, rows, "\n".join(f"{f.state:8}{f.check}: {f.detail}" for f in findings))
    if any(f.state == "error" for f in findings):
        raise SystemExit(1)
