"""A one-time password behind a campaign: how long it waits for its submit_sm."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.machine import Surroundings, load
from bench.ours import Strowger
from bench.report import keep, table

WAITS = """
SELECT extract(epoch FROM e.at - m.created_at) * 1000 AS ms
FROM message m JOIN message_event e ON e.account_id = m.account_id AND e.request_id = m.request_id AND e.n = m.n
WHERE m.type = 'OTP' AND e.kind = 2 ORDER BY ms
"""


async def otp(campaign: int, passwords: int) -> None:
    """Queue a campaign of one account, then send passwords of another at a steady rate while it runs."""
    around = Surroundings()
    strowger = Strowger(around)
    try:
        await strowger.start()
        other = await strowger.place.command(
            "account", "create", "Campaigns", "--country", "GB", "--credit", "1000000", "--sender", "447700900001"
        )
        bulk = strowger.request(100, callback=False)
        bulk["url"] = bulk["url"].replace(strowger.place.credentials["sid"], other["sid"])
        bulk["header"] = bulk["header"].replace(strowger.place.credentials["api_key"], other["api_key"])
        bulk["body"] = bulk["body"].replace("type=TXN", "type=MKT")
        await strowger.open_gates()
        await load(count=campaign // 100, **bulk)
        queued = (await strowger.place.sql("SELECT count(*) AS n FROM submission"))[0]["n"]
        single = strowger.request(callback=False)
        single["body"] = single["body"].replace("type=TXN", "type=OTP")
        await load(count=passwords, connections=4, rate="50", start="90000000", **single)
        await asyncio.sleep(2)
        left = (await strowger.place.sql("SELECT count(*) AS n FROM submission"))[0]["n"]
        waits = [float(row["ms"]) for row in await strowger.place.sql(WAITS)]
    finally:
        await strowger.stop()
        around.stop()
    row: dict[str, Any] = {
        "campaign": campaign, "queued_before": queued, "queued_after": left, "passwords": len(waits),
        "p50_ms": round(waits[len(waits) // 2]), "p95_ms": round(waits[int(len(waits) * 0.95)]), "max_ms": round(waits[-1]),
    }  # fmt: skip
    print(table([row], tuple(row)))
    keep("otp", row)
