"""R-57 at the public edge: operations are bound to their account, the accept path pays nothing for it."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.foundation import database as database_module
from strowger.platform.gateway.operations import OPERATIONS
from tests.api_kit import Api

WIDE = ("messages.send", "subaccounts.")


def test_R57_every_operation_off_the_path_of_a_message_is_bound() -> None:
    loose = [o.permission for o in OPERATIONS if not o.is_bound]
    assert all(permission.startswith(WIDE) for permission in loose)
    assert any(o.is_bound for o in OPERATIONS)


async def test_R57_the_accept_path_pays_no_statement(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    prepare = database_module._prepare_connection

    async def prepare_and_note(connection: Any) -> None:
        await prepare(connection)
        connection.add_query_logger(lambda record: seen.append(record.query))

    monkeypatch.setattr(database_module, "_prepare_connection", prepare_and_note)
    await api.context.database.close()
    await api.context.database.open()
    assert (await api.send()).status_code == 202
    assert any("INSERT INTO message" in query for query in seen)
    assert not [query for query in seen if "strowger.accounts" in query or "ROLE" in query]
    seen.clear()
    answer = await api.client.get(f"{api.base}/messages/sender", headers=api.customer.headers)
    assert answer.status_code == 200
    assert len([query for query in seen if "strowger.accounts" in query]) == 1
