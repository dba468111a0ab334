"""Panels of a message's page that other modules fill: they register themselves, the page shows what they find."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from strowger.foundation.context import Context


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Something that happened: when, what, and the small print."""

    at: datetime
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A card beside the timeline: facts by label, and what happened, newest first."""

    id: str
    title: str
    facts: list[tuple[str, str]]
    rows: list[PanelRow] = field(default_factory=list)


# (context, account_id, request_id, n) -> the panel, or None when there is nothing to show
Loader: TypeAlias = Callable[[Context, int, UUID, int], Awaitable[Panel | None]]
_loaders: list[Loader] = []


def register_panel(loader: Loader) -> None:
    """Show what ``loader`` finds on the page of each message."""
    if loader not in _loaders:
        _loaders.append(loader)


async def load_panels(context: Context, account_id: int, request_id: UUID, n: int) -> list[Panel]:
    """The panels of a message."""
    return [panel for loader in _loaders if (panel := await loader(context, account_id, request_id, n))]
