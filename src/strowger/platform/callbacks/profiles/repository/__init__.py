"""All queries of callback profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.database import Queryable, columns
from strowger.foundation.notify import notify

# scope: completed below, each time with account_id
PROFILE = """
SELECT p.id, p.account_id, a.sid, p.pod, p.title, p.channel, p.events, p.statuses, p.method, p.url, p.body_type, p.body,
    p.response_message, p.retry, p.signed, p.headers_sealed, p.auth_sealed, p.enc_sealed, p.secret_sealed,
    p.secret_previous_sealed, p.secret_previous_until, p.status, p.failing_since, p.failures, p.last_error, p.disabled_at,
    p.disabled_why, p.created_at, p.modified_at, p.deleted_at
FROM callback_profile p JOIN account a ON a.id = p.account_id
"""
FIND = PROFILE + "WHERE p.account_id = $1 AND p.id = $2"
LIVE = PROFILE + "WHERE p.account_id = $1 AND p.deleted_at IS NULL ORDER BY p.created_at DESC, p.id DESC LIMIT $2"
NUMBER = "SELECT count(*) FROM callback_profile WHERE account_id = $1 AND deleted_at IS NULL"
LOCK_ACCOUNT = "SELECT pg_advisory_xact_lock(hashtextextended('callback_profile:' || $1::text, 0))"
TITLE_TAKEN = """
SELECT EXISTS (SELECT FROM callback_profile
    WHERE account_id = $1 AND lower(title) = lower($2) AND id <> $3 AND deleted_at IS NULL)
"""
WRITTEN = (
    "title", "events", "statuses", "method", "url", "body_type", "body", "response_message", "retry", "signed",
    "headers_sealed", "auth_sealed", "enc_sealed",
)  # fmt: skip
INSERT = f"""
INSERT INTO callback_profile (account_id, id, modified_at, {", ".join(WRITTEN)}, pod, channel, secret_sealed, status, created_at)
VALUES ($1, $2, $3, {", ".join(f"${n}" for n in range(4, 4 + len(WRITTEN)))}, $17, $18, $19, $20, $3)
"""  # noqa: S608
UPDATE = f"""
UPDATE callback_profile SET modified_at = $3, {", ".join(f"{name} = ${n}" for n, name in enumerate(WRITTEN, 4))}
WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""  # noqa: S608
# What waits or failed goes to where the profile leads now.
MOVE_QUEUED = """
UPDATE callback SET endpoint = $3, target = (target::jsonb || $4::jsonb)::json
WHERE account_id = $1 AND profile_id = $2 AND claimed_by IS NULL
"""
SET_STATUS = """
UPDATE callback_profile SET status = $3::smallint, modified_at = $4::timestamptz, disabled_why = $5,
    disabled_at = CASE WHEN $3::smallint = 1 THEN NULL ELSE $4::timestamptz END,
    failing_since = CASE WHEN $3::smallint = 1 THEN NULL ELSE failing_since END,
    failures = CASE WHEN $3::smallint = 1 THEN 0 ELSE failures END,
    told = CASE WHEN $3::smallint = 1 THEN 0 ELSE told END
WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""
DELETE = """
UPDATE callback_profile SET deleted_at = $3, status = 3, headers_sealed = NULL, auth_sealed = NULL, enc_sealed = NULL,
    secret_sealed = NULL, secret_previous_sealed = NULL
WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""
FORGET_DEFAULTS = "DELETE FROM callback_default WHERE account_id = $1 AND profile_id = $2"
FORGET_NUMBERS = "UPDATE number SET callback = NULL WHERE account_id = $1 AND callback ->> 'profile' = $2"
ROTATE = """
UPDATE callback_profile SET secret_previous_sealed = secret_sealed, secret_previous_until = $4, secret_sealed = $3,
    modified_at = $5
WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL
"""
DEFAULTS = "SELECT account_id, event, profile_id FROM callback_default WHERE account_id = ANY($1::bigint[])"
SET_DEFAULT = """
INSERT INTO callback_default (account_id, event, profile_id) VALUES ($1, $2, $3)
ON CONFLICT (account_id, event) DO UPDATE SET profile_id = excluded.profile_id
"""
CLEAR_DEFAULT = "DELETE FROM callback_default WHERE account_id = $1 AND event = $2"
NUMBERS_OF = "SELECT msisdn FROM number WHERE account_id = $1 AND callback ->> 'profile' = $2 ORDER BY msisdn LIMIT 100"
TARGETS = """
SELECT p.account_id, p.id, p.channel, p.url, p.method, p.events, p.statuses FROM callback_profile p
JOIN unnest($1::bigint[], $2::uuid[]) AS t(account_id, id) ON p.account_id = t.account_id AND p.id = t.id
"""
NAMED = "SELECT id, channel, events, url, status FROM callback_profile WHERE account_id = $1 AND deleted_at IS NULL"
TALLY = """
INSERT INTO callback_tally AS t (account_id, profile_id, hour, host, outcome, http_status, bucket, number, ms)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::smallint[], $6::smallint[],
                     $7::smallint[], $8::integer[], $9::bigint[])
ON CONFLICT (account_id, profile_id, hour, host, outcome, http_status, bucket)
DO UPDATE SET number = t.number + excluded.number, ms = t.ms + excluded.ms
"""
RECOVERED = """
UPDATE callback_profile p SET failing_since = NULL, failures = 0, last_error = NULL, told = 0
FROM unnest($1::bigint[], $2::uuid[]) AS t(account_id, id)
WHERE p.account_id = t.account_id AND p.id = t.id AND p.failing_since IS NOT NULL
"""
FAILED = """
UPDATE callback_profile p SET
    failing_since = coalesce(p.failing_since, t.first), failures = p.failures + t.number, last_error = t.error,
    status = CASE WHEN p.status <> 1 THEN p.status WHEN t.gone THEN 3
                  WHEN t.last - coalesce(p.failing_since, t.first) >= $8::interval THEN 2 ELSE 1 END,
    disabled_at = CASE WHEN p.status = 1 AND (t.gone OR t.last - coalesce(p.failing_since, t.first) >= $8::interval)
                       THEN t.last ELSE p.disabled_at END,
    disabled_why = CASE WHEN p.status <> 1 THEN p.disabled_why WHEN t.gone THEN 'gone'
                        WHEN t.last - coalesce(p.failing_since, t.first) >= $8::interval THEN 'failing' END
FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::integer[], $6::text[], $7::boolean[])
    AS t(account_id, id, first, last, number, error, gone)
WHERE p.account_id = t.account_id AND p.id = t.id AND p.deleted_at IS NULL
RETURNING p.account_id, p.id, p.status, p.disabled_at = t.last AS is_last, p.failures = t.number AS is_first
"""
TIME_ZONE = """
SELECT a.time_zone FROM account a JOIN pg_timezone_names z ON z.name = a.time_zone WHERE a.id = $1
"""


async def find(connection: Queryable, account_id: int, profile_id: UUID) -> Any:
    """A profile of the account, deleted or not; None when there is none."""
    return await connection.fetchrow(FIND, account_id, profile_id)


async def live(connection: Queryable, account_id: int, limit: int) -> list[Any]:
    """The account's profiles, newest first."""
    return await connection.fetch(LIVE, account_id, limit)


async def lock_account(connection: Queryable, account_id: int) -> None:
    """Let one transaction at a time change the set of the account's profiles."""
    await connection.execute(LOCK_ACCOUNT, str(account_id))


async def number_of(connection: Queryable, account_id: int) -> int:
    """How many profiles the account has."""
    return int(await connection.fetchval(NUMBER, account_id))


async def title_taken(connection: Queryable, account_id: int, title: str, but: UUID) -> bool:
    """Whether another profile of the account has that title, in whatever case."""
    return bool(await connection.fetchval(TITLE_TAKEN, account_id, title, but))


async def insert(
    connection: Queryable,
    account_id: int,
    profile_id: UUID,
    now: datetime,
    values: Mapping[str, Any],
    pod: str,
    channel: str,
    secret_sealed: bytes,
    status: int,
) -> None:
    """Add a profile; ``values`` holds WRITTEN."""
    written = [values[name] for name in WRITTEN]
    await connection.execute(INSERT, account_id, profile_id, now, *written, pod, channel, secret_sealed, status)


async def update(
    connection: Queryable, account_id: int, profile_id: UUID, now: datetime, values: Mapping[str, Any]
) -> None:
    """Change a profile; ``values`` holds WRITTEN."""
    await connection.execute(UPDATE, account_id, profile_id, now, *(values[name] for name in WRITTEN))


async def move_queued(
    connection: Queryable, account_id: int, profile_id: UUID, endpoint: str, target: Mapping[str, Any]
) -> None:
    """Let what waits or failed show and use the profile's present address."""
    await connection.execute(MOVE_QUEUED, account_id, profile_id, endpoint, dict(target))


async def set_status(
    connection: Queryable, account_id: int, profile_id: UUID, status: int, now: datetime, why: str | None
) -> None:
    """Enable or disable; enabling forgets its failures."""
    await connection.execute(SET_STATUS, account_id, profile_id, status, now, why)


async def delete(connection: Queryable, account_id: int, profile_id: UUID, now: datetime) -> None:
    """Delete a profile with its secrets and all that names it as receiver."""
    await connection.execute(DELETE, account_id, profile_id, now)
    await connection.execute(FORGET_DEFAULTS, account_id, profile_id)
    await connection.execute(FORGET_NUMBERS, account_id, str(profile_id))


async def rotate(
    connection: Queryable, account_id: int, profile_id: UUID, sealed: bytes, until: datetime, now: datetime
) -> None:
    """Make ``sealed`` the secret; the present one signs as well until then."""
    await connection.execute(ROTATE, account_id, profile_id, sealed, until, now)


async def defaults_of(connection: Queryable, accounts: Sequence[int]) -> dict[int, dict[str, UUID]]:
    """The default profile of each event, for each account; accounts without any have an empty map."""
    found: dict[int, dict[str, UUID]] = {account: {} for account in accounts}
    for row in await connection.fetch(DEFAULTS, list(accounts)):
        found[row["account_id"]][row["event"]] = row["profile_id"]
    return found


async def set_default(connection: Queryable, account_id: int, event: str, profile_id: UUID | None) -> None:
    """Make a profile the default of an event, or none."""
    if profile_id is None:
        await connection.execute(CLEAR_DEFAULT, account_id, event)
    else:
        await connection.execute(SET_DEFAULT, account_id, event, profile_id)


async def numbers_of(connection: Queryable, account_id: int, profile_id: UUID) -> list[str]:
    """Numbers whose incoming messages go to a profile."""
    return [row["msisdn"] for row in await connection.fetch(NUMBERS_OF, account_id, str(profile_id))]


async def targets_of(
    connection: Queryable, keys: Sequence[tuple[int, UUID]]
) -> dict[tuple[int, UUID], dict[str, dict[str, Any]]]:
    """For each known profile, by event ("" is any), the target that its callbacks are queued with; deleted ones too."""
    found: dict[tuple[int, UUID], dict[str, dict[str, Any]]] = {key: {} for key in keys}
    for row in await connection.fetch(TARGETS, *columns(list(keys), 2)):
        target: dict[str, Any] = {"profile": str(row["id"]), "url": row["url"], "method": row["method"]}
        if row["statuses"]:
            target["events"] = row["statuses"]
        everything = row["channel"] == "default" and not row["events"]
        found[row["account_id"], row["id"]] = {"": target} if everything else dict.fromkeys(row["events"], target)
    return found


async def named(connection: Queryable, account_id: int) -> list[Any]:
    """What requests need of the account's profiles: id, channel, events, url, status."""
    return await connection.fetch(NAMED, account_id)


async def add_tally(connection: Queryable, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add to the figures by the hour; ``rows`` in the order of their key, so that two workers do not wait for each other."""
    await connection.execute(TALLY, *columns(list(rows), 9))


async def note_recovered(connection: Queryable, keys: Sequence[tuple[int, UUID]]) -> None:
    """End the runs of failures of profiles (account, id) that had a success."""
    await connection.execute(RECOVERED, *columns(list(keys), 2))


async def note_failed(connection: Queryable, rows: Sequence[tuple[Any, ...]], limit: timedelta) -> list[Any]:
    """Note failures: (account, id, first, last, number, error, gone); after ``limit`` of nothing else, switch off.

    Returns account, id, status, whether these were the first of a run (is_first), whether they ended it (is_last).
    """
    return await connection.fetch(FAILED, *columns(list(rows), 7), limit)


async def time_zone(connection: Queryable, account_id: int) -> str:
    """The account's time zone; UTC when its name is unknown to the database."""
    return str(await connection.fetchval(TIME_ZONE, account_id) or "UTC")


async def tell(connection: Queryable, account_id: int) -> None:
    """Let every process forget what it knows of the account's profiles."""
    for channel in ("profiles", "accounts"):
        await notify(connection, channel, str(account_id))
