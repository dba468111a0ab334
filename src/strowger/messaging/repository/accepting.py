"""Writing accepted requests: one statement for all requests of a group commit."""

from __future__ import annotations

from typing import Any

import asyncpg

from strowger.foundation.database import columns, json_text
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import NewRequest
from strowger.messaging.statuses import Status

# A request travels with its recipients and is unfolded here, so that a bulk request carries its text once.
INSERT = f"""
WITH row AS (
    SELECT t.*, r.recipient, r.n::smallint AS n
    FROM json_to_recordset($1::text::json) AS t(account_id bigint, request_id uuid, channel smallint, type text, sender text,
        body text, source text, campaign_name text, options jsonb, callback jsonb, created_at timestamptz,
        valid_until timestamptz, priority smallint, recipients text[])
    CROSS JOIN LATERAL unnest(t.recipients) WITH ORDINALITY AS r(recipient, n)
), queued AS (
    INSERT INTO submission (request_id, n, account_id, priority, due_at, expires_at)
    SELECT request_id, n, account_id, priority, created_at, valid_until FROM row
)
INSERT INTO message (account_id, request_id, n, channel, status, trace, type, sender, recipient, body, source,
                     campaign_name, options, callback, created_at, valid_until)
SELECT account_id, request_id, n, channel, {int(Status.QUEUED)}, 'QUEUED', type, sender, recipient, body, source,
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


async def insert_requests(connection: asyncpg.Connection[Any], requests: list[NewRequest]) -> None:
    """Write messages and submissions of all requests, and the answers of the idempotent ones.

    Raises StrowgerError E409 when an idempotent request does not hold its key any more: another try has taken it over.
    """
    text = json_text(requests, strict=True)
    answers = [r.idempotency for r in requests if r.idempotency]
    if not answers:
        await connection.execute(INSERT, text)
        return
    async with connection.transaction():
        done = await connection.execute(FINISH_IDEMPOTENT, *columns(answers, 6))
        if int(done.rsplit(" ", 1)[-1]) != len(answers):
            raise StrowgerError("E409", "Another request with this idempotency key has taken over")
        await connection.execute(INSERT, text)
