"""A parent's blocklist stops its sub-accounts' messages where it is shared (platform.md 9.4), and only there."""

from typing import Any

from tests.database.messaging.conftest import World

BLOCKED, FREE = "4917012345678", "4917012345679"


async def add_child(world: World, parent: int | None, sid: str) -> int:
    fetch = world.database.pool.fetchval
    child: int = await fetch(
        "INSERT INTO account (sid, name, country, currency, parent_id) VALUES ($1, 'Sub', 'DE', 'EUR', $2) RETURNING id",
        sid, parent,
    )  # fmt: skip
    await fetch("INSERT INTO wallet (account_id, balance) VALUES ($1, 1000)", child)
    await fetch("INSERT INTO sender (account_id, sender) VALUES ($1, 'ACME')", child)
    return child


async def block(world: World, account: int, number: str) -> None:
    await world.database.pool.execute(
        "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at) VALUES ($1, 'sms', $2, 'api', now())",
        account, number,
    )  # fmt: skip
    world.pipeline.facts.forget()


async def traces(world: World, account: int, **changes: Any) -> list[str | None]:
    request_id = await world.send(BLOCKED, FREE, account_id=account, **changes)
    await world.pipeline.intake.step()
    return [(await world.message(request_id, n))["trace"] for n in (1, 2)]


async def test_the_parents_list_applies_to_its_subaccounts_while_it_is_shared(world: World) -> None:
    child = await add_child(world, world.account, "HXEU0000000001DE_1")
    stranger = await add_child(world, None, "HXEU0000000002DE")
    await block(world, world.account, BLOCKED)
    assert (await traces(world, child))[0] != "BLACKLIST"
    await world.set_account(share_blocklist=True)
    assert await traces(world, child) == ["BLACKLIST", "QUEUED"]
    assert await traces(world, child, type="OTP") == ["BLACKLIST", "QUEUED"]
    assert "BLACKLIST" not in await traces(world, stranger)
    await world.set_account(share_blocklist=False)
    assert "BLACKLIST" not in await traces(world, child)


async def test_a_subaccounts_own_list_counts_for_itself_alone(world: World) -> None:
    child = await add_child(world, world.account, "HXEU0000000001DE_1")
    sister = await add_child(world, world.account, "HXEU0000000001DE_2")
    await world.set_account(share_blocklist=True)
    await block(world, child, BLOCKED)
    assert await traces(world, child) == ["BLACKLIST", "QUEUED"]
    assert "BLACKLIST" not in await traces(world, world.account)
    assert "BLACKLIST" not in await traces(world, sister)
