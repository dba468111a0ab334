"""``method=lookup``: facts about numbers (sms.md 3.17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.platform.gateway.operations import Call
from strowger.platform.lookup import service
from strowger.platform.lookup.routes import read_list
from strowger.platform.lookup.schemas import format_id

MOST_GET, MOST_POST = 10, 100
DONE = {"status": "OK", "code": "200", "message": "Processed Successfully"}


async def lookup(call: Call) -> dict[str, Any]:
    """Up to 10 numbers by GET and 100 by POST, answered at once."""
    texts = read_list(call.params.get("to"), MOST_GET if call.method == "GET" else MOST_POST, "to")
    caller = call.principal
    _, rows = await service.look_up(call.context, caller.account_id, texts, caller.country, "v4", caller.name)
    return {**DONE, "data": [_row(row) for row in rows]}


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    words = {True: "yes", False: "no", None: ""}
    return {
        "id": format_id(row["request_id"], row["n"]),
        "mobile": row["number"] or row["given"],
        "status": row["error_code"] or row["status"].upper() or "OK",
        "provider": row["current_operator"] or row["original_operator"],
        "location": row["country"],
        "type": row["line_type"],
        "mcc": row["current_mcc"],
        "mnc": row["current_mnc"],
        "ported": words[row["ported"]],
        "roaming": words[row["roaming"]],
        "credits": f"{row['price']:f}",
    }
