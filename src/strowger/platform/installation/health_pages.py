"""Installation > Health: whether everything runs, for people; the same figures that /readyz and /metrics give to machines."""

from __future__ import annotations

from typing import Any

from strowger.console import menu
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, render
from strowger.platform.health import alarms
from strowger.platform.health.figures import figures

HERE = "/operator/health"
ALARMS = 20
menu.register("Installation", "Health", HERE, "heartbeat", 8)


async def _show(request: AnyRequest, template: str) -> Page:
    context = context_of(request)
    found = await figures(context.database, context.clock.now())
    told = [(alarms.words_of(alarm), alarm) for alarm in await alarms.latest(context, ALARMS)]
    return await render(request, template, title="Health", found=found, alarms=told, after=context.settings.alarm_after)


@page(HERE, permission="installation.read")
async def health(request: AnyRequest, visitor: Visitor) -> Page:
    """Processes, queues, carriers, callbacks, mail and the database, as they are now."""
    return await _show(request, "installation/health.html")


@page(f"{HERE}/now", permission="installation.read")
async def health_now(request: AnyRequest, visitor: Visitor) -> Page:
    """The figures alone; the page asks for them again and again."""
    return await _show(request, "installation/health_now.html")


pages: list[Any] = [health, health_now]
