"""Writing accepted requests: one statement for all requests of a group commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from strowger.foundation.database import Connection, columns, json_text
from strowger.foundation.errors import StrowgerError
from strowger.messaging.repository.scheduling import add_schedules, schedule_row
from strowger.messaging.schemas import NewRequest, Variant, Write
from strowger.messaging.statuses import Status

# A request travels with its recipients and is unfolded here, so that a bulk request carries its text once.
INSERT = f"""
WITH row AS (
    SELECT t.*, r.recipient, (r.n + t.numbered_after)::smallint AS n
    FROM json_to_recordset($1::text::json) AS t(account_id bigint, request_id uuid, channel smallint, type text, sender text,
        body text, source text, campaign_name text, options json, callback json, created_at timestamptz,
        valid_until timestamptz, priority smallint, due_at timestamptz, numbered_after integer, recipients text[])
    CROSS JOIN LATERAL unnest(t.recipients) WITH ORDINALITY AS r(recipient, n)
), queued AS (
    INSERT INTO submission (request_id, n, account_id, priority, due_at, expires_at)
    SELECT request_id, n, account_id, priority, coalesce(due_at, created_at), valid_until FROM row
)
INSERT INTO message (account_id, request_id, n, channel, status, trace, type, sender, recipient, body, source,
                     campaign_name, options, callback, created_at, valid_until)
SELECT account_id, request_id, n, channel,
       CASE WHEN due_at IS NULL THEN {int(Status.QUEUED)} ELSE {int(Status.SCHEDULED)} END,
       CASE WHEN due_at IS NULL THEN 'QUEUED' ELSE 'SCHEDULED' END, type, sender, recipient, body, source,
       campaign_name, options, callback, created_at, valid_until
FROM row
"""  # noqa: S608
FINISH_IDEMPOTENT = """
UPDATE idempotency_key k SET status = t.status, response = t.response
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bytea[])
    AS t(account_id, method, path, key, status, response)
WHERE k.account_id = t.account_id AND k.method = t.method AND k.path = t.path AND k.key = t.key
  AND k.status IS NULL
"""


def _spread(request: NewRequest) -> list[NewRequest]:
    """A request whose messages differ as several that have its id, each for a run of recipients who get the same."""
    rows: list[NewRequest] = []
    last: Variant | None = None
    for n, (recipient, own) in enumerate(zip(request.recipients, request.each or (), strict=True)):
        if rows and own is last:
            rows[-1].recipients.append(recipient)
            continue
        row = replace(request, recipients=[recipient], each=None, writes=(), idempotency=None, numbered_after=n)
        if own is not None:
            row.type, row.sender, row.body, row.options, row.callback = (
                own.type, own.sender, own.body, own.options, own.callback,
            )  # fmt: skip
            row.valid_until, row.priority, row.due_at = own.valid_until, own.priority, own.due_at
        rows.append(row)
        last = own
    return rows


def _rows(requests: list[NewRequest]) -> list[NewRequest]:
    """What travels: requests as they are, where nothing but their recipients differs."""
    if not any(r.each or r.writes for r in requests):
        return requests
    return [row for r in requests for row in (_spread(r) if r.each else [replace(r, writes=())])]


async def insert_requests(connection: Connection, requests: list[NewRequest]) -> None:
    """Write messages and submissions of all requests, and what belongs to them: schedules, answers, rows of other modules.

    Raises StrowgerError E409 when an idempotent request does not hold its key any more: another try has taken it over.
    """
    text = json_text(_rows(requests), strict=True)
    answers = [r.idempotency for r in requests if r.idempotency]
    schedules = [row for r in requests if r.due_at or r.each for row in schedule_row(r)]
    writes: dict[Write, list[Any]] = {}
    for write, item in (pair for r in requests for pair in r.writes):
        writes.setdefault(write, []).append(item)
    if not (answers or schedules or writes):
        await connection.execute(INSERT, text)
        return
    async with connection.transaction():
        if answers:
            done = await connection.execute(FINISH_IDEMPOTENT, *columns(answers, 6))
            if int(done.rsplit(" ", 1)[-1]) != len(answers):
                raise StrowgerError("E409", "Another request with this idempotency key has taken over")
        for write, items in writes.items():
            await write(connection, items)
        await connection.execute(INSERT, text)
        if schedules:
            await add_schedules(connection, schedules)
