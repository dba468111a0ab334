"""Installation > Health: whether everything runs, for people; the same figures that /readyz and /metrics give to machines."""

from __future__ import annotations

from typing import Any

from strowger.console import menu
from strowger.console.pages import AnyRequest, Page, Visitor, context_of, page, render
from strowger.platform.health.figures import figures

HERE = "/operator/health"
menu.register("Installation", "Health", HERE, "heartbeat", 8)


async def _show(request: AnyRequest, template: str) -> Page:
    context = context_of(request)
    found = await figures(context.database, context.clock.now())
    return await render(request, template, title="Health", found=found)


@page(HERE, permission="installation.read")
async def health(request: AnyRequest, visitor: Visitor) -> Page:
    """Processes, queues, carriers, callbacks, mail and the database, as they are now."""
    return await _show(request, "installation/health.html")


@page(f"{HERE}/now", permission="installation.read")
async def health_now(request: AnyRequest, visitor: Visitor) -> Page:
    """The figures alone; the page asks for them again and again."""
    return await _show(request, "installation/health_now.html")


pages: list[Any] = [health, health_now]
