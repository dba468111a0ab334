"""The ledger: it always sums, nothing is overdrawn, caps stop and tell."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from strowger.foundation.database import Database
from strowger.platform.billing import service
from strowger.platform.billing.repository import balance
from strowger.platform.billing.service import Overdrawn
from tests.database.platform.billing.conftest import NOW, Open, check_books

UNIT = Decimal("0.05")


@pytest.mark.parametrize("seed", range(3))
async def test_R68_each_message_is_charged_once_and_the_ledger_sums(
    database: Database, open_account: Open, seed: int
) -> None:
    draw = random.Random(seed)
    parent = await open_account(40, day_cap=Decimal(30))
    assigned = await open_account(5, parent=parent, low_at=Decimal(2))
    shared = await open_account(payer=parent, month_limit=Decimal(6))
    postpaid = await open_account(limit=10)
    accounts = [parent, assigned, shared, postpaid]
    open_: list[tuple[int, Decimal]] = []
    for step in range(40):
        now = NOW + timedelta(hours=step)
        act = draw.choice(["reserve", "reserve", "end", "transfer", "recharge", "statement"])
        if act == "reserve":
            wanted = [(draw.choice(accounts), UNIT * draw.randint(0, 40)) for _ in range(draw.randint(1, 12))]
            refusals = await database.run(lambda c: service.reserve(c, wanted, "test", now))  # noqa: B023
            open_ += [one for one, refusal in zip(wanted, refusals, strict=True) if refusal is None]
        elif act == "end":
            draw.shuffle(open_)
            ended, open_ = open_[: len(open_) // 2], open_[len(open_) // 2 :]
            cut = draw.randint(0, len(ended))
            released, charged = ended[:cut], ended[cut:]
            refunded = charged[: draw.randint(0, len(charged))]
            await database.run(lambda c: service.settle(c, released, charged, refunded, now))  # noqa: B023
        elif act == "transfer":
            pair, amount = draw.choice([(parent, assigned), (assigned, parent)]), Decimal(draw.randint(1, 6))
            with contextlib.suppress(Overdrawn):
                await database.run(lambda c: service.transfer(c, *pair, amount, "test", now))  # noqa: B023
        elif act == "recharge":
            await database.run(lambda c: service.recharge(c, parent, Decimal(3), "test", now))  # noqa: B023
        else:
            owed = -(await database.run(lambda c: balance(c, postpaid)))[0]  # type: ignore[index]
            await database.run(lambda c: service.bill(c, postpaid, owed, "month", now))  # noqa: B023
        await check_books(database, sum((amount for _, amount in open_), Decimal(0)))


async def test_R67_a_thousand_parallel_sends_never_overdraw(database: Database, open_account: Open) -> None:
    account = await open_account(10)

    async def send(_: int) -> bool:
        refusals = await database.run(lambda c: service.reserve(c, [(account, UNIT)], "one", NOW))
        return refusals == [None]

    covered = await asyncio.gather(*(send(n) for n in range(1000)))
    assert sum(covered) == 200
    assert await database.pool.fetchval("SELECT balance FROM wallet") == 0
    await check_books(database, Decimal(10))


async def test_parallel_transfers_never_overdraw(database: Database, open_account: Open) -> None:
    parent = await open_account(100)
    children = [await open_account(parent=parent) for _ in range(4)]

    async def give(n: int) -> bool:
        try:
            await database.run(lambda c: service.transfer(c, parent, children[n % 4], Decimal(7), "t", NOW))
        except Overdrawn:
            return False
        return True

    assert sum(await asyncio.gather(*(give(n) for n in range(40)))) == 14
    await check_books(database)


async def test_the_database_itself_refuses_an_overdraft(database: Database, open_account: Open) -> None:
    account = await open_account(1)
    with pytest.raises(asyncpg.CheckViolationError):
        await database.pool.execute("UPDATE wallet SET balance = -1 WHERE account_id = $1", account)


async def test_R69_the_daily_cap_stops_sending_and_tells_at_80_and_100_per_cent(
    database: Database, open_account: Open
) -> None:
    account = await open_account(100, day_cap=Decimal(1))

    async def reserve(*amounts: str, day: int = 0) -> list[str | None]:
        wanted = [(account, Decimal(amount)) for amount in amounts]
        return await database.run(lambda c: service.reserve(c, wanted, "x", NOW + timedelta(days=day)))

    async def told() -> list[str]:
        return [row["kind"] for row in await database.pool.fetch("SELECT kind FROM billing_notice ORDER BY id")]

    assert await reserve("0.5", "0.2") == [None, None]
    assert await told() == []
    assert await reserve("0.1") == [None]
    assert await told() == ["day80"]
    assert await reserve("0.3", "0.2", "0.01") == ["SPEND-CAP", None, "SPEND-CAP"]
    assert await reserve("0.5") == ["SPEND-CAP"]
    assert await told() == ["day80", "day100"]
    assert await reserve("0.9", day=1) == [None]
    assert await told() == ["day80", "day100", "day80"]


async def test_a_shared_account_spends_its_parents_money_within_its_monthly_limit(
    database: Database, open_account: Open
) -> None:
    parent = await open_account(limit=10)
    child = await open_account(payer=parent, month_limit=Decimal(4))
    wanted = [(child, Decimal(3)), (child, Decimal(2)), (parent, Decimal(6)), (child, Decimal(1)), (parent, Decimal(1))]
    refusals = await database.run(lambda c: service.reserve(c, wanted, "x", NOW))
    assert refusals == [None, "NO-CREDITS", None, None, "NO-CREDITS"]
    assert await database.run(lambda c: balance(c, parent)) == (Decimal(-10), "EUR")
    assert await database.run(lambda c: balance(c, child)) == (Decimal(0), "EUR")
    used = {row["account_id"]: row["amount"] for row in await database.pool.fetch("SELECT * FROM usage_day")}
    assert used == {parent: Decimal(6), child: Decimal(4)}
    kinds = [row["kind"] for row in await database.pool.fetch("SELECT kind FROM billing_notice ORDER BY kind")]
    assert kinds == ["limit100", "limit75", "month100"]
    await check_books(database, Decimal(10))


async def test_low_balance_is_told_once_and_again_after_a_recharge(database: Database, open_account: Open) -> None:
    account = await open_account(10, low_at=Decimal(5))
    for amount in (4, 3, 1):
        await database.run(lambda c, amount=amount: service.reserve(c, [(account, Decimal(amount))], "x", NOW))  # type: ignore[misc]
    assert await database.pool.fetchval("SELECT count(*) FROM billing_notice WHERE kind = 'low'") == 1
    await database.run(lambda c: service.recharge(c, account, Decimal(10), "more", NOW))
    await database.run(lambda c: service.reserve(c, [(account, Decimal(8))], "x", NOW))
    assert await database.pool.fetchval("SELECT count(*) FROM billing_notice WHERE kind = 'low'") == 2
