"""Composition root of an SMPP process: the server on which customers' own clients bind."""

from __future__ import annotations

import asyncio

from strowger.channels.sms.smpp_access.server import SmppServer
from strowger.foundation.context import Context
from strowger.foundation.logs import get_logger
from strowger.foundation.process import run_until, working
from strowger.foundation.settings import Settings, SettingsError
from strowger.foundation.tls import server_context
from strowger.foundation.workers import WorkerLease

log = get_logger(__name__)
KIND = "smpp"


async def serve_smpp(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what was taken is answered, what was not delivered is given back."""
    async with working(settings) as (context, stop):
        await _run(context, stop)


async def _run(context: Context, stop: asyncio.Event) -> None:
    settings = context.settings
    lease = WorkerLease(context.database, KIND)
    server = SmppServer(context, await lease.start())
    host = settings.smpp_access_host or settings.http_host
    try:
        tls = server_context(settings, context.clock)
        await server.start(host, settings.smpp_client_port, settings.smpp_client_tls_port, tls)
    except OSError as problem:
        await lease.stop()
        raise SettingsError(f"STROWGER_SMPP_ACCESS_PORT: cannot listen on {host}: {problem}") from problem
    log.info("smpp_ready", port=server.port, tls_port=server.tls_port)
    await run_until(stop, server.failed())
    await server.stop()
    await lease.stop()
    log.info("smpp_stopped")
