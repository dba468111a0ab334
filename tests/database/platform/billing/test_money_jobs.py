"""Background work on money: notices are mailed once, margins come back, months are invoiced once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.platform.billing import jobs as jobs_module
from strowger.platform.billing import service
from strowger.platform.billing.jobs import MoneyJobs
from tests.api_kit import make_context
from tests.database.platform.billing.conftest import Open, check_books


async def test_notices_are_mailed_once_to_the_list_or_the_owners(
    database: Database, open_account: Open, tmp_path: Path
) -> None:
    context = make_context(database)
    listed = await open_account(10, low_at=Decimal(9), alert_emails=["a@b.example", "c@d.example"])
    owned = await open_account(10, low_at=Decimal(9))
    await database.pool.execute(
        "INSERT INTO app_user (account_id, email, name, password_hash) VALUES ($1, 'boss@x.example', 'B', '!')", owned
    )
    now = context.clock.now()
    wanted = [(listed, Decimal(5)), (owned, Decimal(5))]
    await database.run(lambda c: service.reserve(c, wanted, "x", now))
    jobs = MoneyJobs(context)
    assert (await jobs.mail_notices(), await jobs.mail_notices()) == (3, 0)
    sent = [row["recipient"] for row in await database.pool.fetch("SELECT recipient FROM mail ORDER BY recipient")]
    assert sent == ["a@b.example", "boss@x.example", "c@d.example"]
    said = jobs_module._letter(
        {"name": "Acme", "kind": "low", "detail": {"limit": "9", "balance": "5", "currency": "EUR"}},
        "It is low",
        "https://x.example",
    )
    assert "It is 5.00 EUR now." in said.paragraphs
    assert said.button == ("Add credits", "https://x.example/billing/credits")


async def test_a_margin_comes_back_to_the_parent_once(database: Database, open_account: Open) -> None:
    context = make_context(database, FrozenClock(datetime.now(UTC) + timedelta(minutes=10)))
    parent = await open_account(10)
    child = await open_account(12, parent=parent, margin=Decimal(20))
    spent = [(child, Decimal(6))]
    await database.run(lambda c: service.reserve(c, spent, "x", context.clock.now()))
    jobs = MoneyJobs(context)
    assert await jobs.book_margins() == 0  # nothing is charged yet
    await database.run(lambda c: service.settle(c, (), spent, (), context.clock.now()))
    assert (await jobs.book_margins(), await jobs.book_margins()) == (1, 0)
    assert await database.pool.fetchval("SELECT balance FROM wallet WHERE account_id = $1", parent) == 11
    await check_books(database)


async def test_a_month_is_invoiced_once_and_the_next_begins_without_its_debt(
    database: Database, open_account: Open
) -> None:
    clock = FrozenClock(datetime(2026, 1, 20, tzinfo=UTC))
    context = make_context(database, clock)
    account = await open_account(limit=100)
    await database.run(lambda c: service.reserve(c, [(account, Decimal(40))], "x", clock.now()))
    jobs = MoneyJobs(context)
    assert await jobs.bill_months() == 0
    clock.advance(15 * 86_400)
    await database.run(lambda c: service.reserve(c, [(account, Decimal(7))], "x", clock.now()))
    assert (await jobs.bill_months(), await jobs.bill_months()) == (1, 0)
    invoice = await database.pool.fetchrow("SELECT number, total, month FROM invoice")
    assert (invoice["number"], invoice["total"], str(invoice["month"])) == ("INV-2026-000001", 40, "2026-01-01")
    assert await database.pool.fetchval("SELECT balance FROM wallet") == -7
    await check_books(database, Decimal(47))
