"""Short links over v4: ``txtly.create``, ``txtly`` (list and delete) and ``txtly.logs``, in the shapes that its clients read."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from strowger.channels.sms.link_texts import PERSONAL
from strowger.channels.sms.shortening import SLUG, check_url
from strowger.channels.sms.v4 import methods
from strowger.channels.sms.v4.errors import Refusal
from strowger.channels.sms.v4.sending import zone_of
from strowger.engagement.links import repository
from strowger.engagement.links.agents import HANDHELD, read_agent
from strowger.engagement.links.hosting import NotHosted, host
from strowger.engagement.links.schemas import OwnWish
from strowger.engagement.links.service import make_own
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import is_row_id
from strowger.foundation.phone import mask_number
from strowger.foundation.whole import whole_of
from strowger.platform.callbacks.schemas import read_target
from strowger.platform.gateway.operations import Call
from strowger.platform.gateway.params import FilePart, as_text

LIMIT = 25
MAX_TITLE, MAX_IDS, MAX_PAGE = 100, 100, 1_000_000
OK = {"status": "OK", "code": "200", "message": "OK"}
NOTHING = ("None", "null")  # what clients write that have no value
PLACE = re.compile(r"\{\w+\}")
JSON_MARK = "(json)"
# What a callback carries whose URL names nothing (url-shortener.md 4).
QUERY = {
    "mobile": "key_value", "platform": "platform", "ip": "ip", "browser": "browser", "is_phone": "is_phone",
    "is_desktop": "is_desktop", "created": "created", "shortcode": "shorty_id", "device": "device",
    "platformVersion": "p_version", "browserVersion": "b_version", "language": "language", "channel": "channel",
    "message_id": "message_id",
}  # fmt: skip


def _text(call: Call, name: str) -> str:
    text = (as_text(call.params, name) or "").strip()
    return "" if text in NOTHING else text


def _switch(call: Call, name: str) -> bool:
    text = _text(call, name).lower()
    if text not in ("", "0", "1", "true", "false"):
        raise Refusal("A400", f"{name} must be 0 or 1")
    return text in ("1", "true")


async def create(call: Call) -> dict[str, Any]:
    """``method=txtly.create``: a link to a URL or to a file that comes with it."""
    context = call.context
    link_type, url = await _target(call)
    token = _text(call, "token")
    if token and not SLUG.fullmatch(token):
        raise Refusal("A427", "3 to 30 letters, digits, _ and -")
    title = _text(call, "title")
    if len(title) > MAX_TITLE:
        raise Refusal("A400", f"title has at most {MAX_TITLE} characters")
    _switch(call, "track")  # says whether visitors are placed on a map: nothing is known of their place here
    wish = OwnWish(url, token or None, title, _switch(call, "advanced"), _callback(call), link_type)
    try:
        made, slug = await make_own(context.database, call.principal.account_id, wish, context.clock.now())
    except StrowgerError as problem:
        raise Refusal("A427", problem.detail or "") from problem
    return {**OK, "id": made, "token": slug, "txtly": _short(context, slug, wish.advanced)}


async def _target(call: Call) -> tuple[str, str]:
    """What the link is to lead to: its kind and long URL."""
    context, given, attached = call.context, _text(call, "url"), call.params.get("attach")
    if isinstance(attached, list):
        raise Refusal("A428", "one file")
    if isinstance(attached, FilePart):
        if given:
            raise Refusal("A428", "give url or attach, not both")
        try:
            url = await host(
                context, call.principal.account_id, attached.name or "file", attached.media_type, attached.data,
                call.principal.author,
            )  # fmt: skip
        except NotHosted as problem:
            raise Refusal("A428", str(problem)) from problem
        return "FILE", url
    if not given:
        raise Refusal("A428", "give url, or a file as attach in a multipart form")
    try:
        url = check_url(given)
    except StrowgerError as problem:
        raise Refusal("A428", problem.detail or "") from problem
    if url.startswith(context.settings.short_base + "/"):
        raise Refusal("A428", "url is a short link itself")
    return "URL", url


def _callback(call: Call) -> dict[str, Any] | None:
    """Where clicks are told: by GET with ``{variables}`` filled in, or by POST as JSON after the mark ``(json)``."""
    text = _text(call, "callback")
    if not text or "/" not in text:  # the name of a function, for JSONP
        return None
    as_json = text.lower().startswith(JSON_MARK)
    url = text[len(JSON_MARK) :].strip() if as_json else text
    if not as_json and not PLACE.search(url):
        url += ("&" if "?" in url else "?") + "&".join(f"{name}={{{value}}}" for name, value in QUERY.items())
    given: dict[str, Any] = {"url": url, "method": "POST" if as_json else "GET"}
    if as_json:
        given["payload"] = {name: f"<{value}>" for name, value in QUERY.items()}
    target = read_target(given)
    stored: dict[str, Any] = target.to_json(call.context.secrets, call.principal.account_id)
    return stored


def _short(context: Context, slug: str, advanced: bool) -> str:
    base = f"{context.settings.short_base}/{slug}"
    return f"{base}/{PERSONAL}" if advanced else base


def _page(call: Call) -> int:
    page = whole_of(_text(call, "page") or "1", 1, MAX_PAGE)
    if page is None:
        raise Refusal("A400", "page must be a number from 1")
    return page


def _ids(call: Call) -> list[int]:
    texts = [text.strip() for text in _text(call, "id").split(",") if text.strip()]
    if not 1 <= len(texts) <= MAX_IDS or not all(map(is_row_id, texts)):
        raise Refusal("A426", "give the ids of short links")
    return [int(text) for text in texts]


def _pages(page: int, total: int) -> dict[str, Any]:
    start = (page - 1) * LIMIT
    return {
        "now": page, "next": start + LIMIT < total, "page": page, "limit": LIMIT, "limitstart": start, "total": total,
    }  # fmt: skip


def _epoch(moment: datetime | None) -> str:
    return str(int(moment.timestamp())) if moment else "0"


async def txtly(call: Call) -> dict[str, Any]:
    """``method=txtly``: the links of the account, 25 on a page; with ``task=delete`` those of ``id`` are deleted."""
    task = _text(call, "task").lower()
    if task == "delete":
        return await _delete(call)
    if task:
        raise Refusal("A400", "task must be delete")
    context, page = call.context, _page(call)
    async with context.database.acquire() as connection:
        rows, total = await repository.page_of_links(connection, call.principal.account_id, LIMIT, (page - 1) * LIMIT)
    shown = [_link(context, row, serial) for serial, row in enumerate(rows, (page - 1) * LIMIT + 1)]
    return {**OK, "data": {"txtlys": shown, "pagination": _pages(page, total)}}


def _link(context: Context, row: Any, serial: int) -> dict[str, Any]:
    return {
        "link_id": str(row["id"]),
        "title": row["title"],
        "token": row["slug"],
        "long_url": row["long_url"],
        "advanced": str(int(row["advanced"])),
        "link_type": row["link_type"],
        "callback": (row["callback"] or {}).get("url", ""),
        "meta_value": '{"track":null}',
        "views": str(row["clicks"]),
        "last_viewed": _epoch(row["last_click_at"]),
        "status": "1",
        "created": _epoch(row["created_at"]),
        "serial": serial,
        "short_url": _short(context, row["slug"], row["advanced"]),
    }


async def _delete(call: Call) -> dict[str, Any]:
    context, ids = call.context, _ids(call)

    async def work(connection: Any) -> None:
        found = await repository.delete_links(connection, call.principal.account_id, ids, context.clock.now())
        if found != set(ids):
            raise Refusal("A426")

    await context.database.run(work)
    return {**OK, "message": "Deleted successfully..", "data": []}


async def logs(call: Call) -> dict[str, Any]:
    """``method=txtly.logs``: the clicks on one link, newest first, 25 on a page."""
    ids, page = _ids(call), _page(call)
    if len(ids) != 1:
        raise Refusal("A426", "give one id")
    zone = await zone_of(call)
    async with call.context.database.acquire() as connection:
        found = await repository.page_of_clicks(
            connection, call.principal.account_id, ids[0], LIMIT, (page - 1) * LIMIT
        )
    if found is None:
        raise Refusal("A426")
    rows, total = found
    first = (page - 1) * LIMIT + 1
    shown = [_click(call, ids[0], row, serial, zone) for serial, row in enumerate(rows, first)]
    return {**OK, "data": {"txtlys": shown, "pagination": _pages(page, total)}}


def _mobile(call: Call, number: str | None) -> str | None:
    return (mask_number(number) if call.principal.numbers_hidden else number) if number else None


def _click(call: Call, link_id: int, row: Any, serial: int, zone: ZoneInfo) -> dict[str, Any]:
    agent = read_agent(row["user_agent"])
    kind = "smartphone" if agent.platform in HANDHELD else "desktop" if agent.platform else ""
    unknown = dict.fromkeys(
        ("scheme", "host", "query_string", "browser_engine", "resolution", "device_version", "device_model", "latitude",
         "longitude", "country", "region", "city"), "",
    )  # fmt: skip
    return {
        "log_id": str(row["id"]),
        "fkuserid": call.principal.sid,
        "fk_link_id": str(link_id),
        "client_ip": row["ip"] or "",
        "user_agent": row["user_agent"] or "",
        "browser": agent.browser,
        "browser_version": agent.version,
        "browser_lang": row["language"] or "",
        "platform": agent.platform,
        "platform_version": agent.platform_version,
        "device_type": kind,
        "device_brand": agent.brand,
        "touch_enabled": str(int(kind == "smartphone")),
        **unknown,
        "status": "1",
        "created": row["at"].astimezone(zone).strftime("%d-%b %I:%M %p"),
        "mobile": _mobile(call, row["recipient"]),
        "serial": serial,
    }


def register_methods() -> None:
    """Let v4 be asked for short links."""
    methods.register("txtly.create", create, "campaigns.write")
    methods.register("txtly", txtly, "campaigns.write")
    methods.register("txtly.logs", logs, "campaigns.read")


register_methods()
