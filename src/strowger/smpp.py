"""Composition root of an SMPP process: the server on which customers' own clients bind."""

from __future__ import annotations

import asyncio
import contextlib
import signal

from strowger.channels.sms.smpp_access.server import SmppServer
from strowger.foundation.context import Context, build_context
from strowger.foundation.logs import get_logger
from strowger.foundation.process import tune_process
from strowger.foundation.settings import Settings, SettingsError
from strowger.foundation.tls import server_context
from strowger.foundation.workers import WorkerLease

log = get_logger(__name__)
KIND = "smpp"


async def serve_smpp(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; what was taken is answered, what was not delivered is given back."""
    tune_process()
    context = build_context(settings)
    await context.database.open()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    try:
        await _run(context, stop)
    finally:
        await context.http.close()
        with contextlib.suppress(TimeoutError):
            await context.database.close()


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
    stopping, failed = asyncio.create_task(stop.wait()), asyncio.create_task(server.failed())
    await asyncio.wait((stopping, failed), return_when=asyncio.FIRST_COMPLETED)
    await server.stop()
    stopping.cancel()
    failed.cancel()
    await lease.stop()
    log.info("smpp_stopped")
