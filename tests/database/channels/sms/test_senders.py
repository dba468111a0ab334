"""Registering sender IDs."""

from __future__ import annotations

import pytest

from strowger.channels.sms.senders.service import create_sender
from strowger.foundation.database import Database
from strowger.foundation.errors import StrowgerError
from tests.api_kit import add_customer


async def test_a_sender_is_registered_once_for_each_country(database: Database) -> None:
    customer = await add_customer(database, senders=())
    async with database.pool.acquire() as connection:
        await create_sender(connection, customer.account_id, "ACME", iso_code="gb")
        await create_sender(connection, customer.account_id, "ACME")
        for country in ("GB", None):
            with pytest.raises(StrowgerError, match="E628"):
                await create_sender(connection, customer.account_id, "ACME", iso_code=country)
        rows = await connection.fetch("SELECT sender, iso_code, status FROM sender ORDER BY id")
    assert [tuple(row) for row in rows] == [("ACME", "GB", "Approved"), ("ACME", None, "Approved")]


@pytest.mark.parametrize(
    ("sender", "country", "code"), [("A", None, "E627"), ("ÄÖÜß", None, "E627"), ("ACME", "GBR", "E629")]
)
async def test_bad_senders(database: Database, sender: str, country: str | None, code: str) -> None:
    customer = await add_customer(database, senders=())
    async with database.pool.acquire() as connection:
        with pytest.raises(StrowgerError, match=code):
            await create_sender(connection, customer.account_id, sender, iso_code=country)
