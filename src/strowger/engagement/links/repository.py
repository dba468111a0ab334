"""Queries of short links."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.engagement.links.schemas import NewLink, Opened, OwnWish, Visit
from strowger.foundation.database import Connection, Queryable, columns
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import uuid_floor
from strowger.messaging.repository.queueing import encode_json
from strowger.platform.reports.types import cursor_batches

# A slug that the account has for the same URL is used again, with the newer wishes; any other one is not touched.
ADD = """
INSERT INTO short_link AS l (account_id, slug, long_url, callback, expires_at, created_at)
SELECT account_id, slug, long_url, callback::jsonb, expires_at, created_at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
    AS t(account_id, slug, long_url, callback, expires_at, created_at)
ON CONFLICT (slug) DO UPDATE SET callback = coalesce(excluded.callback, l.callback), expires_at = excluded.expires_at
    WHERE l.account_id = excluded.account_id AND l.long_url = excluded.long_url AND l.deleted_at IS NULL
RETURNING id, slug
"""
ADD_TOKENS = """
INSERT INTO short_link_token (account_id, link_id, token, request_id, n, recipient)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::uuid[], $5::smallint[], $6::text[])
"""
OWN = """
SELECT slug, long_url, expires_at FROM short_link WHERE account_id = $1 AND slug = ANY($2::text[]) AND deleted_at IS NULL
"""
# scope: whoever has the link may open it; the row says whose it is
FIND = """
SELECT l.id, l.account_id, l.long_url, l.callback, l.expires_at <= $3 AS expired, t.id AS token_id, t.request_id, t.n,
       t.recipient
FROM short_link l LEFT JOIN short_link_token t ON t.link_id = l.id AND t.token = $2
WHERE l.slug = $1 AND l.deleted_at IS NULL AND ($2::text IS NULL OR t.id IS NOT NULL)
"""
COUNT = """
WITH click AS (
    INSERT INTO short_link_click (account_id, link_id, token_id, at, ip, user_agent, language, referer)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
), token AS (
    UPDATE short_link_token SET clicks = clicks + 1 WHERE account_id = $1 AND id = $3
)
UPDATE short_link SET clicks = clicks + 1, last_click_at = $4 WHERE account_id = $1 AND id = $2
"""
OF_MESSAGE = """
SELECT t.id, t.link_id, t.token, l.slug, l.long_url, l.expires_at, l.last_click_at,
       CASE WHEN t.token IS NULL THEN l.clicks ELSE t.clicks END AS clicks
FROM short_link_token t JOIN short_link l ON l.account_id = t.account_id AND l.id = t.link_id
WHERE t.account_id = $1 AND t.request_id = $2 AND t.n = $3 ORDER BY t.id
"""
CLICKS = """
SELECT k.link_id, k.at, k.ip, k.user_agent FROM short_link_click k
WHERE k.account_id = $1 AND k.link_id = ANY($2::bigint[]) AND (k.token_id IS NULL OR k.token_id = ANY($3::bigint[]))
ORDER BY k.at DESC LIMIT $4
"""
USED = """
WITH click AS (
    SELECT link_id, count(*) AS views, count(DISTINCT coalesce(token_id::text, ip, '')) AS openers FROM short_link_click
    WHERE account_id = $1 AND at >= $2 AND at < $3 GROUP BY link_id
), sent AS (
    SELECT DISTINCT link_id FROM short_link_token WHERE account_id = $1 AND request_id >= $4 AND request_id < $5
)
SELECT l.slug, l.title, l.long_url, l.created_at, l.last_click_at, coalesce(c.views, 0) AS views, coalesce(c.openers, 0) AS openers
FROM short_link l LEFT JOIN click c ON c.link_id = l.id
WHERE l.account_id = $1 AND (c.link_id IS NOT NULL OR l.id IN (SELECT link_id FROM sent)) ORDER BY l.id
"""
CLICKED = """
SELECT k.at, k.ip, k.user_agent, k.language, l.slug, t.token, t.recipient, t.request_id, t.n FROM short_link_click k
JOIN short_link l ON l.account_id = k.account_id AND l.id = k.link_id
LEFT JOIN short_link_token t ON t.account_id = k.account_id AND t.id = k.token_id
WHERE k.account_id = $1 AND k.at >= $2 AND k.at < $3 ORDER BY k.at, k.id
"""
MAKE_OWN = """
INSERT INTO short_link (account_id, slug, long_url, callback, title, advanced, link_type, created_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8) ON CONFLICT (slug) DO NOTHING RETURNING id
"""
LIST_OWN = """
SELECT id, slug, title, long_url, callback, advanced, link_type, clicks, last_click_at, expires_at, created_at
FROM short_link WHERE account_id = $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT $2 OFFSET $3
"""
COUNT_OWN = "SELECT count(*) FROM short_link WHERE account_id = $1 AND deleted_at IS NULL"
DELETE_OWN = """
UPDATE short_link SET deleted_at = $3 WHERE account_id = $1 AND id = ANY($2::bigint[]) AND deleted_at IS NULL RETURNING id
"""
KNOWN = "SELECT EXISTS (SELECT FROM short_link WHERE account_id = $1 AND id = $2)"
CLICKS_OF = """
SELECT k.id, k.at, k.ip, k.user_agent, k.language, t.recipient FROM short_link_click k
LEFT JOIN short_link_token t ON t.account_id = k.account_id AND t.id = k.token_id
WHERE k.account_id = $1 AND k.link_id = $2 ORDER BY k.at DESC, k.id DESC LIMIT $3 OFFSET $4
"""
COUNT_CLICKS_OF = "SELECT count(*) FROM short_link_click WHERE account_id = $1 AND link_id = $2"
# scope: upkeep of the whole installation
FORGET_CLICKS = "DELETE FROM short_link_click WHERE id IN (SELECT id FROM short_link_click WHERE at < $1 LIMIT $2)"
# What reports tell of the messages of an account ($1) with request ids from $2 to before $3 (``channels/sms/reports``).
CLICKS_OF_MESSAGES = """
SELECT request_id, n, sum(clicks) AS clicks, count(*) FILTER (WHERE clicks > 0) AS openers FROM short_link_token
WHERE account_id = $1 AND request_id >= $2 AND request_id < $3 AND token IS NOT NULL GROUP BY request_id, n
"""


async def add_links(connection: Connection, links: list[NewLink]) -> None:
    """Write links and the messages that carry them, within the caller's transaction.

    Raises StrowgerError E618 for a slug that leads elsewhere, or belongs to another account.
    """
    merged: dict[str, NewLink] = {}
    for link in links:
        known = merged.setdefault(link.slug, link)
        if (known.account_id, known.long_url) != (link.account_id, link.long_url):
            raise StrowgerError("E618", field="url_data")
    rows: list[tuple[Any, ...]] = [
        (x.account_id, x.slug, x.long_url, encode_json(x.callback), x.expires_at, x.created_at)
        for x in sorted(merged.values(), key=lambda link: link.slug)  # in one order everywhere: no deadlocks
    ]
    ids = {row["slug"]: row["id"] for row in await connection.fetch(ADD, *columns(rows, 6))}
    if len(ids) < len(merged):
        raise StrowgerError("E618", field="url_data")
    tokens: list[tuple[Any, ...]] = [
        (x.account_id, ids[x.slug], t.token, x.request_id, t.n, t.recipient) for x in links for t in x.tokens
    ]
    await connection.execute(ADD_TOKENS, *columns(tokens, 6))


async def own_links(connection: Queryable, account_id: int, slugs: Collection[str]) -> list[Any]:
    """Those of the slugs that are links of the account."""
    return await connection.fetch(OWN, account_id, list(slugs))


async def open_link(
    connection: Queryable, slug: str, token: str | None, visit: Visit, counted: bool = True
) -> Opened | None:
    """What a short URL leads to; None when there is no such link. An opening that leads somewhere is ``counted``."""
    row = await connection.fetchrow(FIND, slug, token, visit.at)
    if row is None:
        return None
    found = Opened(
        row["id"], row["account_id"], row["long_url"], bool(row["expired"]), row["callback"], row["request_id"], row["n"],
        row["recipient"] or "",
    )  # fmt: skip
    if counted and not found.expired:
        await connection.execute(
            COUNT, found.account_id, found.link_id, row["token_id"], visit.at, visit.ip, visit.user_agent, visit.language,
            visit.referer,
        )  # fmt: skip
    return found


async def links_of_message(connection: Queryable, account_id: int, request_id: UUID, n: int) -> list[Any]:
    """The links in a message with their clicks: those of its recipient, or of everybody where the link is shared."""
    return await connection.fetch(OF_MESSAGE, account_id, request_id, n)


async def latest_clicks(
    connection: Queryable, account_id: int, links: Sequence[int], tokens: Sequence[int], limit: int
) -> list[Any]:
    """The newest clicks on links, by these recipients' tokens or by anybody where the link is shared."""
    return await connection.fetch(CLICKS, account_id, list(links), list(tokens), limit)


def used_links(connection: Any, account_id: int, start: datetime, end: datetime) -> AsyncIterator[list[Any]]:
    """Links that were clicked, or were in messages, between two moments, with the clicks of that time, through a cursor."""
    return cursor_batches(connection, USED, account_id, start, end, uuid_floor(start), uuid_floor(end))


def clicks_between(connection: Any, account_id: int, start: datetime, end: datetime) -> AsyncIterator[list[Any]]:
    """Clicks between two moments with their links and recipients, through a cursor."""
    return cursor_batches(connection, CLICKED, account_id, start, end)


async def forget_clicks(connection: Queryable, before: datetime, limit: int) -> int:
    """Delete clicks before a moment, a bounded number at a time; the counts of links stay. Returns how many."""
    return int((await connection.execute(FORGET_CLICKS, before, limit)).rsplit(" ", 1)[-1])


async def make_own(connection: Queryable, account_id: int, slug: str, wish: OwnWish, now: datetime) -> int | None:
    """Write a link; returns its id, None when the slug is taken."""
    made: int | None = await connection.fetchval(
        MAKE_OWN, account_id, slug, wish.url, encode_json(wish.callback), wish.title, wish.advanced, wish.link_type, now
    )
    return made


async def page_of_links(connection: Queryable, account_id: int, limit: int, offset: int) -> tuple[list[Any], int]:
    """Links of the account, newest first, and how many there are."""
    rows = await connection.fetch(LIST_OWN, account_id, limit, offset)
    return rows, int(await connection.fetchval(COUNT_OWN, account_id))


async def delete_links(connection: Queryable, account_id: int, ids: Sequence[int], now: datetime) -> set[int]:
    """Let links of the account lead nowhere; returns which there were."""
    return {row["id"] for row in await connection.fetch(DELETE_OWN, account_id, list(ids), now)}


async def page_of_clicks(
    connection: Queryable, account_id: int, link_id: int, limit: int, offset: int
) -> tuple[list[Any], int] | None:
    """Clicks on a link of the account, newest first, and how many there are; None when there is no such link."""
    if not await connection.fetchval(KNOWN, account_id, link_id):
        return None
    rows = await connection.fetch(CLICKS_OF, account_id, link_id, limit, offset)
    return rows, int(await connection.fetchval(COUNT_CLICKS_OF, account_id, link_id))
