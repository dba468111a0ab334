"""Receive message: what a keyword does, in the transaction that stores the message (sms.md 7.8, 11.1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from strowger.channels.sms.receive import service
from strowger.channels.sms.receive.repository import configurations, working
from strowger.channels.sms.receive.schemas import Draft
from strowger.foundation.errors import StrowgerError
from strowger.foundation.mail import build_message
from strowger.messaging.outcomes import Incoming
from strowger.messaging.statuses import Status
from tests.database.messaging.conftest import World

PERSON, OTHER, OWN = "4917012345678", "4917099999999", "4915550001"
URL = {"url": "https://a.example/own", "method": "POST"}
NUMBER_URL = {"url": "https://a.example/number", "method": "POST"}


async def configure(world: World, keyword: str = "DEMO", number: str = OWN, account: int = 0, **more: Any) -> int:
    draft = Draft(keyword, world.clock.now() + timedelta(days=1) if keyword else None, **more)
    made = await world.database.run(
        lambda c: service.create(c, account or world.account, number, draft, world.clock.now())
    )
    world.pipeline.facts.forget()
    return made


async def text(world: World, *texts: str, source: str = PERSON, number: str = OWN) -> None:
    """These messages come in, within one flush."""
    reports = [Incoming(world.carrier, source, number, one, world.clock.now()) for one in texts]
    assert await world.report(*reports) == [None] * len(texts)


async def sent(world: World) -> list[tuple[str, str, str, str]]:
    rows = await world.database.pool.fetch(
        "SELECT source, sender, recipient, body FROM message WHERE direction = 0 ORDER BY request_id, n"
    )
    return [tuple(row) for row in rows]


async def logged(world: World) -> list[Any]:
    rows: list[Any] = await world.database.pool.fetch("SELECT * FROM receive_log ORDER BY request_id")
    return rows


async def traces(world: World) -> list[str]:
    await world.pipeline.intake.step()
    rows = await world.database.pool.fetch("SELECT trace FROM message WHERE direction = 0 ORDER BY request_id, n")
    return [row["trace"] for row in rows]


async def add_other_account(world: World) -> int:
    return int(
        await world.database.pool.fetchval(
            "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000002DE', 'Other', 'DE', 'EUR') RETURNING id"
        )
    )


async def test_a_keyword_answers_forwards_mails_and_calls(world: World) -> None:
    client = await world.database.pool.fetchval(
        "INSERT INTO smpp_user (account_id, system_id, password_hash) VALUES ($1, 'own', 'x') RETURNING id",
        world.account,
    )
    await world.database.pool.execute("UPDATE number SET callback = $1", NUMBER_URL)
    await configure(
        world, "BOOK {date}", reply_text="Booked for {date}.", forward_numbers=(OTHER,), callback=URL, smpp_user_id=client,
        forward_emails=("a@example.org", "b@example.org"),
    )  # fmt: skip
    await text(world, "Book 5 May")
    await text(world, "something else")
    assert await sent(world) == [
        ("auto-reply", OWN, PERSON, "Booked for 5 May."),
        ("forward", OWN, OTHER, f"From +{PERSON}: Book 5 May"),
    ]
    assert await traces(world) == ["QUEUED", "QUEUED"]  # the number itself needs no registration as a sender
    callbacks = await world.database.pool.fetch("SELECT target ->> 'url' AS url, variables FROM callback ORDER BY id")
    assert [row["url"] for row in callbacks] == [URL["url"], NUMBER_URL["url"]]
    first, second = (row["variables"] for row in callbacks)
    assert (first["keyword"], first["vars"], first["message"]) == ("BOOK {date}", {"date": "5 May"}, "Book 5 May")
    assert (second["keyword"], second["vars"]) == ("", {})
    (delivery,) = await world.database.pool.fetch("SELECT user_id, payload FROM smpp_delivery")
    assert (delivery["user_id"], delivery["payload"]["text"]) == (client, "Book 5 May")
    mails = await world.database.pool.fetch("SELECT * FROM mail ORDER BY recipient")
    assert [(m["recipient"], m["account_id"]) for m in mails] == [
        ("a@example.org", world.account), ("b@example.org", world.account)
    ]  # fmt: skip
    letter = build_message("Strowger <s@example.net>", mails[0], world.context.secrets)
    assert letter["Subject"] == f"SMS from +{PERSON} to +{OWN} (BOOK {{date}})"
    assert "Book 5 May" in letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    done, plain = await logged(world)
    assert (done["keyword"], done["captured"], done["source"], done["number"]) == (
        "BOOK {date}", {"date": "5 May"}, PERSON, OWN
    )  # fmt: skip
    assert done["done"]["sms"]["to"] == [OTHER]
    assert (done["done"]["callback"], done["done"]["smpp"]) == (True, client)
    assert [mail["to"] for mail in done["done"]["mails"]] == ["a@example.org", "b@example.org"]
    assert (plain["configuration_id"], plain["keyword"], plain["done"]) == (None, "", {})


async def test_the_default_configuration_takes_what_matches_no_keyword(world: World) -> None:
    default = await configure(world, "", reply_text="Hello", reply_sender="ACME")
    demo = await configure(world, reply_text="A demo")
    await text(world, "DEMO", "what?")
    assert [row["configuration_id"] for row in await logged(world)] == [demo, default]
    assert await sent(world) == [("auto-reply", OWN, PERSON, "A demo"), ("auto-reply", "ACME", PERSON, "Hello")]
    for keyword in ("", "demo"):
        with pytest.raises(StrowgerError, match="already"):
            await configure(world, keyword)


async def test_an_expired_keyword_is_not_processed_and_a_disabled_one_is_not_there(world: World) -> None:
    default = await configure(world, "", reply_text="Hello")
    demo = await configure(world, reply_text="A demo", callback=URL)
    await world.database.run(lambda c: configurations.switch(c, world.account, demo, False, world.clock.now()))
    world.pipeline.facts.forget()
    await text(world, "DEMO")
    await world.database.run(lambda c: configurations.switch(c, world.account, demo, True, world.clock.now()))
    world.pipeline.facts.forget()
    world.clock.advance(24 * 3600)
    await text(world, "DEMO")
    first, second = await logged(world)
    assert first["configuration_id"] == default
    assert (second["configuration_id"], second["keyword"], second["done"]) == (demo, "DEMO", {"expired": True})
    assert [body for *_, body in await sent(world)] == ["Hello"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM callback") == 0


async def test_a_reply_may_come_later(world: World) -> None:
    await configure(world, reply_text="Later", reply_minutes=90)
    await text(world, "DEMO")
    (row,) = await world.database.pool.fetch("SELECT status, request_id FROM message WHERE direction = 0")
    assert row["status"] == Status.SCHEDULED
    due = await world.database.pool.fetchval("SELECT due_at FROM submission")
    assert due == world.clock.now() + timedelta(minutes=90)
    assert await world.database.pool.fetchval("SELECT count(*) FROM scheduled_request") == 1
    world.clock.advance(90 * 60)
    assert await traces(world) == ["QUEUED"]


async def test_stop_words_come_first_and_are_answered_once(world: World) -> None:
    await configure(world, "", reply_text="Hello", forward_emails=("a@example.org",))
    await configure(world, "STOP", reply_text="You are out, {nobody}".replace(", {nobody}", "."), callback=URL)
    await text(world, "stop")
    await text(world, "STOP")
    await text(world, "UNSUBSCRIBE")
    await text(world, "HELP")
    assert [(source, body) for source, _, _, body in await sent(world)] == [
        ("opt-out", "You are out."),  # the keyword's words stand in for the account's
        ("opt-out", "Send STOP to get no more messages, START to get them again."),
    ]
    assert await traces(world) == ["QUEUED", "QUEUED"]  # confirmations pass the opt-out that they confirm
    assert await world.database.pool.fetchval("SELECT count(*) FROM opt_out") == 1
    assert await world.database.pool.fetchval("SELECT count(*) FROM callback") == 2
    assert await world.database.pool.fetchval("SELECT count(*) FROM mail") == 2  # the default forwards the other words
    rows = await logged(world)
    assert [(row["keyword"], row["done"].get("word"), row["done"].get("reply", {}).get("why")) for row in rows] == [
        ("STOP", "stop", None), ("STOP", "stop", "unchanged"), ("UNSUBSCRIBE", "stop", "unchanged"), ("HELP", "help", None)
    ]  # fmt: skip


async def test_own_words_subscribe_and_unsubscribe(world: World) -> None:
    await configure(world, "LEAVE", consent="unsubscribe", reply_text="Bye")
    await configure(world, "JOIN", consent="subscribe", reply_text="Welcome")
    await text(world, "LEAVE me")
    await text(world, "LEAVE")
    assert await world.database.pool.fetchval("SELECT count(*) FROM opt_out") == 1
    assert await traces(world) == ["QUEUED"]
    await text(world, "JOIN")
    assert await world.database.pool.fetchval("SELECT count(*) FROM opt_out") == 0
    assert await world.database.pool.fetchval("SELECT status FROM consent") == 1
    assert await traces(world) == ["QUEUED", "QUEUED"]
    await text(world, "JOIN", "STOP")  # within one flush the last word counts
    assert await world.database.pool.fetchval("SELECT count(*) FROM opt_out") == 1
    assert await world.database.pool.fetchval("SELECT status FROM consent") == 0
    await text(world, "STOP", "JOIN")
    assert await world.database.pool.fetchval("SELECT count(*) FROM opt_out") == 0


async def test_somebody_who_opted_out_gets_no_automatic_reply(world: World) -> None:
    await configure(world, reply_text="A demo")
    await text(world, "STOP")
    world.pipeline.facts.forget()  # as the notice of the first opt-out makes workers do
    await text(world, "DEMO")
    assert await traces(world) == ["QUEUED", "OPT-OUT"]


async def test_machines_and_own_numbers_are_neither_answered_nor_forwarded(world: World) -> None:
    other = await add_other_account(world)
    await world.database.pool.execute("INSERT INTO number (account_id, msisdn) VALUES ($1, '4915550002')", other)
    await configure(world, "", reply_text="Hello", forward_numbers=(OTHER,), forward_emails=("a@example.org",))
    for source in ("4915550002", OWN, "72404", "ACME"):
        await text(world, "Hello", source=source)
    assert await sent(world) == []
    whys = [(row["done"]["reply"]["why"], row["done"]["sms"]["why"]) for row in await logged(world)]
    assert whys == [("own-number", "own-number")] * 2 + [("not-a-person", "not-a-person")] * 2
    assert await world.database.pool.fetchval("SELECT count(*) FROM mail") == 4


async def test_two_machines_that_answer_each_other_come_to_rest(world: World) -> None:
    await configure(world, "", reply_text="Hello", forward_numbers=(OTHER,))
    await text(world, *["Out of office"] * 7)
    await text(world, *["Out of office"] * 40)
    await text(world, "HELP")
    rows = await sent(world)
    assert [source for source, *_ in rows].count("auto-reply") == 10
    assert [source for source, *_ in rows].count("forward") == 30
    assert len(rows) == 40
    whys = [row["done"]["reply"].get("why") for row in await logged(world)]
    assert whys == [None] * 10 + ["too-often"] * 38
    await text(world, "Hi", source="4917055555555")  # somebody else is not concerned
    assert len(await sent(world)) == 42
    world.clock.advance(3600)
    await text(world, "Hi")
    assert len(await sent(world)) == 44


async def test_nothing_of_another_account_is_reached(world: World) -> None:
    other = await add_other_account(world)
    client = await world.database.pool.fetchval(
        "INSERT INTO smpp_user (account_id, system_id, password_hash) VALUES ($1, 'theirs', 'x') RETURNING id", other
    )
    with pytest.raises(StrowgerError, match="Not a number of the account") as refusal:
        await configure(world, account=other)
    assert (refusal.value.code, refusal.value.field) == ("E400", "number")
    mine = await configure(world, smpp_user_id=client)
    assert await world.database.pool.fetchval("SELECT smpp_user_id FROM receive_configuration") is None
    draft = Draft("EVIL", world.clock.now() + timedelta(days=1), reply_text="x")
    await world.database.run(lambda c: service.change(c, other, mine, draft, world.clock.now()))
    assert not await world.database.run(lambda c: configurations.switch(c, other, mine, False, world.clock.now()))
    assert not await world.database.run(lambda c: configurations.remove(c, other, mine))
    assert await world.database.run(lambda c: configurations.find(c, other, mine)) is None
    assert await world.database.pool.fetchval("SELECT keyword FROM receive_configuration WHERE active") == "DEMO"
    # A number that goes to somebody else takes no configuration along.
    await world.database.pool.execute("DELETE FROM number")
    await world.database.pool.execute("INSERT INTO number (account_id, msisdn) VALUES ($1, $2)", other, OWN)
    await text(world, "DEMO")
    assert [row["configuration_id"] for row in await logged(world)] == [None]


BAD: list[tuple[str, dict[str, Any]]] = [
    ("keyword", {"keyword": "{x}"}),
    ("keyword", {"keyword": "a" * 31}),
    ("expires_at", {"expires_at": None}),
    ("expires_at", {"expires_at": datetime.fromisoformat("2020-01-01T00:00:00+00:00")}),
    ("reply_text", {"reply_text": "x" * 1601}),
    ("reply_text", {"reply_text": "Hi {name}"}),
    ("reply_sender", {"reply_sender": "FOREIGN"}),
    ("reply_minutes", {"reply_minutes": 10_081}),
    ("reply_minutes", {"reply_minutes": -1}),
    ("consent", {"consent": "maybe"}),
]


@pytest.mark.parametrize(("field", "change"), BAD)
def test_bad_input_names_its_field(field: str, change: dict[str, Any]) -> None:
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    draft = replace(Draft("DEMO", now + timedelta(days=1)), **change)
    with pytest.raises(StrowgerError) as refusal:
        service.check(draft, False, ["ACME"], now)
    assert (refusal.value.code, refusal.value.field) == ("E400", field)


async def test_a_forward_to_a_number_of_the_account_is_refused(world: World) -> None:
    with pytest.raises(StrowgerError, match="would come in again"):
        await configure(world, forward_numbers=(OWN,))
    for read, given in (
        (service.read_emails, "a@b.org\nBcc:x@y.org"),
        (service.read_emails, " ".join("abcdef") + "@x"),
    ):
        with pytest.raises(StrowgerError):
            read(given)
    with pytest.raises(StrowgerError):
        service.read_numbers("12 34", "DE")
    assert service.read_numbers("+49 170 12345678, 0049 170 12345678", "DE") == (PERSON,)


async def test_what_cannot_be_done_leaves_no_half_message(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message and everything that it asks for are one transaction: a process that dies in between leaves neither."""
    await configure(world, reply_text="A demo", forward_emails=("a@example.org",), forward_numbers=(OTHER,))

    async def cut(*_: Any) -> None:
        raise asyncpg.PostgresError("cut")

    monkeypatch.setattr(working, "add_log", cut)
    (problem,) = await world.report(Incoming(world.carrier, PERSON, OWN, "DEMO", world.clock.now()))
    assert isinstance(problem, StrowgerError)  # the carrier is told, and sends it again
    for table in ("message", "submission", "mail", "receive_log", "receive_count"):
        assert await world.database.pool.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    monkeypatch.undo()
    await text(world, "DEMO")
    assert len(await sent(world)) == 2
    assert await world.database.pool.fetchval("SELECT count(*) FROM mail") == 1


async def test_a_batch_costs_the_same_statements_as_one_message(world: World) -> None:
    await configure(
        world, reply_text="A demo", forward_emails=("a@example.org",), forward_numbers=(OTHER,), callback=URL
    )
    await configure(world, "LEAVE", consent="unsubscribe", reply_text="Bye")
    counts = []
    for number in (1, 200):
        seen: list[str] = []

        def note(record: Any, into: list[str] = seen) -> None:
            into.append(record.query)

        holders = world.database.pool._holders
        await world.database.pool.fetchval("SELECT 1")
        for holder in holders:
            if holder._con:
                holder._con.add_query_logger(note)
        texts = [Incoming(world.carrier, f"49170{number}{i:05d}", OWN, word, world.clock.now())
                 for i in range(number) for word in ("DEMO", "LEAVE")]  # fmt: skip
        await world.report(*texts)
        for holder in holders:
            if holder._con:
                holder._con.remove_query_logger(note)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 2, counts
    assert len(await sent(world)) == 3 * 201


async def test_what_is_past_retention_is_forgotten(world: World) -> None:
    await configure(world, reply_text="A demo")
    await text(world, "DEMO")
    now = world.clock.now()
    assert await world.database.run(lambda c: working.forget(c, now, now, 100)) == 0
    later = now + timedelta(days=181)
    assert await world.database.run(lambda c: working.forget(c, now + timedelta(seconds=1), later, 100)) == 1
    assert await world.database.pool.fetchval("SELECT count(*) FROM receive_count") == 0
