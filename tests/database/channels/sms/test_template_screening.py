"""Texts against registered templates in the pipeline: the traces of sms.md 5, row 11."""

from __future__ import annotations

from typing import Any

import pytest

from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World, world

__all__ = ["world"]
INDIA = "919876543210"
TEMPLATE = "1107000000000000001"


@pytest.fixture
async def indian(world: World) -> World:
    await world.database.pool.execute("UPDATE account SET country = 'IN' WHERE id = $1", world.account)
    world.pipeline.facts.forget()
    return world


async def add_template(world: World, content: str, **columns: Any) -> None:
    values = {
        "account_id": world.account, "title": "a", "content": content, "template_id": TEMPLATE, "senders": ["ACME"],
        "purpose": "TXN", "iso_code": "IN", "status": 1, **columns,
    }  # fmt: skip
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await world.database.pool.execute(
        f"INSERT INTO sms_template ({', '.join(values)}) VALUES ({places})", *values.values()
    )


async def trace(world: World, body: str, to: str = INDIA, **changes: Any) -> str:
    options = changes.pop("options", {"template_id": TEMPLATE})
    request = await world.send(to, body=body, options=options, **changes)
    await world.pipeline.intake.step()
    row = await world.message(request)
    assert row["status"] in (Status.QUEUED, Status.NOT_SENT)
    return str(row["trace"])


async def test_a_text_that_fits_goes_and_another_does_not(indian: World) -> None:
    await add_template(indian, "Dear {#var#}, your code is {#var#}.")
    assert await trace(indian, "Dear Ann, your code is 4711.") == "QUEUED"
    assert await trace(indian, "Dear Ann, your pin is 4711.") == "INV-TEMPLATE-MATCH"
    assert await trace(indian, f"Dear {'x' * 31}, your code is 4711.") == "INV-TEMPLATE-MATCH"
    assert await indian.balance() == 1000 - indian_price(1)


def indian_price(messages: int) -> Any:
    from decimal import Decimal

    return Decimal("0.05") * messages


@pytest.mark.parametrize("columns", [{"status": 0}, {"status": 4}, {"senders": ["OTHER"]}, {"template_id": "1" * 12}])
async def test_without_an_approved_template_of_the_sender(indian: World, columns: dict[str, Any]) -> None:
    await add_template(indian, "Hello", **columns)
    assert await trace(indian, "Hello") == "TEMPLATE-NOT-FOUND"


async def test_a_template_of_another_account_does_not_count(indian: World) -> None:
    other = await indian.database.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXIN0000000002IN', 'B', 'IN', 'EUR') RETURNING id"
    )
    await add_template(indian, "Hello", account_id=other)
    assert await trace(indian, "Hello") == "TEMPLATE-NOT-FOUND"


async def test_the_rule_binds_only_where_the_registry_is(world: World, indian: World) -> None:
    assert await trace(indian, "Hello", to="4917012345678") == "QUEUED"
    await world.database.pool.execute("UPDATE account SET country = 'DE'")
    world.pipeline.facts.forget()
    assert await trace(world, "Hello") == "QUEUED"


async def test_a_text_without_a_template_id_goes_the_way_of_marketing(indian: World) -> None:
    indian.clock.advance(6 * 3600)  # into the promotional hours there
    await indian.database.pool.execute("UPDATE route SET type = 'TXN'")
    indian.pipeline.facts.forget()
    assert await trace(indian, "Hello", options={}) != "QUEUED"
    await indian.database.pool.execute("UPDATE route SET type = 'MKT'")
    indian.pipeline.facts.forget()
    assert await trace(indian, "Hello", options={}) == "QUEUED"


async def test_a_batch_asks_once_for_all_its_templates(indian: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from strowger.channels.sms.message_templates import screening

    asked: list[int] = []
    read = screening.usable

    async def counted(connection: Any, keys: Any) -> Any:
        asked.append(len(keys))
        return await read(connection, keys)

    monkeypatch.setattr(screening, "usable", counted)
    await add_template(indian, "Hello {#var#}")
    for n in range(3):
        await indian.send(INDIA, body=f"Hello {n}", options={"template_id": TEMPLATE})
        await indian.send(INDIA, body=f"Hello {n}", options={"template_id": f"{n}" * 12})
    await indian.pipeline.intake.step()
    assert asked == [4]
    await trace(indian, "Hello again")
    assert asked == [4]
    counts = await indian.database.pool.fetch("SELECT trace, count(*) AS n FROM message GROUP BY trace")
    assert {row["trace"]: row["n"] for row in counts} == {"QUEUED": 4, "TEMPLATE-NOT-FOUND": 3}


async def test_the_entity_is_the_requests_else_the_senders_else_the_accounts(indian: World) -> None:
    """sms.md 3.2: operators there refuse a message without its principal entity."""
    await add_template(indian, "Hello")
    own, sender, account = "1101000000000000001", "1101000000000000002", "1101000000000000003"

    async def entity(to: str = INDIA, **options: str) -> Any:
        request = await indian.send(to, body="Hello", options={"template_id": TEMPLATE, **options})
        await indian.pipeline.intake.step()
        stored = (await indian.message(request))["options"].get("entity_id")
        submission = next(one for one in await indian.take() if one.request_id == request)
        assert submission.options.get("entity_id") == stored
        return stored

    assert await entity() is None
    await indian.set_account(entity_id=account)
    indian.pipeline.facts.forget()
    assert await entity() == account
    await indian.database.pool.execute("UPDATE sender SET entity_id = $1 WHERE sender = 'ACME'", sender)
    indian.pipeline.facts.forget()
    assert await entity() == sender
    assert await entity(entity_id=own) == own
    assert await entity(to="4917012345678") is None
