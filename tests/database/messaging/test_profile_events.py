"""Which events of messages go to which profile: named in the request, on a number, or the account's default."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from strowger.foundation.ids import new_uuid
from strowger.messaging.outcomes import Incoming
from strowger.messaging.statuses import Status
from strowger.platform.callbacks.profiles.service import ProfileService
from strowger.platform.callbacks.rendering import RECEIVED_NAMES, render
from strowger.platform.callbacks.schemas import Target
from tests.database.messaging.conftest import World


async def _profile(world: World, account: int = 0, **params: Any) -> Any:
    given = {
        "title": f"p {new_uuid()}", "channel": "sms", "http_method": "POST", "url": "http://127.0.0.1:9999/dlr",
        "body": {"id": "<id>"}, "events": ["sms_send", "sms_mo"], **params,
    }  # fmt: skip
    made = await ProfileService(world.context).create(account or world.account, given)
    world.pipeline.facts.forget()
    return made


async def _queued(world: World) -> list[Any]:
    return await world.database.pool.fetch("SELECT event, profile_id, target, variables FROM callback ORDER BY id")


@pytest.mark.parametrize(
    ("statuses", "wanted"), [([], ["DELIVERED"]), (["SENT", "DELIVERED"], ["SENT", "DELIVERED"]), (["FAILED"], [])]
)
async def test_a_message_tells_the_profile_that_its_request_named(
    world: World, statuses: list[str], wanted: list[str]
) -> None:
    profile = await _profile(world, statuses=statuses)
    await world.send(callback={"profile": str(profile.id)})
    (outcome,) = await world.submit()
    await world.report(world.receipt(outcome.parts[0].operator_id))
    rows = await _queued(world)
    assert [row["variables"]["status"] for row in rows] == wanted
    assert {row["profile_id"] for row in rows} <= {profile.id}
    assert all(row["target"]["url"] == "http://127.0.0.1:9999/dlr" for row in rows)


async def test_without_a_callback_the_accounts_default_is_told_and_an_inline_one_wins(world: World) -> None:
    profile = await _profile(world)
    service = ProfileService(world.context)
    await service.set_default(world.account, "sms_send", profile.name)
    world.pipeline.facts.forget()
    await world.send(options={"dlr": 0})
    await world.send(callback={"url": "https://a.example/", "method": "GET"}, options={"dlr": 0})
    await world.submit()
    assert [row["profile_id"] for row in await _queued(world)] == [profile.id, None]
    await service.delete(world.account, profile.id)
    world.pipeline.facts.forget()
    await world.send(options={"dlr": 0})
    await world.submit()
    assert len(await _queued(world)) == 2


async def test_incoming_messages_go_to_the_numbers_profile_or_to_the_default(world: World) -> None:
    own, usual = await _profile(world), await _profile(world)
    await ProfileService(world.context).set_default(world.account, "sms_mo", usual.name)
    world.pipeline.facts.forget()
    incoming = Incoming(world.carrier, "4917099", "4915550001", "Hi there", world.clock.now())
    await world.report(incoming)
    await world.database.pool.execute("UPDATE number SET callback = $1", {"profile": str(own.id)})
    await world.report(incoming)
    rows = await _queued(world)
    assert [(row["event"], row["profile_id"]) for row in rows] == [("sms_mo", usual.id), ("sms_mo", own.id)]


async def test_an_incoming_message_is_told_in_the_references_form(world: World) -> None:
    await world.database.pool.execute(
        "UPDATE number SET callback = $1", {"url": "https://a.example/", "method": "POST"}
    )
    await world.report(Incoming(world.carrier, "4917099", "4915550001", "DEMO yes", world.clock.now()))
    (row,) = await _queued(world)
    told = row["variables"]
    stored = await world.database.pool.fetchval("SELECT request_id FROM message WHERE direction = 1")
    assert {name: told[name] for name in RECEIVED_NAMES} == {
        "description": "Message has been sent", "id": str(stored), "kid": str(stored), "recipient": "+4915550001",
        "source": "4917099", "status": "SENT", "status_trace": "SENT", "message": "DEMO yes", "keyword": "", "operator": "",
        "circle": "", "timestamp": told["timestamp"], "parts[n]": "1",
    }  # fmt: skip


async def test_a_profile_of_another_account_is_never_told(world: World) -> None:
    other = await world.database.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000002DE', 'Other', 'DE', 'EUR') RETURNING id"
    )
    foreign = await _profile(world, other)
    await world.send(callback={"profile": str(foreign.id)}, options={"dlr": 0})
    await world.submit()
    assert await _queued(world) == []


async def test_profiles_are_looked_up_once_for_a_batch(world: World) -> None:
    profiles = [await _profile(world) for _ in range(3)]
    for number in range(30):
        await world.send(callback={"profile": str(profiles[number % 3].id)}, options={"dlr": 0})
    asked: list[str] = []
    async with world.database.pool.acquire() as connection:
        connection.add_query_logger(lambda record: asked.append(record.query))
        wanted = [(world.account, {"profile": str(profiles[number % 3].id)}) for number in range(30)] + [
            (world.account, None)
        ]
        targets = await world.pipeline.facts.profiles.targets(connection, wanted)
        await world.pipeline.facts.profiles.targets(connection, wanted)
    assert len([query for query in asked if "callback_" in query]) == 2
    assert targets.of(*wanted[0], "sms_send")["profile"] == str(profiles[0].id)
    await world.submit()
    assert len(await _queued(world)) == 30


async def test_a_callback_tells_of_each_part_and_of_the_link(world: World) -> None:
    text = f"See https://sho.example/abc. {'x' * 200}"
    await world.send(
        body=text,
        callback={
            "url": "https://a.example/",
            "method": "POST",
            "payload": {"all": "<parts[n]>", "second": "<parts[2].status_trace>"},
        },
    )
    profile = await _profile(world)
    await world.send(body=text, callback={"profile": str(profile.id)})
    outcomes = await world.submit(parts=2)
    for outcome in outcomes:
        await world.report(world.receipt(outcome.parts[0].operator_id))
        await world.report(world.receipt(outcome.parts[1].operator_id, Status.UNDELIVERED, "ABSENT-SUB"))
    inline, named = await _queued(world)
    parts = [
        {"part": 1, "status": "DELIVERED", "status_trace": "DELIVERED"},
        {"part": 2, "status": "UNDELIVERED", "status_trace": "ABSENT-SUB"},
    ]
    assert (inline["variables"]["parts"], named["variables"]["parts"]) == (parts, parts)
    assert "url" not in inline["variables"]
    assert named["variables"]["url"] == "https://sho.example/abc"
    sent = render(Target.from_json(inline["target"], world.context.secrets, world.account), inline["variables"]).body
    assert msgspec.json.decode(sent or b"") == {"all": parts, "second": "ABSENT-SUB"}


async def test_a_message_of_one_part_that_was_refused_has_one_part(world: World) -> None:
    await world.send("123", callback={"url": "https://a.example/?p={parts[1].status_trace}", "method": "GET"})
    await world.submit()
    (row,) = await _queued(world)
    assert row["variables"]["parts"] == [{"part": 1, "status": "NOT-SENT", "status_trace": "INV-NUMBER"}]
