"""Shared numbers: a message is of the account whose keyword it begins with, and no account sees another's (sms.md 7.8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from strowger.channels.sms.receive import service
from strowger.channels.sms.receive.repository import configurations
from strowger.channels.sms.receive.schemas import Draft
from strowger.foundation.errors import StrowgerError
from strowger.foundation.tenancy import acting_for
from strowger.platform.directory import service as directory
from strowger.platform.numbers import service as numbers
from tests.database.messaging.conftest import World
from tests.database.messaging.test_receive import (
    NUMBER_URL,
    OWN,
    PERSON,
    add_other_account,
    configure,
    logged,
    sent,
    text,
)

TEMPLATE, ENTITY = "1107000000000000001", "1101000000000000001"


async def share(world: World) -> int:
    """The number of the world's account is another account's too; returns the other."""
    other = await add_other_account(world)
    await world.database.run(lambda c: numbers.share_number(c, other, OWN, world.clock.now()))
    return other


async def whose(world: World) -> list[Any]:
    rows = await world.database.pool.fetch("SELECT account_id FROM message WHERE direction = 1 ORDER BY request_id")
    return [row["account_id"] for row in rows]


async def test_keywords_tell_accounts_apart(world: World) -> None:
    await world.database.pool.execute("UPDATE number SET callback = $1", NUMBER_URL)
    other = await share(world)
    mine = await configure(world, "PIZZA", reply_text="Mine")
    theirs = await configure(world, "TAXI {place}", account=other, reply_text="To {place}")
    await text(world, "taxi Station", "Pizza!", "what?")
    assert await whose(world) == [other, world.account, world.account]
    found = {row["account_id"]: row["configuration_id"] for row in await logged(world) if row["configuration_id"]}
    assert found == {other: theirs, world.account: mine}
    assert {row[3] for row in await sent(world)} == {"To Station", "Mine"}
    callbacks = await world.database.pool.fetch("SELECT account_id FROM callback")
    assert {row["account_id"] for row in callbacks} == {
        world.account
    }  # the number's own receiver hears nothing of others
    with acting_for(other):
        async with world.database.acquire() as connection:
            assert await connection.fetchval("SELECT count(*) FROM message") == 2  # what came, and its answer
            assert await connection.fetchval("SELECT count(*) FROM receive_configuration") == 1
            assert await connection.fetchval("SELECT count(*) FROM number") == 0


async def test_a_keyword_is_one_accounts_and_there_is_no_default(world: World) -> None:
    other = await share(world)
    await configure(world, "PIZZA")
    for account in (other, world.account):
        with pytest.raises(StrowgerError, match="taken on the shared number") as refusal:
            await configure(world, "pizza", account=account)
        assert (refusal.value.status, refusal.value.field) == (409, "keyword")
        with pytest.raises(StrowgerError, match="no default configuration"):
            await configure(world, "", account=account)
        with pytest.raises(StrowgerError, match="belongs to everybody"):
            await configure(world, "stop", account=account)
    made = await configure(world, "TAXI", account=other)
    draft = Draft("PIZZA", world.clock.now() + timedelta(days=1))
    with pytest.raises(StrowgerError, match="taken on the shared number"):
        await world.database.run(lambda c: service.change(c, other, made, draft, world.clock.now()))
    with pytest.raises(StrowgerError, match="come in again"):
        await configure(world, "ROUND", account=other, forward_numbers=(OWN,))


async def test_stop_is_for_whom_wrote_last(world: World) -> None:
    other = await share(world)
    await configure(world, "PIZZA")
    await configure(world, "TAXI", account=other, reply_text="Soon")
    await text(world, "TAXI")  # the other account answers: it wrote last
    await text(world, "STOP")
    rows = await world.database.pool.fetch("SELECT account_id, address, sender FROM opt_out")
    assert [tuple(row) for row in rows] == [(other, PERSON, OWN)]
    await text(world, "STOP", source="4917088888888")  # nobody wrote: whoever holds the number
    rows = await world.database.pool.fetch("SELECT account_id FROM opt_out WHERE address = '4917088888888'")
    assert [row["account_id"] for row in rows] == [world.account]


async def test_a_share_ends_with_its_keywords(world: World) -> None:
    other = await share(world)
    with pytest.raises(StrowgerError, match="shared with this one already"):
        await world.database.run(lambda c: numbers.share_number(c, other, OWN, world.clock.now()))
    with pytest.raises(StrowgerError, match="no such number of another account"):
        await world.database.run(lambda c: numbers.share_number(c, world.account, OWN, world.clock.now()))
    made = await configure(world, "TAXI", account=other)
    await world.database.run(lambda c: numbers.unshare_number(c, other, OWN))
    world.pipeline.facts.forget()
    async with world.database.acquire() as connection:
        assert await configurations.find(connection, other, made) is None
        assert await connection.fetchval("SELECT shared FROM number WHERE msisdn = $1", OWN) is False
    with pytest.raises(StrowgerError, match="Not a number of the account"):
        await configure(world, "TAXI", account=other)
    await text(world, "TAXI")
    assert await whose(world) == [world.account]
    await configure(world, "", reply_text="Hello")
    with pytest.raises(StrowgerError, match="default configuration"):
        await world.database.run(lambda c: numbers.share_number(c, other, OWN, world.clock.now()))


async def test_replies_and_confirmations_name_their_templates(world: World) -> None:
    await configure(world, "DEMO", reply_text="A demo", reply_template=TEMPLATE, reply_entity=ENTITY)
    await configure(world, "LEAVE", reply_text="Gone", reply_template="1107000000000000002", consent="unsubscribe")
    words = {"stop_template": "1107000000000000003", "entity_id": ENTITY}
    await world.database.pool.execute(
        "UPDATE account SET settings = settings || $1 WHERE id = $2", {"opt_words": words}, world.account
    )
    world.pipeline.facts.forget()
    await text(world, "DEMO", "LEAVE")
    await text(world, "STOP", source="4917088888888")
    rows = await world.database.pool.fetch("SELECT body, options FROM message WHERE direction = 0 ORDER BY request_id")
    named = {row["body"]: (row["options"].get("template_id"), row["options"].get("entity_id")) for row in rows}
    assert named["A demo"] == (TEMPLATE, ENTITY)
    assert named["Gone"] == ("1107000000000000002", None)
    assert (("1107000000000000003", ENTITY)) in named.values()
    for field in ("reply_template", "reply_entity"):
        with pytest.raises(StrowgerError) as refusal:
            service.check(
                Draft("A", world.clock.now() + timedelta(days=1), **{field: "12"}), False, (), world.clock.now()
            )
        assert refusal.value.field == field


async def test_subscribing_gives_a_tag_and_unsubscribing_takes_it(world: World) -> None:
    now = world.clock.now()
    tag = await world.database.run(lambda c: directory.create_tag(c, world.account, "News", now=now))
    await configure(world, "JOIN", consent="subscribe", tag_id=tag)
    await configure(world, "LEAVE", consent="unsubscribe", tag_id=tag)

    async def worn() -> list[str]:
        rows = await world.database.pool.fetch(
            "SELECT c.mobile, c.source FROM contact_tag t JOIN contact c ON c.id = t.contact_id WHERE t.tag_id = $1",
            tag,
        )
        assert {row["source"] for row in rows} <= {"message"}
        return sorted(row["mobile"] for row in rows)

    await text(world, "join")
    await text(world, "JOIN", source="4917088888888")
    assert await worn() == sorted([PERSON, "4917088888888"])
    await text(world, "LEAVE")
    assert await worn() == ["4917088888888"]
    assert (await logged(world))[0]["done"]["tag"] == {"id": tag, "name": "News"}
    await world.database.run(lambda c: directory.delete_tag(c, world.account, tag))
    await text(world, "JOIN", source="4917077777777")
    assert (await logged(world))[-1]["done"]["tag"] == {"why": "no-tag"}
    for wrong in ({"tag_id": 999_999, "consent": "subscribe"}, {"tag_id": tag, "consent": "subscribe"}):
        with pytest.raises(StrowgerError, match="no such tag"):
            await configure(world, "OTHER", **wrong)
