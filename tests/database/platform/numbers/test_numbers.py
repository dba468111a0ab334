"""Numbers of accounts and where incoming messages belong."""

from __future__ import annotations

import pytest

from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from strowger.platform.numbers import repository
from strowger.platform.numbers.service import create_number, list_numbers
from tests.api_kit import add_customer


async def test_a_destination_is_found_by_number_and_else_by_its_only_sender(database: Database) -> None:
    one = await add_customer(database, "HXEU0000000001GB", senders=("447700900777", "SHARED", "55555", "447700900001"))
    two = await add_customer(database, "HXEU0000000002GB", senders=("SHARED",))
    async with database.pool.acquire() as connection:
        await create_number(connection, two.account_id, "+44 7700 900001", label="Desk")
        await connection.execute("UPDATE sender SET status = 'Pending' WHERE sender = '55555'")
        asked = {"447700900001", "447700900777", "SHARED", "55555", "447700900999"}
        found = await repository.owner_of(connection, asked)
    assert found == {"447700900001": two.account_id, "447700900777": one.account_id}


async def test_a_number_belongs_to_one_account(database: Database) -> None:
    one, two = await add_customer(database, "A1"), await add_customer(database, "A2")
    target = {"url": "https://example.net/mo", "method": "POST"}
    async with database.pool.acquire() as connection:
        made = await create_number(connection, one.account_id, "447700900001", callback=target)
        with pytest.raises(StrowgerError) as problem:
            await create_number(connection, two.account_id, "447700900001")
        assert problem.value.status == 409
        with pytest.raises(StrowgerError):
            await create_number(connection, two.account_id, "no number")
        assert await list_numbers(connection, one.account_id) == [made]
        assert await list_numbers(connection, two.account_id) == []
        assert await repository.callbacks_of(connection, ["447700900001"]) == {(one.account_id, "447700900001"): target}
