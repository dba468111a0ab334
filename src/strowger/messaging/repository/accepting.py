"""Writing accepted requests: one statement for all requests of a group commit."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from strowger.foundation.database import columns
from strowger.foundation.errors import StrowgerError
from strowger.messaging.schemas import NewRequest
from strowger.messaging.statuses import Status

# Requests and recipients travel as two sets and are joined here, so that a bulk request carries its text once.
INSERT = f"""
WITH request AS (
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::smallint[])
        WITH ORDINALITY AS t(account_id, request_id, channel, type, sender, body, source, campaign_name, options, callback,
                             created_at, valid_until, priority, i)
), recipient AS (
    SELECT * FROM unnest($14::integer[], $15::smallint[], $16::text[]) AS t(i, n, recipient)
), queued AS (
    INSERT INTO submission (request_id, n, account_id, priority, due_at, expires_at)
    SELECT request_id, n, account_id, priority, created_at, valid_until FROM recipient JOIN request USING (i)
)
INSERT INTO message (account_id, request_id, n, channel, status, trace, type, sender, recipient, body, source,
                     campaign_name, options, callback, created_at, valid_until)
SELECT account_id, request_id, n, channel, {int(Status.QUEUED)}, 'QUEUED', type, sender, recipient, body, source,
       campaign_name, options::jsonb, callback::jsonb, created_at, valid_until
FROM recipient JOIN request USING (i)
"""  # noqa: S608
FINISH_IDEMPOTENT = """
UPDATE idempotency_key k SET status = t.status, response = t.response
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::bytea[])
    AS t(account_id, method, path, key, status, response)
WHERE k.account_id = t.account_id AND k.method = t.method AND k.path = t.path AND k.key = t.key
  AND k.status IS NULL
"""


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def insert_requests(connection: asyncpg.Connection[Any], requests: list[NewRequest]) -> None:
    """Write messages and submissions of all requests, and the answers of the idempotent ones.

    Raises StrowgerError E409 when an idempotent request does not hold its key any more: another try has taken it over.
    """
    rows = [
        (
            r.account_id, r.request_id, int(r.channel), r.type, r.sender, r.body, r.source, r.campaign_name,
            _json(r.options), _json(r.callback), r.created_at, r.valid_until, int(r.priority),
        )
        for r in requests
    ]  # fmt: skip
    recipients = [(i, n, to) for i, r in enumerate(requests, 1) for n, to in enumerate(r.recipients, 1)]
    arguments = (*columns(rows, 13), *columns(recipients, 3))
    answers = [r.idempotency for r in requests if r.idempotency]
    if not answers:
        await connection.execute(INSERT, *arguments)
        return
    async with connection.transaction():
        done = await connection.execute(FINISH_IDEMPOTENT, *columns(answers, 6))
        if int(done.rsplit(" ", 1)[-1]) != len(answers):
            raise StrowgerError("E409", "Another request with this idempotency key has taken over")
        await connection.execute(INSERT, *arguments)
