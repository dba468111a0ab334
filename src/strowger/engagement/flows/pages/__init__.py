"""Console pages of flows."""

from __future__ import annotations

from typing import Any

from strowger.engagement.flows.pages import acting, editor, listing, logs, making, revisions, widgets

pages: list[Any] = [
    *listing.pages,
    *making.pages,
    *logs.pages,
    *editor.pages,
    *widgets.pages,
    *revisions.pages,
    *acting.pages,
]
