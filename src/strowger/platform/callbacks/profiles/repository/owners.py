"""Queries about whom to tell of a profile's trouble."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# scope: upkeep of the whole installation; owners are those of the profile's account
TO_TELL = """
SELECT p.id, p.account_id, p.title, p.failing_since, p.last_error, p.disabled_why,
    CASE WHEN p.status <> 1 AND p.disabled_why IN ('failing', 'gone') THEN 2 ELSE 1 END AS step,
    ARRAY(SELECT u.email FROM app_user u WHERE u.account_id = p.account_id AND u.role = 'owner' AND u.state = 'active'
          ORDER BY u.id) AS owners
FROM callback_profile p
WHERE p.deleted_at IS NULL AND (
    (p.told < 2 AND p.status <> 1 AND p.disabled_why IN ('failing', 'gone'))
    OR (p.told = 0 AND p.status = 1 AND p.failing_since <= :before))
ORDER BY p.id LIMIT :most FOR UPDATE OF p SKIP LOCKED
"""
MARK = "UPDATE callback_profile SET told = :step WHERE account_id = :account_id AND id = :id"
# For the console: what fails or was switched off.
TROUBLED = """
SELECT id, title, status, failing_since, disabled_why FROM callback_profile
WHERE account_id = $1 AND deleted_at IS NULL
  AND ((status = 1 AND failing_since <= $2) OR (status <> 1 AND disabled_why IN ('failing', 'gone')))
ORDER BY title LIMIT 5
"""


async def to_tell(session: AsyncSession, before: datetime, most: int) -> list[Any]:
    """Profiles whose owners do not know yet: ``step`` 1 they fail since before ``before``, 2 they were switched off."""
    found = await session.execute(text(TO_TELL), {"before": before, "most": most})
    return list(found.mappings())


async def mark_told(session: AsyncSession, account_id: int, profile_id: UUID, step: int) -> None:
    """Note that the owners know."""
    await session.execute(text(MARK), {"step": step, "account_id": account_id, "id": profile_id})


async def troubled(connection: Any, account_id: int, before: datetime) -> list[Any]:
    """The account's profiles that fail since before that moment or were switched off; at most five."""
    return list(await connection.fetch(TROUBLED, account_id, before))
