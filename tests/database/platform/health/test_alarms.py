"""The operator is told of carriers that go down and of queues that grow old, once each, and when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strowger.platform.health import alarms
from strowger.platform.installation import health_pages
from tests.people_kit import House, open_house

AFTER = 120


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, health_pages.pages) as house:
        await house.context.database.pool.execute(
            "INSERT INTO carrier (name, kind, created_at) VALUES ('Blue', 'smpp', '2020-01-01'), ('Red', 'smpp', '2020-01-01')"
        )
        for name in ("Blue", "Red"):
            await link(house, name, "bound")
        yield house


async def link(house: House, name: str, state: str, detail: str = "") -> None:
    await house.context.database.pool.execute(
        "INSERT INTO carrier_link (carrier_id, bind, state, detail) SELECT id, 1, $2, $3 FROM carrier WHERE name = $1"
        " ON CONFLICT (carrier_id, bind) DO UPDATE SET state = excluded.state, detail = excluded.detail",
        name, state, detail,
    )  # fmt: skip


async def look(house: House, seconds: float = 0) -> int:
    house.clock.advance(seconds)
    return await alarms.look(house.context)


async def subjects(house: House) -> list[str]:
    return [f"{mail['to']}: {mail['subject']}" for mail in await house.mails("installation-alarm")]


async def test_R101_a_carrier_that_goes_down_and_comes_back_is_told_twice(house: House) -> None:
    await house.add("grace", "admin")
    await house.add("sam", "support")
    assert await look(house) == 0
    await link(house, "Blue", "down", "connection refused")
    assert await look(house) == 0
    assert await look(house, AFTER - 1) == 0, "held back: it may be up again at once"
    assert await look(house, 1) == 2
    assert await look(house, 600) == 0, "once"
    assert await subjects(house) == [f"{who}@example.com: Carrier Blue is down" for who in ("ada", "grace")]
    assert "connection refused" in (await house.mails("installation-alarm"))[0]["text"]
    owner = await house.entered()
    assert "Carrier Blue is down" in (await owner.get("/operator/health/now")).text
    await link(house, "Blue", "bound")
    assert await look(house) == 0
    assert await look(house, AFTER) == 2
    assert (await subjects(house))[-1] == "grace@example.com: Carrier Blue is up again"
    assert "Carrier Blue is up again" in (await owner.get("/operator/health/now")).text
    assert await look(house, 3600) == 0


async def test_a_carrier_that_comes_and_goes_is_one_alarm(house: House) -> None:
    for _ in range(20):
        await link(house, "Red", "down")
        await look(house, 20)
        await link(house, "Red", "bound")
        await look(house, 20)
    assert await subjects(house) == ["ada@example.com: Carrier Red is down"]
    assert await look(house, AFTER) == 1
    assert (await subjects(house))[-1] == "ada@example.com: Carrier Red is up again"


async def test_a_short_break_is_no_alarm(house: House) -> None:
    await link(house, "Red", "down")
    await look(house)
    await link(house, "Red", "throttled")
    assert await look(house, 30) == 0
    assert await look(house, AFTER) == 0
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM alarm") == 0
    await house.context.database.pool.execute("UPDATE carrier SET state = 'paused'")
    await link(house, "Red", "down")
    for _ in range(3):
        assert await look(house, AFTER) == 0, "who pauses a carrier knows it"


async def test_who_takes_a_carrier_out_of_use_is_not_told_that_it_is_up(house: House) -> None:
    await link(house, "Red", "down")
    await look(house)
    assert await look(house, AFTER) == 1
    await house.context.database.pool.execute("UPDATE carrier SET state = 'paused' WHERE name = 'Red'")
    assert [await look(house, AFTER) for _ in range(3)] == [0, 0, 0]
    assert await subjects(house) == ["ada@example.com: Carrier Red is down"]
    assert "Carrier Red is no longer used" in (await (await house.entered()).get("/operator/health/now")).text


async def test_R101_messages_that_wait_too_long_are_told_by_carrier(house: House) -> None:
    await house.context.database.pool.execute(
        "INSERT INTO submission (account_id, request_id, n, lane, priority, due_at, expires_at)"
        " SELECT $1, gen_random_uuid(), 1, id, 1, now() - interval '5 minutes', now() + interval '1 day'"
        " FROM carrier WHERE name = 'Blue'",
        house.account.id,
    )
    await look(house)
    assert await look(house, AFTER) == 1
    (mail,) = await house.mails("installation-alarm")
    assert mail["subject"] == "Messages for Blue wait too long"
    assert "1 messages are due" in mail["text"]
    await house.context.database.pool.execute("DELETE FROM submission")
    await look(house)
    assert await look(house, AFTER) == 1


async def test_one_worker_looks_at_a_time(house: House) -> None:
    await link(house, "Blue", "down")
    async with house.context.database.session() as session:
        from strowger.platform.health.repository.alarms import my_turn

        assert await my_turn(session)
        assert await look(house, AFTER) == 0
        assert await house.context.database.pool.fetchval("SELECT count(*) FROM alarm") == 0
    await look(house)
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM alarm") == 1


async def test_the_addresses_of_the_setting_are_told_instead(database_url: str, tmp_path: Path) -> None:
    chosen: dict[str, Any] = {"alarm_after": 0, "alarm_emails": ("noc@example.net",)}
    async with open_house(database_url, tmp_path, **chosen) as house:
        await house.context.database.pool.execute(
            "INSERT INTO carrier (name, kind, created_at) VALUES ('Blue', 'smpp', '2020-01-01')"
        )
        assert await look(house) == 1
        assert await subjects(house) == ["noc@example.net: Carrier Blue is down"]
