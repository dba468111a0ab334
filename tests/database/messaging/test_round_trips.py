"""What a message costs the database, in statements, so that nobody adds a query per message. Nothing here is timed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from strowger.foundation import database as database_module
from strowger.messaging.outcomes import Accepted
from tests.database.messaging.conftest import World

MESSAGES, GROUP = 1000, 100
STATEMENTS = 300  # for all of them, from accept to the queued callback, and for the connections made meanwhile
CALLBACK = {"url": "https://a.example/dlr?id=<id>", "method": "GET"}


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the statements of every connection that is made from now on; each is a round trip."""
    seen: Counter[str] = Counter()
    prepare = database_module._prepare_connection

    async def prepare_and_count(connection: Any) -> None:
        await prepare(connection)
        connection.add_query_logger(lambda record: seen.update([" ".join(record.query.split())[:60]]))

    monkeypatch.setattr(database_module, "_prepare_connection", prepare_and_count)
    return seen


async def _all_the_way(world: World) -> None:
    """Each group as when requests, answers and receipts of many messages come together, which load makes them do."""
    for group in range(MESSAGES // GROUP):
        numbers = [f"49170{group:02d}{i:05d}" for i in range(GROUP)]
        await asyncio.gather(*(world.send(number, callback=CALLBACK) for number in numbers))
        await world.pipeline.intake.step()
        outcomes = [Accepted(s, world.answers(s)) for s in await world.take()]
        assert len(outcomes) == GROUP
        for outcome in outcomes:
            world.pipeline.journal.outcome(outcome)
        await world.pipeline.journal.flush()
        await world.report(*(world.receipt(outcome.parts[0].operator_id) for outcome in outcomes))


async def test_a_thousand_messages_take_few_statements(statements: Counter[str], world: World) -> None:
    statements.clear()
    await _all_the_way(world)
    counted, total = Counter(statements), sum(statements.values())
    assert await world.database.pool.fetchval("SELECT count(*) FROM message WHERE status = 90") == MESSAGES
    assert await world.database.pool.fetchval("SELECT count(*) FROM callback") == MESSAGES
    assert total <= STATEMENTS, counted.most_common(12)


async def test_a_bulk_request_costs_no_more_statements_than_a_single_one(
    statements: Counter[str], world: World
) -> None:
    await world.send("4917012345678")
    await world.send(*(f"49170{i:08d}" for i in range(100)))
    writes = [
        count for statement, count in statements.items() if "json_to_recordset" in statement or "row AS" in statement
    ]
    assert writes == [2]
    assert await world.database.pool.fetchval("SELECT count(*) FROM message") == 101
