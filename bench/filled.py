"""The cost of a message with a full log, against an empty one, in the same run."""

from __future__ import annotations

from typing import Any

from bench.machine import Surroundings
from bench.ours import Strowger
from bench.report import keep, table
from bench.work import run

CHUNK = 250_000
# Rows as the pipeline leaves them, spread over the last hours of ids that the log's partition of today holds.
FILL = """
WITH ids AS (
    SELECT g, (lpad(to_hex((extract(epoch FROM date_trunc('day', now())) * 1000)::bigint + g / 100), 12, '0')
        || '7' || lpad(to_hex(g % 4096), 3, '0') || '8' || substr(md5(g::text), 1, 15))::uuid AS request_id
    FROM generate_series($1::bigint, $2::bigint) AS g
), messages AS (
    INSERT INTO message (account_id, request_id, n, status, trace, type, sender, recipient, body, units, length, encoding,
        country, carrier_id, price, source, callback, created_at, valid_until, sent_at, final_at)
    SELECT (SELECT min(id) FROM account), request_id, 1, 90, 'DELIVERED', 'TXN', '447700900001',
        '4915' || lpad((g % 100000000)::text, 8, '0'), 'Your code is on its way, as usual.', 1, 34, 'GSM', 'DE', 1, 0.04, 'API',
        '{"url": "http://127.0.0.1/", "method": "GET"}', now(), now(), now(), now()
    FROM ids
)
INSERT INTO message_event (account_id, request_id, n, at, kind, status, trace, part, carrier_id, operator_id)
SELECT (SELECT min(id) FROM account), request_id, 1, now(), k, CASE k WHEN 2 THEN 40 ELSE 90 END, 'DELIVERED', 1, 1, 'x' || g
FROM ids CROSS JOIN (VALUES (2), (3)) AS kinds(k)
"""


async def filled(messages: int, rows: int, rounds: int = 3) -> None:
    """Measure, fill, measure again."""
    around = Surroundings()
    strowger = Strowger(around)
    found: list[dict[str, Any]] = []
    try:
        await strowger.start()
        await run(strowger, around, 500)
        for label, count in (("empty", 0), ("filled", rows)):
            for first in range(0, count, CHUNK):
                await strowger.place.sql(FILL, first, min(first + CHUNK, count) - 1)
            if count:
                for log in ("message", "message_event"):
                    await strowger.place.sql(f"VACUUM ANALYZE {log}")
                await strowger.place.sql("CHECKPOINT")
            for i in range(rounds):
                start = 1_000_000 * (i + 1) + (50_000_000 if count else 0)
                figures = await run(strowger, around, messages, start=start)
                found.append({"log": label, "rows": count, **figures.row()})
    finally:
        await strowger.stop()
        around.stop()
    cost = {label: sorted(r["cpu"] for r in found if r["log"] == label)[rounds // 2] for label in ("empty", "filled")}
    print(table(found, ("log", "rows", "accept_rate", "end_to_end_rate", "cpu")))
    print(f"cost with {rows:,} messages in the log / cost with none: {cost['filled'] / cost['empty']:.2f}")
    keep("filled", {"runs": found, "ratio": round(cost["filled"] / cost["empty"], 3)})
