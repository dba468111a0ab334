"""What other modules ask of the directory: tags of numbers, recipients of tags, dynamic tags, erasure, the automatic blocklist."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from strowger.foundation.database import Database
from strowger.platform.directory import service
from strowger.platform.directory.errors import Refused
from strowger.platform.directory.repository import fields
from strowger.platform.directory.schemas import Recipient, Values
from tests.api_kit import add_customer

NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


@pytest.fixture
async def account(database: Database) -> int:
    return (await add_customer(database)).account_id


async def numbers(
    database: Database, account: int, tags: list[int], without: list[int] | None = None, size: int = 2
) -> list[Recipient]:
    async def work(connection: Any) -> list[Recipient]:
        found = service.numbers_of_tags(connection, account, tags, now=NOW, without=without or (), size=size)
        return [one async for batch in found for one in batch]

    return await database.run(work)


async def test_tags_of_numbers_and_their_recipients(database: Database, account: int) -> None:
    people = [f"44770090010{n}" for n in range(5)]

    async def prepare(connection: Any) -> tuple[int, int]:
        shoe = await service.create_field(connection, account, "Shoe size", "number", now=NOW)
        values = Values(people[0], "Ada", city="London", fields={str(shoe): "38"})
        await service.create(connection, account, values, now=NOW)
        all_ = await service.create_tag(connection, account, "All", now=NOW)
        some = await service.create_tag(connection, account, "Some", now=NOW)
        for tag_id, wearers in ((all_, people), (some, people[1:3])):
            tag = await service.find_tag(connection, account, tag_id)
            assert tag is not None
            await service.add_tag(connection, account, wearers, tag, source="message", now=NOW)
            assert await service.add_tag(connection, account, wearers, tag, now=NOW) == 0
        return all_, some

    all_, some = await database.run(prepare)
    found = await numbers(database, account, [all_, some])
    assert [one.number for one in found] == people
    assert found[0] == Recipient(
        people[0], "Ada", {"name": "Ada", "email": "", "city": "London", "state": "", "country": "", "Shoe size": "38"}
    )
    assert [one.number for one in await numbers(database, account, [all_], [some])] == [people[0], people[3], people[4]]
    assert await numbers(database, account, []) == []

    async def lose(connection: Any) -> Any:
        tag = await service.find_tag(connection, account, "all")
        assert tag is not None
        assert tag.id == all_
        await service.remove_tag(connection, account, people[:2], tag)
        await service.merge_tags(connection, account, some, all_)
        return await service.find_tag(connection, account, str(some))

    assert await database.run(lose) is None
    assert [one.number for one in await numbers(database, account, [all_])] == people[1:]


async def test_a_dynamic_tag_is_whoever_its_filter_shows(database: Database, account: int) -> None:
    async def prepare(connection: Any) -> tuple[int, int]:
        field = await service.create_field(connection, account, "Plan", "text", now=NOW)
        vip = await service.create_tag(connection, account, "VIP", now=NOW)
        for n, (city, plan) in enumerate((("Berlin", "gold"), ("Bern", "gold"), ("Berlin", "free"))):
            values = Values(f"44770090010{n}", city=city, country="GB", fields={str(field): plan})
            await service.create(connection, account, values, tag_ids=[vip] if n == 2 else [], now=NOW)
        criteria = f"?city=berlin&f{field}=gold"
        gold = await service.create_tag(connection, account, "Gold in Berlin", criteria=criteria, now=NOW)
        circle = await service.create_tag(connection, account, "Circle", criteria=f"?tags={gold}&tags={vip}", now=NOW)
        with pytest.raises(Refused, match="DIR412"):
            await service.tag_contacts(connection, account, [1], [gold], True, NOW)
        counted = {tag.name: tag.contacts for tag in await service.counted_tags(connection, account, NOW)}
        assert counted == {"VIP": 1, "Gold in Berlin": 1, "Circle": 1}
        assert circle
        return gold, vip

    gold, vip = await database.run(prepare)
    assert [one.number[-1] for one in await numbers(database, account, [gold])] == ["0"]
    assert [one.number[-1] for one in await numbers(database, account, [gold, vip])] == ["0", "2"]


async def test_a_field_goes_with_its_values(database: Database, account: int) -> None:
    async def work(connection: Any) -> None:
        field = await service.create_field(connection, account, "Plan", "text", now=NOW)
        await service.create(connection, account, Values("447700900123", fields={str(field): "gold"}), now=NOW)
        assert await fields.used(connection, account, str(field)) == 1
        await service.delete_field(connection, account, field)
        assert await fields.used(connection, account, str(field)) == 0
        assert await connection.fetchval("SELECT fields FROM contact") == {}
        for n in range(50):
            await service.create_field(connection, account, f"Field {n}", "text", now=NOW)
        with pytest.raises(Refused, match="DIR409"):
            await service.create_field(connection, account, "One more", "text", now=NOW)

    await database.run(work)


async def test_R56_tags_and_contacts_of_another_account_are_not_there(database: Database, account: int) -> None:
    other = (await add_customer(database, "HXEU0000000002GB")).account_id

    async def work(connection: Any) -> None:
        theirs = await service.create_tag(connection, other, "VIP", now=NOW)
        contact = await service.create(connection, other, Values("447700900123"), tag_ids=[theirs], now=NOW)
        assert await service.find_tag(connection, account, theirs) is None
        assert await service.find_tag(connection, account, "VIP") is None
        with pytest.raises(Refused, match="DIR405"):
            await service.create(connection, account, Values("447700900124"), tag_ids=[theirs], now=NOW)
        with pytest.raises(Refused, match="DIR404"):
            await service.change(connection, account, contact, Values("447700900125"), now=NOW)
        assert await service.delete(connection, account, [contact]) == 0
        mine = await service.create_tag(connection, account, "Mine", now=NOW)
        assert await service.tag_contacts(connection, account, [contact], [mine], True, NOW) == 0

    await database.run(work)
    tag = await database.pool.fetchval("SELECT id FROM tag WHERE account_id = $1", other)
    assert await numbers(database, account, [tag]) == []
