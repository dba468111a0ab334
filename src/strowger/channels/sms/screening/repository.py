"""What screening reads and writes for a batch, in sets. Every look-up is by account first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection, columns
from strowger.foundation.notify import notify
from strowger.platform.blocklist.sharing import P_SHARES

LOCK = "SELECT pg_advisory_xact_lock(727867, k) FROM unnest($1::integer[]) AS k"
# What of all this an account has at all: accounts without entries are spared the look-up.
FLAGS = f"""
SELECT a.id, a.settings, a.state, p.id AS sharing,
    EXISTS (SELECT FROM blocklist_entry b WHERE b.account_id IN (a.id, p.id) AND b.channel = 'sms') AS blocklist,
    EXISTS (SELECT FROM opt_out o WHERE o.account_id = a.id AND o.channel = 'sms') AS opt_out,
    EXISTS (SELECT FROM consent c WHERE c.account_id = a.id AND c.channel = 'sms') AS consent,
    EXISTS (SELECT FROM dnd_mark d WHERE d.account_id = a.id) AS marks,
    EXISTS (SELECT FROM dnd_number) AS register,
    EXISTS (SELECT FROM blocked_prefix p WHERE p.account_id = a.id AND p.lifted_at IS NULL
            AND (p.until IS NULL OR p.until > $2)) AS prefixes,
    (SELECT coalesce(jsonb_object_agg(l.country, jsonb_build_array(l.daily, l.monthly)), '{{}}')
     FROM country_limit l WHERE l.account_id = a.id) AS limits,
    (SELECT coalesce(array_agg(regexp_replace(u.mobile, '[^0-9]', '', 'g')), '{{}}') FROM app_user u
     WHERE u.account_id = a.id AND u.mobile IS NOT NULL) AS team
FROM account a LEFT JOIN account p ON p.id = a.parent_id AND {P_SHARES}
WHERE a.id = ANY($1::bigint[])
"""  # noqa: S608
KEEP_ENTITIES = """
UPDATE message m SET options = (coalesce(m.options::jsonb, '{}') || jsonb_build_object('entity_id', t.entity_id))::json
FROM unnest($1::bigint[], $2::uuid[], $3::smallint[], $4::text[]) AS t(account_id, request_id, n, entity_id)
WHERE m.account_id = t.account_id AND m.request_id = t.request_id AND m.n = t.n
"""
LOOK_UP = """
WITH t AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::bigint[])
        AS t(i, account_id, sender, recipient, content, since, sharing)
)
SELECT t.i, 'blocked' AS what, 1 AS value FROM t JOIN blocklist_entry b
    ON b.account_id IN (t.account_id, t.sharing) AND b.channel = 'sms' AND b.address = t.recipient
UNION ALL SELECT t.i, 'opted_out', 1 FROM t JOIN opt_out o
    ON o.account_id = t.account_id AND o.channel = 'sms' AND o.address = t.recipient AND o.sender IN (t.sender, '*')
UNION ALL SELECT t.i, 'consent', c.status FROM t JOIN consent c
    ON c.account_id = t.account_id AND c.channel = 'sms' AND c.contact = t.recipient AND c.sender = t.sender
    AND c.category = '' AND c.topic = ''
UNION ALL SELECT t.i, 'marked', 1 FROM t JOIN dnd_mark d ON d.account_id = t.account_id AND d.address = t.recipient
UNION ALL SELECT t.i, 'registered', 1 FROM t JOIN dnd_number d ON d.number = t.recipient::bigint
UNION ALL SELECT t.i, 'prefix_blocked', 1 FROM t WHERE EXISTS (SELECT FROM blocked_prefix p
    WHERE p.account_id = t.account_id AND p.lifted_at IS NULL AND (p.until IS NULL OR p.until > $8)
    AND starts_with(t.recipient, p.prefix))
UNION ALL SELECT t.i, 'duplicate', 1 FROM t WHERE EXISTS (SELECT FROM recent_send r
    WHERE r.account_id = t.account_id AND r.recipient = t.recipient AND r.content = t.content AND r.at > t.since)
UNION ALL SELECT t.i, 'sends', (SELECT count(*) FROM recent_send r
    WHERE r.account_id = t.account_id AND r.recipient = t.recipient AND r.at > $8 - interval '24 hours')
    FROM t WHERE t.content IS NOT NULL
"""
COUNTERS = """
SELECT c.account_id, c.name, c.period, c.count FROM usage_counter c
JOIN unnest($1::bigint[], $2::text[], $3::timestamptz[]) AS t(account_id, name, period)
  ON c.account_id = t.account_id AND c.name = t.name AND c.period = t.period
"""
COUNT = """
INSERT INTO usage_counter AS c (account_id, name, period, count)
SELECT account_id, name, period, count FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::integer[])
    AS t(account_id, name, period, count) ORDER BY 1, 2, 3
ON CONFLICT (account_id, name, period) DO UPDATE SET count = greatest(0, c.count + excluded.count)
"""
REMEMBER = """
INSERT INTO recent_send (account_id, recipient, request_id, n, at, content)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::smallint[], $5::timestamptz[], $6::bytea[])
ON CONFLICT DO NOTHING
"""
FORGET = """
DELETE FROM recent_send r
USING unnest($1::bigint[], $2::text[], $3::uuid[], $4::smallint[]) AS t(account_id, recipient, request_id, n)
WHERE r.account_id = t.account_id AND r.recipient = t.recipient AND r.request_id = t.request_id AND r.n = t.n
"""
SETTINGS = "SELECT settings FROM account WHERE id = $1"
SAVE_SETTINGS = "UPDATE account SET settings = (settings - $2::text[]) || $3::jsonb WHERE id = $1"
HAS_SENDER = "SELECT EXISTS (SELECT FROM sender WHERE account_id = $1 AND sender = $2 AND status = 'Approved')"
Counter = tuple[int, str, datetime]


async def lock_accounts(connection: Connection, accounts: Collection[int]) -> None:
    """Let no other worker decide about limits of these accounts until the transaction ends; in a fixed order."""
    await connection.execute(LOCK, sorted(accounts))


async def flags(connection: Connection, accounts: Collection[int], now: datetime) -> list[Any]:
    """Settings of accounts, and which lists and limits they have at all."""
    return await connection.fetch(FLAGS, sorted(accounts), now)


async def look_up(
    connection: Connection,
    rows: Sequence[tuple[int, int, str, str, bytes | None, datetime, int | None]],
    now: datetime,
) -> list[Any]:
    """On which lists recipients stand, for (position, account, sender, recipient, digest or None, duplicates since, parent
    whose blocklist counts too)."""
    return await connection.fetch(LOOK_UP, *columns(list(rows), 7), now)


async def counters(connection: Connection, wanted: Collection[Counter]) -> dict[Counter, int]:
    """The present counts."""
    rows = await connection.fetch(COUNTERS, *columns(list(wanted), 3))
    return {(r["account_id"], r["name"], r["period"]): r["count"] for r in rows}


async def count(connection: Connection, changes: Mapping[Counter, int]) -> None:
    """Add to counters; a counter never goes under zero."""
    rows: list[tuple[Any, ...]] = [(*key, change) for key, change in changes.items() if change]
    if rows:
        await connection.execute(COUNT, *columns(rows, 4))


async def remember(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Note sends: (account, recipient, request, n, at, digest)."""
    await connection.execute(REMEMBER, *columns(list(rows), 6))


async def forget(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Take back sends that did not happen: (account, recipient, request, n)."""
    await connection.execute(FORGET, *columns(list(rows), 4))


async def keep_entities(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Note the entities of messages that name none: (account, request, n, entity)."""
    await connection.execute(KEEP_ENTITIES, *columns(list(rows), 4))


async def settings(connection: Connection, account_id: int) -> Mapping[str, Any]:
    """The settings of an account."""
    found: Mapping[str, Any] | None = await connection.fetchval(SETTINGS, account_id)
    return found or {}


async def save_settings(connection: Connection, account_id: int, values: Mapping[str, Any]) -> None:
    """Change settings of an account (None removes one) and tell every process."""
    removed = [name for name, value in values.items() if value is None]
    kept = {name: value for name, value in values.items() if value is not None}
    await connection.execute(SAVE_SETTINGS, account_id, removed, kept)
    await notify(connection, "accounts", str(account_id))


async def has_sender(connection: Connection, account_id: int, sender: str) -> bool:
    """Whether an account has an approved sender ID of that name."""
    return bool(await connection.fetchval(HAS_SENDER, account_id, sender))
