"""How the console joins the web application: its own pages, start and stop."""

from __future__ import annotations

from litestar import Litestar

from strowger.console.live import LiveHub
from strowger.console.pages import page_error
from strowger.console.routes import pages

__all__ = ["page_error", "pages", "start", "stop"]


async def start(app: Litestar) -> None:
    """Make the live feed (``app.state.live``); it hears what ``app.state.listener`` hears, once that is started."""
    app.state.live = LiveHub(app.state.listener)


async def stop(app: Litestar) -> None:
    """End every live feed, so that the server can stop."""
    hub: LiveHub | None = app.state.get("live")
    if hub is not None:
        hub.stop()
