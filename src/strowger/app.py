"""Composition root of the web process: API, console, probes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from strowger.channels.sms import codes as _codes  # noqa: F401 - registers how sign-in codes leave by SMS
from strowger.channels.sms import pages as sms_pages
from strowger.channels.sms import routes as sms_api
from strowger.channels.sms.carriers import hooks
from strowger.console import setup as console
from strowger.console.layout import register_balance
from strowger.engagement.campaigns import pages as campaigns
from strowger.engagement.flows import pages as flows
from strowger.engagement.flows import routes as flows_api
from strowger.engagement.links import pages as links
from strowger.engagement.links.service import LinkMaker
from strowger.foundation.context import Context, build_context
from strowger.foundation.database import OUTAGES
from strowger.foundation.http_server import serve
from strowger.foundation.logs import get_logger
from strowger.foundation.money import format_money
from strowger.foundation.notify import Listener, Notifier
from strowger.foundation.process import stop_signal, tune_process
from strowger.foundation.settings import Settings
from strowger.home import pages as home
from strowger.messaging import pages as messages
from strowger.messaging.accept import Accepter
from strowger.messaging.own_traces import pages as own_traces
from strowger.messaging.own_traces.service import keep as keep_traces
from strowger.platform.accounts import pages as accounts
from strowger.platform.announcements import pages as announcements
from strowger.platform.approvals import pages as approvals
from strowger.platform.audit import pages as audit
from strowger.platform.billing import pages as billing_pages
from strowger.platform.billing import repository as billing
from strowger.platform.billing import routes as billing_api
from strowger.platform.blocklist import pages as blocklist
from strowger.platform.blocklist import routes as blocklist_api
from strowger.platform.callbacks.attempts import routes as attempts_api
from strowger.platform.callbacks.profiles import pages as profile_pages
from strowger.platform.callbacks.profiles import routes as profile_api
from strowger.platform.consent import routes as consent_api
from strowger.platform.directory import pages as directory
from strowger.platform.directory import routes as directory_api
from strowger.platform.documents import pages as documents
from strowger.platform.documents import routes as documents_api
from strowger.platform.files import pages as files
from strowger.platform.gateway import setup as gateway
from strowger.platform.guard import routes as guard_api
from strowger.platform.guides import pages as guides
from strowger.platform.health import routes as health
from strowger.platform.installation import pages as installation
from strowger.platform.ip_configs import pages as ip_configs
from strowger.platform.kyc import pages as kyc
from strowger.platform.lookup import pages as lookup
from strowger.platform.lookup import routes as lookup_api
from strowger.platform.mailbox import pages as mailbox
from strowger.platform.notifications import pages as notifications
from strowger.platform.notifications import routes as notifications_api
from strowger.platform.privacy import pages as privacy_pages
from strowger.platform.privacy import routes as privacy_api
from strowger.platform.reports import pages as reports
from strowger.platform.requests import pages as api_requests
from strowger.platform.settings import pages as settings_pages
from strowger.platform.sso import pages as sso
from strowger.platform.subaccounts import pages as subaccounts
from strowger.platform.subaccounts import routes as subaccounts_api
from strowger.platform.support import operator_pages as support_queue
from strowger.platform.support import pages as support
from strowger.platform.team import pages as team
from strowger.wiring import wire

wire()
log = get_logger(__name__)
CONNECT_SECONDS = 60
PAGES: list[Any] = [
    *blocklist.pages,
    *directory.pages,
    *lookup.pages,
    *installation.pages,
    *guides.pages,
    *support.pages,
    *support_queue.pages,
    *console.pages,
    *accounts.pages,
    *ip_configs.pages,
    *mailbox.pages,
    *team.pages,
    *audit.pages,
    *settings_pages.pages,
    *sso.pages,
    *announcements.pages,
    *privacy_pages.pages,
    *messages.pages,
    *own_traces.pages,
    *api_requests.pages,
    *profile_pages.pages,
    *sms_pages.pages,
    *approvals.pages,
    *documents.pages,
    *kyc.pages,
    *campaigns.pages,
    *flows.pages,
    *files.pages,
    *reports.pages,
    *notifications.pages,
    *home.pages,
    *subaccounts.pages,
    *billing_pages.pages,
]

# The operations that these modules added to the gateway's table are served by its mount.
API: list[Any] = [
    *sms_api.routes,
    *attempts_api.routes,
    *profile_api.routes,
    *blocklist_api.routes,
    *directory_api.routes,
    *consent_api.routes,
    *lookup_api.routes,
    *guard_api.routes,
    *subaccounts_api.routes,
    *billing_api.routes,
    *documents_api.routes,
    *flows_api.routes,
    *notifications_api.routes,
    *privacy_api.routes,
]


async def _balance(context: Context, account_id: int) -> str:
    """The balance in the top bar."""
    async with context.database.pool.acquire() as connection:
        found = await billing.balance(connection, account_id)
    return format_money(*found) if found else ""


def answer_failure(request: Request[Any, Any, Any], problem: Exception) -> Response[Any]:
    """Failures outside every handler: the API's envelope below its prefixes, else a page."""
    if gateway.is_api_path(request.url.path):
        return gateway.answer_failure(request, problem)
    return console.page_error(request, problem)


async def open_database(context: Context) -> None:
    """Open the database, waiting a while for a server that is just starting."""
    deadline = context.clock.monotonic() + CONNECT_SECONDS
    while True:
        try:
            await context.database.open()
        except OUTAGES as problem:
            if context.clock.monotonic() > deadline:
                raise
            log.warning("database_awaited", problem=repr(problem))
            await asyncio.sleep(0.5)
        else:
            return


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    context: Context = app.state.context
    await open_database(context)
    app.state.notifier = Notifier(context.database)
    app.state.accepter = Accepter(context.database, app.state.notifier)
    app.state.listener = Listener(context.database)
    await gateway.start(app)
    await console.start(app)
    await app.state.listener.start()
    traces = asyncio.create_task(keep_traces(context.database))
    try:
        yield
    finally:
        traces.cancel()
        await asyncio.gather(traces, return_exceptions=True)
        await app.state.accepter.close()
        await console.stop(app)
        await gateway.stop(app)
        await app.state.listener.stop()
        await context.http.close()
        with contextlib.suppress(TimeoutError):
            await context.database.close()


def create_app(settings: Settings, context: Context | None = None) -> Litestar:
    """The web application. ``context`` replaces the one made from the settings, in tests."""
    app = Litestar(
        route_handlers=[*health.routes, *API, *gateway.routes, *links.routes, *hooks.routes, *PAGES],
        lifespan=[_lifespan],
        middleware=gateway.middleware,
        exception_handlers={HTTPException: answer_failure, Exception: answer_failure},
        openapi_config=None,
        request_max_body_size=settings.max_body,
        logging_config=None,
    )
    app.state.context = context or build_context(settings)
    app.state.shortener = LinkMaker(app.state.context.settings.short_base, app.state.context.database)
    register_balance(_balance)
    return app


async def serve_web(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished."""
    tune_process()
    app = gateway.answer_first(create_app(settings))
    await serve(app, settings.http_host, settings.http_port, stop_signal(), settings.trusted_proxies)
