"""Queries of feature flags."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection

# What is off for an account ``a``: its own flag counts before that of its main account, that before everybody's.
OFF_OF_A = """
(SELECT coalesce(array_agg(f.feature), '{}') FROM (
    SELECT DISTINCT ON (feature) feature, enabled FROM feature_flag
    WHERE account_id IS NULL OR account_id IN (a.id, a.parent_id)
    ORDER BY feature, account_id IS NULL, account_id <> a.id) AS f WHERE NOT f.enabled) AS off
"""
OFF = f"SELECT {OFF_OF_A} FROM account a WHERE a.id = $1"  # noqa: S608
FLAGS = "SELECT feature, enabled, by_user, changed_at FROM feature_flag WHERE account_id IS NOT DISTINCT FROM $1"
SET = """
INSERT INTO feature_flag (account_id, feature, enabled, by_user, changed_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, feature) DO UPDATE
SET enabled = excluded.enabled, by_user = excluded.by_user, changed_at = excluded.changed_at
"""
DROP = "DELETE FROM feature_flag WHERE account_id IS NOT DISTINCT FROM $1 AND feature = $2"


async def off(connection: Connection, account_id: int) -> frozenset[str]:
    """What is switched off for an account."""
    return frozenset(await connection.fetchval(OFF, account_id) or ())


async def flags(connection: Connection, account_id: int | None) -> dict[str, Mapping[str, Any]]:
    """The own flags of an account, or those of the installation, by feature."""
    return {row["feature"]: row for row in await connection.fetch(FLAGS, account_id)}


async def set_flag(
    connection: Connection, account_id: int | None, feature: str, enabled: bool | None, by: str, now: datetime
) -> None:
    """Switch a feature on or off; None removes the flag, so that the next wider one counts."""
    if enabled is None:
        await connection.execute(DROP, account_id, feature)
    else:
        await connection.execute(SET, account_id, feature, enabled, by, now)
