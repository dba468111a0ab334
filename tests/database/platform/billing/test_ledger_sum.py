"""Reservations are read from a kept sum and the latest entries: the page of a long ledger costs what that of a short one does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from strowger.foundation.clock import FrozenClock
from strowger.foundation.database import Database
from strowger.platform.billing import service
from strowger.platform.billing.jobs import MoneyJobs
from strowger.platform.billing.repository import reading
from tests.api_kit import make_context
from tests.database.platform.billing.conftest import Open


async def reserved(database: Database, account: int) -> Decimal:
    row = await database.run(lambda c: reading.statement(c, account, datetime.now(UTC)))
    assert row is not None
    found: Decimal = row["reserved"]
    return found


async def test_the_sum_is_right_at_every_moment_and_old_entries_are_not_read(
    database: Database, open_account: Open
) -> None:
    clock = FrozenClock(datetime.now(UTC))
    context = make_context(database, clock)
    jobs, one, other = MoneyJobs(context), await open_account(100), await open_account(100)

    async def reserve(account: int, amount: int) -> None:
        await database.run(lambda c: service.reserve(c, [(account, Decimal(amount))], "x", clock.now()))

    await reserve(one, 7)
    assert (await jobs.add_up_ledger(), await reserved(database, one)) == (
        0,
        7,
    )  # it may not be committed everywhere yet
    clock.advance(600)
    assert (await jobs.add_up_ledger(), await jobs.add_up_ledger()) == (2, 0)
    assert (await reserved(database, one), await reserved(database, other)) == (7, 0)
    await reserve(one, 2)
    await reserve(other, 5)
    await database.run(lambda c: service.settle(c, (), [(one, Decimal(3))], (), clock.now()))
    assert (await reserved(database, one), await reserved(database, other)) == (6, 5)
    clock.advance(600)
    assert sorted(await asyncio.gather(*(MoneyJobs(context).add_up_ledger() for _ in range(3))))[:2] == [0, 0]
    assert (await reserved(database, one), await reserved(database, other)) == (6, 5)
    total = await database.pool.fetchval("SELECT sum(reserved) FROM ledger_entry")
    assert total == await database.pool.fetchval("SELECT sum(reserved) FROM ledger_sum") == 11
    await database.pool.execute("DELETE FROM ledger_entry")  # nothing of them is needed any more
    assert (await reserved(database, one), await reserved(database, other)) == (6, 5)


async def test_an_account_that_was_quiet_for_long_is_summed_from_its_own_mark(
    database: Database, open_account: Open
) -> None:
    clock = FrozenClock(datetime.now(UTC) + timedelta(minutes=10))
    jobs, busy, quiet = MoneyJobs(make_context(database, clock)), await open_account(100), await open_account(100)
    await database.run(lambda c: service.reserve(c, [(quiet, Decimal(4))], "x", clock.now()))
    assert await jobs.add_up_ledger() == 2
    await database.run(lambda c: service.reserve(c, [(busy, Decimal(1))], "x", clock.now()))
    assert await jobs.add_up_ledger() == 1
    await database.run(lambda c: service.reserve(c, [(quiet, Decimal(2))], "x", clock.now()))
    assert await reserved(database, quiet) == 6
    assert await jobs.add_up_ledger() == 1
    assert await reserved(database, quiet) == 6
