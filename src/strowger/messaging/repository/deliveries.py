"""Queueing what is due to customers' SMPP clients, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.foundation.database import Connection, columns
from strowger.messaging.deliveries import NewDelivery
from strowger.messaging.repository.queueing import encode_json

# A client that was removed meanwhile gets nothing. Listeners hear of it when the transaction is committed.
ADD = """
WITH t AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::uuid[], $5::smallint[], $6::text[],
                         $7::timestamptz[], $8::timestamptz[])
        WITH ORDINALITY AS t(account_id, user_id, kind, request_id, n, payload, due_at, expires_at, i)
), made AS (
    INSERT INTO smpp_delivery (account_id, user_id, kind, request_id, n, payload, due_at, expires_at)
    SELECT t.account_id, t.user_id, t.kind, t.request_id, t.n, t.payload::jsonb, t.due_at, t.expires_at
    FROM t JOIN smpp_user u ON u.account_id = t.account_id AND u.id = t.user_id ORDER BY t.i
    RETURNING user_id
)
SELECT pg_notify('smpp_delivery', user_id::text) FROM (SELECT DISTINCT user_id FROM made) AS told
"""


async def add_deliveries(connection: Connection, deliveries: Sequence[NewDelivery]) -> None:
    """Queue deliveries in their order."""
    rows = [
        (d.account_id, d.user_id, int(d.kind), d.request_id, d.n, encode_json(d.payload), d.due_at, d.expires_at)
        for d in deliveries
    ]
    await connection.execute(ADD, *columns(rows, 8))
