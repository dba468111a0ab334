"""The home page."""

from __future__ import annotations

from typing import Any

from strowger.console import menu
from strowger.console.code import ApiCall, snippets
from strowger.console.pages import Action, AnyRequest, Page, context_of, page, render
from strowger.console.visitor import Visitor
from strowger.home import service

menu.register("", "Home", "/", "home", 1, key="h")


@page("/")
async def home(request: AnyRequest, visitor: Visitor) -> Page:
    """First steps, the day's traffic, alerts."""
    context = context_of(request)
    steps = await service.first_steps(context, visitor.account_id)
    return await render(
        request, "home/home.html", title="Home", actions=[Action("Send a message", "/send", "send", True, "c")],
        steps=steps, steps_done=sum(step.done for step in steps),
        traffic=await service.traffic(context, visitor.account_id, visitor.time_zone),
        alerts=await service.alerts(context, visitor.account_id),
        snippets=snippets(_first_call(context.settings.base_url, visitor)),
    )  # fmt: skip


def _first_call(base_url: str, visitor: Visitor) -> ApiCall:
    return ApiCall(
        "POST",
        f"{base_url}/v1/{visitor.sid}/messages",
        json={"to": "447700900123", "sender": "447700900001", "body": "Hello from Strowger", "type": "TXN"},
    )


pages: list[Any] = [home]
