"""The home page. Its parts ask for themselves again when something was told about messages."""

from __future__ import annotations

from typing import Any

from strowger.channels.sms.senders import repository as senders
from strowger.console import marks, menu
from strowger.console.code import ApiCall, Snippet, snippets
from strowger.console.pages import Action, AnyRequest, Page, context_of, page, render
from strowger.console.visitor import Visitor
from strowger.home import service
from strowger.messaging import words
from strowger.messaging.pages.privacy import seen_rows

menu.register("", "Home", "/", "home", 1, key="h")
SENDERS_LOOKED_AT = 100


@page("/", permission="home.read")
async def home(request: AnyRequest, visitor: Visitor) -> Page:
    """First steps, the day's traffic, alerts, the person's own pages, and the first call as code."""
    return await render(
        request, "home/home.html", title="Home", actions=[Action("Send a message", "/send", "send", True, "c")],
        snippets=await _first_call(request, visitor), marks=await marks.shown(context_of(request), visitor),
        **await _now(request, visitor),
    )  # fmt: skip


@page("/home/now", permission="home.read")
async def now(request: AnyRequest, visitor: Visitor) -> Page:
    """Alerts, steps, figures and latest messages alone."""
    return await render(request, "home/now.html", **await _now(request, visitor))


@page("/home/chart", permission="home.read")
async def chart(request: AnyRequest, visitor: Visitor) -> Page:
    """The chart alone."""
    return await render(request, "home/chart.html", traffic=await service.traffic(context_of(request), visitor))


async def _now(request: AnyRequest, visitor: Visitor) -> dict[str, Any]:
    context = context_of(request)
    links = await service.links_of(context)
    steps = await service.first_steps(context, visitor.account_id)
    return {
        "steps": steps,
        "steps_done": sum(step.done for step in steps),
        "alerts": await service.alerts(context, visitor, links),
        "traffic": await service.traffic(context, visitor),
        "funds": await service.funds(context, visitor),
        "binds": service.binds(links),
        "latest": seen_rows(visitor, await service.latest(context, visitor.account_id)),
        "words": words,
    }


async def _first_call(request: AnyRequest, visitor: Visitor) -> list[Snippet]:
    """A send as code, with the account's own sender."""
    context = context_of(request)
    async with context.database.pool.acquire() as connection:
        own = await senders.senders(connection, visitor.account_id, SENDERS_LOOKED_AT)
    approved = sorted((row for row in own if row["status"] == "Approved"), key=lambda row: not row["is_default"])
    call = ApiCall(
        "POST",
        f"{context.settings.base_url}/v1/{visitor.sid}/messages",
        json={
            "to": "447700900123",
            "sender": approved[0]["sender"] if approved else "STROWG",
            "type": "TXN",
            "body": "Hello from Strowger",
        },
    )
    return snippets(call)


pages: list[Any] = [home, now, chart]
