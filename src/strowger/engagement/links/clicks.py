"""What a click sets off: where it leads, and the callback of its link."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from strowger.engagement.links.agents import HANDHELD, read_agent
from strowger.engagement.links.schemas import Opened, Visit
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import format_message_id, new_uuid
from strowger.foundation.notify import notify
from strowger.platform.callbacks.profiles.repository import targets_of
from strowger.platform.callbacks.repository import insert_callbacks
from strowger.platform.callbacks.schemas import NewCallback

EVENT = "link_click"
SAFE = "!#$%&'()*+,/:;=?@[]~"  # what a URL may hold as it is; the rest is escaped for the header


def location(url: str) -> str:
    """A URL as the header Location takes it."""
    return quote(url, safe=SAFE)


def variables(found: Opened, slug: str, visit: Visit) -> dict[str, Any]:
    """What a click's callback can name."""
    message_id = format_message_id(found.request_id, found.n) if found.request_id and found.n else ""
    agent = read_agent(visit.user_agent)
    return {
        "id": message_id,
        "message_id": message_id,
        "key_value": found.recipient,
        "mobile": found.recipient,
        "platform": agent.platform,
        "p_version": agent.platform_version,
        "b_version": agent.version,
        "device": agent.brand,
        "is_phone": str(int(agent.platform in HANDHELD)),
        "is_desktop": str(int(bool(agent.platform) and agent.platform not in HANDHELD)),
        "recipient": "+" + found.recipient if found.recipient.isdigit() else found.recipient,
        "channel": "SMS" if message_id else "",
        "ip": visit.ip or "",
        "browser": visit.user_agent or "",
        "language": visit.language or "",
        "created": visit.at.strftime("%Y-%m-%d %H:%M:%S"),
        "timestamp": visit.at.strftime("%Y-%m-%d %H:%M:%S"),
        "shorty_id": slug,
        "shortcode": slug,
        "link_id": found.link_id,
        "long_url": found.long_url,
        "status": "CLICKED",
        "status_trace": "CLICKED",
    }


async def _target(connection: Any, found: Opened) -> dict[str, Any] | None:
    """Where a click is told: to the link's own URL, or to its callback profile, if that still wants clicks."""
    stored = found.callback
    if stored is None or "profile" not in stored:
        return stored
    key = (found.account_id, UUID(stored["profile"]))
    events = (await targets_of(connection, [key])).get(key, {})
    return events.get(EVENT) or events.get("")


async def call_back(connection: Any, context: Context, found: Opened, slug: str, visit: Visit) -> None:
    """Queue the callback of a click, where the link has one; the visitor does not wait for it."""
    target = await _target(connection, found)
    if target is None:
        return
    now = context.clock.now()
    callback = NewCallback(
        id=new_uuid(), account_id=found.account_id, request_id=found.request_id or new_uuid(), n=found.n or 1, event=EVENT,
        target=target, variables=variables(found, slug, visit), due_at=now, created_at=now,
    )  # fmt: skip
    own: Connection = connection
    await insert_callbacks(own, [callback], None)
    await notify(own, "callback")
