"""Queries of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection, json_text

ALL = "SELECT * FROM notification WHERE account_id = $1"
ONE = "SELECT * FROM notification WHERE account_id = $1 AND key = $2"
SAVE = """
INSERT INTO notification (account_id, key, enabled, frequency, hour, recipients, format, filters, send_empty, next_at,
                          changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8::text::jsonb, $9, $10, $11, $12)
ON CONFLICT (account_id, key) DO UPDATE SET enabled = excluded.enabled, frequency = excluded.frequency, hour = excluded.hour,
    recipients = excluded.recipients, format = excluded.format, filters = excluded.filters, send_empty = excluded.send_empty,
    next_at = excluded.next_at, changed_by = excluded.changed_by, changed_at = excluded.changed_at
RETURNING *
"""
DELETE = "DELETE FROM notification WHERE account_id = $1 AND key = $2 RETURNING key"
# scope: the clock of all accounts
DUE = """
SELECT n.*, a.time_zone,
    ARRAY(SELECT lower(u.email) FROM app_user u
          WHERE u.account_id = n.account_id AND u.role = 'owner' AND u.state = 'active') AS owners
FROM notification n JOIN account a ON a.id = n.account_id
WHERE n.enabled AND n.next_at <= $1 AND a.state IN ('active', 'trial') ORDER BY n.next_at LIMIT $2 FOR UPDATE OF n SKIP LOCKED
"""
MOVE = "UPDATE notification SET next_at = $3 WHERE account_id = $1 AND key = $2"
LOW = """
SELECT w.kind, w.low_at, w.alert_emails, a.currency FROM wallet w JOIN account a ON a.id = w.account_id WHERE w.account_id = $1
"""
LAST = """
SELECT DISTINCT ON (notification) notification, id, state, rows, created_at, mailed FROM report
WHERE account_id = $1 AND notification IS NOT NULL ORDER BY notification, id DESC
"""

# scope: the webhook is the installation's; each event names its account
MIRRORED = """
UPDATE mail m SET mirror = m.mirror + 1, mirror_at = $2 FROM account a
WHERE a.id = m.account_id AND m.id IN (
    SELECT id FROM mail WHERE mirror BETWEEN 0 AND $4 AND id > $3 AND account_id IS NOT NULL
      AND (mirror_at IS NULL OR mirror_at <= $1)
    ORDER BY id LIMIT $5 FOR UPDATE SKIP LOCKED
) RETURNING m.id, m.kind, m.subject, m.recipient, m.created_at, m.mirror, a.sid
"""
MIRROR_TAKEN = "UPDATE mail SET mirror = -1, mirror_at = NULL WHERE id = $1"  # scope: as above
MIRROR_LATER = "UPDATE mail SET mirror_at = $2 WHERE id = $1"  # scope: as above


async def all_of(connection: Connection, account_id: int) -> dict[str, Mapping[str, Any]]:
    """The schedules of an account by key."""
    return {row["key"]: dict(row) for row in await connection.fetch(ALL, account_id)}


async def find(connection: Connection, account_id: int, key: str) -> Mapping[str, Any] | None:
    """One schedule."""
    row = await connection.fetchrow(ONE, account_id, key)
    return dict(row) if row else None


async def save(connection: Connection, account_id: int, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make or change a schedule; returns it."""
    row = await connection.fetchrow(
        SAVE, account_id, values["key"], values["enabled"], values["frequency"], values["hour"],
        json_text(values["recipients"]), values["format"], json_text(values["filters"]), values["send_empty"],
        values["next_at"], values["changed_by"], values["changed_at"],
    )  # fmt: skip
    assert row is not None
    return dict(row)


async def delete(connection: Connection, account_id: int, key: str) -> bool:
    """Remove a schedule; what it sent stays."""
    return await connection.fetchval(DELETE, account_id, key) is not None


async def due(connection: Connection, now: datetime, limit: int) -> list[Mapping[str, Any]]:
    """Schedules whose time has come, locked until the transaction ends; those that another worker holds are passed over."""
    return [dict(row) for row in await connection.fetch(DUE, now, limit)]


async def move(connection: Connection, account_id: int, key: str, next_at: datetime) -> None:
    """Set when a schedule is due again."""
    await connection.execute(MOVE, account_id, key, next_at)


async def low_balance(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """The low-balance alert of an account's wallet; None without a wallet."""
    row = await connection.fetchrow(LOW, account_id)
    return dict(row) if row else None


async def last_reports(connection: Connection, account_id: int) -> dict[str, Mapping[str, Any]]:
    """The latest report of each schedule."""
    return {row["notification"]: dict(row) for row in await connection.fetch(LAST, account_id)}


async def claim_mirrored(
    connection: Connection, now: datetime, lease: datetime, since: UUID, tries: int, limit: int
) -> list[Mapping[str, Any]]:
    """Take mails younger than ``since`` that the event webhook has not taken, fewer than ``tries`` times tried; until ``lease``."""
    return [dict(row) for row in await connection.fetch(MIRRORED, now, lease, since, tries - 1, limit)]


async def mirror_taken(connection: Connection, mail_id: UUID) -> None:
    """The webhook took it."""
    await connection.execute(MIRROR_TAKEN, mail_id)


async def mirror_later(connection: Connection, mail_id: UUID, at: datetime) -> None:
    """It is tried again at a time."""
    await connection.execute(MIRROR_LATER, mail_id, at)
