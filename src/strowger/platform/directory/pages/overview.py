"""Directory > Overview: what the directory holds, and the ways into it (console.md 5.10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Response

from strowger.console.pages import Action, AnyRequest, Visitor, context_of, page, render
from strowger.platform.blocklist.schemas import CHANNELS
from strowger.platform.directory.listing import LIST
from strowger.platform.directory.pages.imports import IMPORTS, MODES, STATES, TONES
from strowger.platform.directory.pages.shared import READ, run
from strowger.platform.directory.pages.tags import TAGS
from strowger.platform.directory.repository import overview, tags
from strowger.platform.directory.schemas import SOURCES

OVERVIEW = "/directory/overview"
DAYS, SHOWN = 30, 8


async def _read(connection: Any, account_id: int, since: Any) -> dict[str, Any]:
    return {
        "contacts": await overview.contacts(connection, account_id, since),
        "blocked": await overview.blocked(connection, account_id),
        "others": await overview.others(connection, account_id, since),
        "imports": await overview.imports(connection, account_id, SHOWN),
        "tags": await tags.all_of(connection, account_id, counted=True),
    }


@page(OVERVIEW, permission=READ)
async def show_overview(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """Counts of contacts, tags, blocked numbers and opt-outs; the last imports."""
    since = context_of(request).clock.now() - timedelta(days=DAYS)
    found = await run(request, lambda c: _read(c, visitor.account_id, since))
    given = sorted((tag for tag in found["tags"] if tag.criteria is None), key=lambda tag: -tag.contacts)
    actions = [
        Action("Add a contact", f"{LIST}/new", "user-plus", primary=True, key="c"),
        Action("Import a file", f"{IMPORTS}/new", "file-import"),
    ]
    return await render(
        request, "directory/overview.html", title="Directory overview", actions=actions if visitor.may("campaigns.write") else [],
        days=DAYS, contacts=sum(row["count"] for row in found["contacts"]),
        recent=sum(row["recent"] for row in found["contacts"]), sources=found["contacts"], source_names=SOURCES,
        blocked=found["blocked"], channels=CHANNELS, others=found["others"], tags=given[:SHOWN], all_tags=len(found["tags"]),
        dynamic=len(found["tags"]) - len(given), imports=found["imports"], modes=MODES, states=STATES, tones=TONES,
        paths={"contacts": LIST, "tags": TAGS, "imports": IMPORTS},
        may_see_lists=visitor.may("channels.read"), may_look_up=visitor.may("lookup.read"),
    )  # fmt: skip


pages: list[Any] = [show_overview]
