"""Reports that carriers hand in over HTTP, on their way from the web process to a worker. Carriers are the installation's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from strowger.foundation.database import Connection, json_text
from strowger.messaging.outcomes import Incoming, Receipt
from strowger.messaging.statuses import Status

CHANNEL = "carrier_report"  # of LISTEN and NOTIFY
RECEIPT, MESSAGE = "receipt", "message"

STORE = """
WITH added AS (
    INSERT INTO carrier_report (carrier_id, kind, report, received_at)
    SELECT carrier_id, kind, report, received_at
    FROM json_to_recordset($1::text::json) AS t(carrier_id integer, kind text, report jsonb, received_at timestamptz)
    RETURNING 1
)
SELECT pg_notify($2, '') FROM (SELECT count(*) FROM added) counted
"""
TAKE = """
DELETE FROM carrier_report WHERE id IN (
    SELECT id FROM carrier_report ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
) RETURNING id, carrier_id, kind, report, received_at
"""


def _row(report: Receipt | Incoming) -> dict[str, Any]:
    if isinstance(report, Receipt):
        kind, body = RECEIPT, {
            "operator_id": report.operator_id, "status": int(report.status), "trace": report.trace, "detail": report.detail,
        }  # fmt: skip
    else:
        kind, body = MESSAGE, {
            "source": report.source, "destination": report.destination, "text": report.text, "detail": report.detail,
        }  # fmt: skip
    return {"carrier_id": report.carrier_id, "kind": kind, "report": body, "received_at": report.at}


async def store_reports(connection: Connection, reports: Sequence[Receipt | Incoming]) -> None:
    """Keep reports until a worker takes them, and wake the workers at commit."""
    await connection.execute(STORE, json_text([_row(report) for report in reports]), CHANNEL)


async def take_reports(connection: Connection, limit: int) -> list[Receipt | Incoming]:
    """Take the oldest reports that nobody else is taking."""
    rows = sorted(await connection.fetch(TAKE, limit), key=lambda row: row["id"])
    return [_report(row["carrier_id"], row["kind"], row["report"], row["received_at"]) for row in rows]


def _report(carrier_id: int, kind: str, body: dict[str, Any], at: datetime) -> Receipt | Incoming:
    if kind == RECEIPT:
        return Receipt(carrier_id, body["operator_id"], Status(body["status"]), body["trace"], at, body["detail"])
    return Incoming(carrier_id, body["source"], body["destination"], body["text"], at, detail=body["detail"])
