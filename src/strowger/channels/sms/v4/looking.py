"""``method=lookup``: facts about numbers (sms.md 3.17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.foundation.errors import StrowgerError
from strowger.platform.gateway.operations import Call
from strowger.platform.lookup import repository, service
from strowger.platform.lookup.routes import read_list
from strowger.platform.lookup.schemas import format_id

MOST_GET, MOST_POST = 10, 100
DONE = {"status": "OK", "code": "200", "message": "Processed Successfully"}


async def lookup(call: Call) -> dict[str, Any]:
    """Up to 10 numbers by GET and 100 by POST, answered at once."""
    texts = read_list(call.params.get("to"), MOST_GET if call.method == "GET" else MOST_POST, "to")
    context, account_id = call.context, call.principal.account_id
    asked = service.read_numbers(texts, call.principal.country)
    opened = await service.open_request(context, account_id, asked, source="v4", by=call.principal.name, at_once=True)
    if not await service.answer_now(context, opened) and len(opened.waiting) == len(asked):
        raise StrowgerError("LKP503", headers={"Retry-After": "30"})
    async with context.database.acquire() as connection:
        rows = await repository.items(connection, account_id, opened.id)
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
