"""Every rule of sms.md 5, rows 3 to 14: what it does to log, queue, ledger and counts."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from strowger.channels.sms.screening.jobs import ScreeningJobs
from strowger.messaging.outcomes import Incoming
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.guard import service as guard
from strowger.platform.guard.repository import purge
from tests.database.messaging.conftest import World

GERMAN, INDIAN, FRENCH = "4917012345678", "919876543210", "33612345678"
BLOCK = "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at)"
OPT_OUT = "INSERT INTO opt_out (account_id, channel, address, sender, via, created_at)"
CONSENT = "INSERT INTO consent VALUES ($1, 'sms', 'ACME', $2, '', '', {}, 'api', NULL, now(), now(), now())"
PREFIX = "INSERT INTO blocked_prefix (account_id, prefix, source, created_at)"
RULE = "INSERT INTO country_rule (country, max_parts, unicode_allowed, updated_at) VALUES ('DE', $1, $2, now())"
LISTS = {
    "blocklist": BLOCK + " VALUES ($1, 'sms', $2, 'api', now())",
    "opt_out": OPT_OUT + " VALUES ($1, 'sms', $2, 'ACME', 'keyword', now())",
    "opt_out_all": OPT_OUT + " VALUES ($1, 'sms', $2, '*', 'keyword', now())",
    "consent_out": CONSENT.format(0),
    "consent_in": CONSENT.format(1),
    "mark": "INSERT INTO dnd_mark (account_id, address, created_at) VALUES ($1, $2, now())",
    "prefix": PREFIX + " VALUES ($1, left($2, 7), 'manual', now())",
}


async def put(world: World, name: str, number: str, account: int | None = None) -> None:
    if name == "register":
        await world.database.pool.execute("INSERT INTO dnd_number VALUES ($1)", int(number))
    else:
        await world.database.pool.execute(LISTS[name], account or world.account, number)
    world.pipeline.facts.forget()


async def outcome(world: World, *recipients: str, **changes: Any) -> list[str]:
    """The traces of a request's messages after intake."""
    request_id = await world.send(*recipients, **changes)
    await world.pipeline.intake.step()
    return [(await world.message(request_id, n))["trace"] for n in range(1, len(recipients or ("one",)) + 1)]


REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], list[str], str]] = [
    ("nobody's sender", {"sender": "NOBODY"}, {}, [], "SNDRID-NOT-ALLOTED"),
    ("a country that takes numeric senders", {"recipients": ["14155550123"]}, {}, [], "SENDER-ID-NOT-FOUND"),
    ("letters", {"recipients": ["12a"]}, {}, [], "INV-NUMBER"),
    ("digits of another script", {"recipients": ["²²²²²²²²²"]}, {}, [], "INV-NUMBER"),
    ("length", {"recipients": ["1415555123"]}, {}, [], "INV-MOB-PATTRN"),
    ("digits", {"recipients": ["123"]}, {}, [], "INV-NUMBER"),
    ("plan", {"recipients": ["4911234567"]}, {"strict_numbering": True}, [], "KLR-INV-NUMBER"),
    ("satellite", {"recipients": ["870773111632"]}, {}, [], "SERIES-BLOCK"),
    ("premium", {"recipients": ["449012345678"]}, {}, [], "SERIES-BLOCK"),
    ("blocked prefix", {}, {}, ["prefix"], "SERIES-BLOCK"),
    ("listed countries", {}, {"allowed_countries": ["FR"]}, [], "NOT-ALLOWED"),
    ("country off", {}, {"countries": {"default": "on", "DE": "off"}}, [], "NOT-ALLOWED"),
    ("operator's country", {}, {"blocked_countries": ["DE"]}, [], "BLOCKED-COUNTRY"),
    ("route type", {"type": "MKT"}, {"route_types": ["OTP", "TXN"]}, [], "ROUTE-NOT-ENABLED"),
    ("blocklist", {}, {}, ["blocklist"], "BLACKLIST"),
    ("blocklist stops passwords too", {"type": "OTP"}, {}, ["blocklist"], "BLACKLIST"),
    ("opt-out", {}, {}, ["opt_out"], "OPT-OUT"),
    ("opt-out of everything", {}, {}, ["opt_out_all"], "OPT-OUT"),
    ("opt-out stops passwords", {"type": "OTP"}, {}, ["opt_out"], "OPT-OUT"),
    ("refused consent", {"type": "MKT"}, {"consent_policy": "block_opt_out"}, ["consent_out"], "OPTOUT-REJ"),
    ("no consent", {"type": "MKT"}, {"consent_policy": "require_opt_in"}, [], "NOT-OPTIN"),
    ("left the group", {"type": "MKT"}, {"consent_policy": "require_opt_in"}, ["consent_out"], "OUTPUT-REJ"),
    ("own mark", {"type": "MKT"}, {}, ["mark"], "CON-DND"),
    ("national register", {"type": "MKT", "recipients": [INDIAN]}, {}, ["register"], "DND-NUMB"),
    ("no type in India is promotional", {"type": "DEFAULT", "recipients": [INDIAN]}, {}, ["register"], "DND-NUMB"),
    ("explicit without consent", {"type": "TXND", "recipients": [INDIAN]}, {}, ["register"], "DND-NUMB"),
    ("hours", {"type": "MKT"}, {"mkt_window": {"where": "everywhere", "outside": "reject", "opens": "20:00"}}, [], "TIME-OUT-PROM"),
    ("a word", {"body": "Win a CASINO bonus"}, {"blocked_words": ["casino"]}, [], "SPAM"),
    ("a link", {"body": "See https://evil.test/x"}, {"link_hosts": ["example.org"]}, [], "URL-NOT-ALLOWED"),
    ("parts", {"body": "x" * 161}, {"single_part_only": True}, [], "REJECTED-MULTIPART"),
    ("cap", {"body": "x" * 1531}, {}, [], "MAX-LIMIT"),
]  # fmt: skip


async def tidy(world: World, **settings: Any) -> None:
    for table in ("blocklist_entry", "opt_out", "consent", "dnd_mark", "dnd_number", "blocked_prefix"):
        await world.database.pool.execute(f"DELETE FROM {table}")
    await world.set_account(**settings)


async def test_each_refusal(world: World) -> None:
    world.clock.advance(23_400)  # noon in India
    for name, changes, settings, lists, trace in REFUSALS:
        await tidy(world, **settings)
        given = {key: value for key, value in changes.items() if key != "recipients"}
        recipients = changes.get("recipients", [GERMAN])
        for one in lists:
            await put(world, one, recipients[0])
        request_id = await world.send(*recipients, **given)
        await world.pipeline.intake.step()
        row = await world.message(request_id)
        assert row["trace"] == trace, name
        assert row["final_at"] is not None
        assert [(e["kind"], e["trace"]) for e in await world.events(request_id)] == [(EventKind.REFUSED, trace)]
        assert await world.queued() == []
    assert await world.balance() == Decimal(1000)
    assert await world.database.pool.fetchval("SELECT count(*) FROM usage_counter") == 0


PASSES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"type": "TXN"}, {"consent_policy": "require_opt_in"}, ["consent_out", "mark"]),
    ({"type": "MKT"}, {"consent_policy": "require_opt_in"}, ["consent_in"]),
    ({"type": "MKT"}, {}, ["consent_out"]),
    ({"type": "OTP"}, {"otp_passes_opt_out": True}, ["opt_out"]),
    ({"type": "TXN", "recipients": [INDIAN]}, {}, ["register"]),
    ({"type": "TXND", "recipients": [INDIAN]}, {}, ["register", "consent_in"]),
    ({"type": "MKT"}, {}, ["register"]),
    ({"recipients": ["449012345678"]}, {"premium_allowed": True}, []),
    ({"recipients": ["14155550123"], "sender": "4915550001"}, {}, []),
    ({"body": "See https://www.example.org/x"}, {"link_hosts": ["example.org"]}, []),
    ({"body": "A casinos-like word"}, {"blocked_words": ["casino"]}, []),
    ({}, {"mkt_window": "nonsense", "countries": 7, "rate_limit": [], "prefix_watch": "x"}, []),
]  # fmt: skip


async def test_what_the_rules_let_pass(world: World) -> None:
    world.clock.advance(23_400)
    add = "INSERT INTO sender (account_id, sender) VALUES ($1, '4915550001')"
    await world.database.pool.execute(add, world.account)
    for changes, settings, lists in PASSES:
        await tidy(world, **settings)
        given = {key: value for key, value in changes.items() if key != "recipients"}
        recipients = changes.get("recipients", [GERMAN])
        for one in lists:
            await put(world, one, recipients[0])
        assert await outcome(world, *recipients, **given) == ["QUEUED"], (changes, settings, lists)


async def test_lists_of_another_account_do_not_count(world: World) -> None:
    other = await world.database.pool.fetchval(
        "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000002DE', 'Other', 'DE', 'EUR') RETURNING id"
    )
    for name in LISTS.keys() - {"consent_in"}:
        await put(world, name, GERMAN, other)
    await put(world, "mark", FRENCH)  # so that the look-up takes place at all
    assert await outcome(world, GERMAN, FRENCH, type="TXN") == ["QUEUED", "QUEUED"]


async def test_accounts_without_entries_are_spared_the_look_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from strowger.channels.sms.screening import repository

    async def never(*_: Any) -> None:
        raise AssertionError("looked up")

    for name in ("look_up", "counters", "lock_accounts", "count", "remember"):
        monkeypatch.setattr(repository, name, never)
    assert await outcome(world) == ["QUEUED"]


async def test_a_trial_account_reaches_its_team_only(world: World) -> None:
    await world.database.pool.execute("UPDATE account SET state = 'trial'")
    await world.set_account(team_numbers=[GERMAN])
    request_id = await world.send(GERMAN, FRENCH)
    await world.pipeline.intake.step()
    assert (await world.message(request_id, 1))["trace"] == "QUEUED"
    row = await world.message(request_id, 2)
    assert (row["trace"], row["status"]) == ("MOB-NOTALLOWED", Status.FAILED)


async def test_a_trial_account_sends_fifty_messages_in_all(world: World) -> None:
    await world.database.pool.execute("UPDATE account SET state = 'trial'")
    await world.set_account(team_numbers=[GERMAN])
    await world.database.pool.execute(
        "INSERT INTO usage_counter VALUES ($1, 'trial', '1970-01-01T00:00Z', 48)", world.account
    )
    request_id = await world.send(GERMAN, GERMAN, GERMAN)
    await world.pipeline.intake.step()
    traces = [(await world.message(request_id, n))["trace"] for n in (1, 2, 3)]
    assert sorted(traces) == ["KYC-NOT-APPROVED", "QUEUED", "QUEUED"]
    world.clock.advance(100 * 86_400)
    await world.database.run(lambda c: purge(c, world.clock.now()))
    assert await outcome(world, GERMAN) == ["KYC-NOT-APPROVED"], "upkeep does not start the count anew"
    await world.database.pool.execute("UPDATE account SET state = 'active'")
    world.pipeline.facts.forget()
    assert await outcome(world, GERMAN) == ["QUEUED"], "the approval ends the limit"


async def test_promotional_messages_wait_for_the_window(world: World) -> None:
    world.clock.advance(16 * 3600)  # 21:30 in India
    request_id = await world.send(INDIAN, type="MKT")
    assert await world.pipeline.intake.step() == 1
    (row,) = await world.queued()
    assert row["due_at"] == datetime(2026, 1, 2, 3, 30, tzinfo=UTC)
    assert (row["lane"], row["claimed_by"], row["attempts"], row["price"]) == (0, None, 0, None)
    (event,) = await world.events(request_id)
    assert (event["kind"], event["detail"]["until"]) == (EventKind.DEFERRED, "2026-01-02T03:30:00+00:00")
    assert (await world.message(request_id))["status"] == Status.QUEUED
    assert await world.pipeline.intake.step() == 0
    world.clock.advance(12 * 3600)
    assert await world.pipeline.intake.step() == 1
    assert (await world.queued())[0]["lane"] == world.carrier


async def test_what_would_expire_before_the_window_opens_is_refused(world: World) -> None:
    world.clock.advance(16 * 3600)
    until = world.clock.now() + timedelta(hours=2)
    assert await outcome(world, INDIAN, type="MKT", valid_until=until) == ["TIME-OUT-PROM"]


async def test_the_account_s_own_clock_counts_elsewhere(world: World) -> None:
    await world.database.pool.execute("UPDATE account SET time_zone = 'America/New_York'")
    await world.set_account(mkt_window={"where": "everywhere", "outside": "reject"})
    assert await outcome(world, type="MKT") == ["QUEUED"]  # 19:00 there, midnight in UTC
    world.clock.advance(8 * 3600)
    assert await outcome(world, type="MKT") == ["TIME-OUT-PROM"]


async def test_duplicates_within_their_window(world: World) -> None:
    await world.set_account(duplicate_minutes=10)
    assert await outcome(world, GERMAN, GERMAN, FRENCH) == ["QUEUED", "DUPLICATE", "QUEUED"]
    assert await outcome(world) == ["DUPLICATE"]
    assert await outcome(world, body="Other") == ["QUEUED"]
    world.clock.advance(601)
    assert await outcome(world) == ["QUEUED"]


async def test_a_message_that_was_not_paid_is_no_original(world: World) -> None:
    await world.set_account(duplicate_minutes=10)
    await world.database.pool.execute("UPDATE wallet SET balance = 0")
    assert await outcome(world) == ["NO-CREDITS"]
    await world.database.pool.execute("UPDATE wallet SET balance = 1")
    assert await outcome(world) == ["QUEUED"]


async def test_messages_per_recipient(world: World) -> None:
    await world.set_account(recipient_cap=2, recipient_cap_kinds=["MKT"])
    assert await outcome(world, GERMAN, GERMAN, GERMAN, FRENCH, type="MKT") == [
        "QUEUED",
        "QUEUED",
        "NUM-LIMIT",
        "QUEUED",
    ]
    assert await outcome(world, type="TXN") == ["QUEUED"]
    world.clock.advance(24 * 3600 + 1)
    assert await outcome(world, type="MKT") == ["QUEUED"]


async def test_messages_per_period(world: World) -> None:
    await world.set_account(rate_limit={"messages": 3, "hours": 2, "kinds": ["TXN"]})
    assert await outcome(world, *[GERMAN] * 4) == ["QUEUED"] * 3 + ["NUM-LIMIT"]
    assert await outcome(world, type="OTP") == ["QUEUED"]
    world.clock.advance(7200)
    assert await outcome(world) == ["QUEUED"]


async def test_daily_and_monthly_limits_of_a_country(world: World) -> None:
    await world.database.pool.execute("UPDATE account SET time_zone = 'Asia/Kolkata'")
    await world.database.pool.execute("INSERT INTO country_limit VALUES ($1, 'DE', 2, 3)", world.account)
    world.pipeline.facts.forget()
    assert await outcome(world, GERMAN, GERMAN, GERMAN, FRENCH) == ["QUEUED", "QUEUED", "SMS-LIMIT-REACHED", "QUEUED"]
    world.clock.advance(18 * 3600 + 1800)  # midnight in Kolkata is 18:30 UTC
    assert await outcome(world, GERMAN, GERMAN) == ["QUEUED", "SMS-LIMIT-REACHED"]
    world.clock.advance(31 * 86400)
    assert await outcome(world) == ["QUEUED"]


async def test_what_never_left_gives_its_place_back(world: World) -> None:
    await world.database.pool.execute("INSERT INTO country_limit VALUES ($1, 'DE', 1, NULL)", world.account)
    await world.set_account(duplicate_minutes=60)
    await world.set_link(world.carrier, "down")
    until = world.clock.now() + timedelta(minutes=10)
    assert await outcome(world, valid_until=until) == ["QUEUED"]
    assert await outcome(world, body="Other") == ["SMS-LIMIT-REACHED"]
    world.clock.advance(601)
    assert await world.upkeep.expire() == 1
    assert await outcome(world) == ["QUEUED"]


async def test_a_message_that_comes_back_is_not_counted_twice(world: World) -> None:
    await world.database.pool.execute("INSERT INTO country_limit VALUES ($1, 'DE', 1, NULL)", world.account)
    await world.set_account(duplicate_minutes=60)
    await world.set_link(world.carrier, "down")
    request_id = await world.send()
    await world.pipeline.intake.step()
    other = await world.add_carrier("two", 200)
    await world.upkeep.fail_over()
    await world.pipeline.intake.step()
    assert (await world.queued())[0]["lane"] == other
    assert (await world.message(request_id))["status"] == Status.QUEUED
    assert await world.database.pool.fetchval("SELECT count FROM usage_counter") == 1


async def test_parallel_workers_keep_limits_exactly(world: World) -> None:
    await world.database.pool.execute("INSERT INTO country_limit VALUES ($1, 'DE', 700, NULL)", world.account)
    await world.set_account(rate_limit={"messages": 900, "hours": 1})
    for _ in range(20):
        await world.send(*(f"4917{i:09d}" for i in range(100)))
    while any(await asyncio.gather(*(world.pipeline.intake.step() for _ in range(4)))):
        pass
    rows = await world.database.pool.fetch("SELECT trace, count(*) AS n FROM message GROUP BY trace")
    assert {row["trace"]: row["n"] for row in rows} == {"QUEUED": 700, "SMS-LIMIT-REACHED": 1300}


async def test_R78_country_permissions_are_off_on_or_watch(world: World) -> None:
    await world.set_account(countries={"default": "off", "DE": "on", "IN": "watch"})
    assert await outcome(world, GERMAN, FRENCH, INDIAN) == ["QUEUED", "NOT-ALLOWED", "QUEUED"]


async def test_R80_premium_and_satellite_ranges_are_blocked(world: World) -> None:
    numbers = [
        "870773111632", "881612345678", "882161234567", "883510001234567", "979123456789", "19005551234", "449012345678",
        "33899123456", "499001234567", "81990123456", "611900123456",
    ]  # fmt: skip
    traces = await outcome(world, *numbers)
    assert dict(zip(numbers, traces, strict=True)) == dict.fromkeys(numbers, "SERIES-BLOCK")


async def test_R82_test_numbers_never_charge_never_count_never_leave(world: World) -> None:
    await world.database.pool.execute("INSERT INTO country_limit VALUES ($1, 'DE', 1, NULL)", world.account)
    await world.set_account(test_numbers=[GERMAN])
    request_id: UUID = await world.send(GERMAN, GERMAN, "4917012345679")
    await world.pipeline.intake.step()
    for n in (1, 2):
        row = await world.message(request_id, n)
        assert (row["status"], row["trace"], row["price"], row["carrier_id"]) == (
            Status.DELIVERED,
            "DELIVERED",
            0,
            None,
        )
        assert [e["kind"] for e in await world.events(request_id, n)] == [EventKind.NOTE]
    assert [row["n"] for row in await world.queued()] == [3]
    assert await world.balance() == Decimal("999.95")
    assert await world.database.pool.fetchval("SELECT count FROM usage_counter") == 1


async def incoming(world: World, text: str, source: str = GERMAN) -> None:
    await world.report(Incoming(world.carrier, source, "4915550001", text, world.clock.now()))


async def test_stop_and_start_by_the_recipient_s_own_word(world: World) -> None:
    add = "INSERT INTO sender (account_id, sender) VALUES ($1, '4915550001')"
    await world.database.pool.execute(add, world.account)
    await incoming(world, " Stop. ")
    await incoming(world, "STOP")
    answers = await world.database.pool.fetch("SELECT * FROM message WHERE source = 'opt-out'")
    assert [(row["sender"], row["recipient"], row["options"]) for row in answers] == [
        ("4915550001", GERMAN, {"confirmation": "stop"})
    ]
    world.pipeline.facts.forget()
    await world.pipeline.intake.step()
    assert (await world.message(answers[0]["request_id"]))["trace"] == "QUEUED"  # the answer passes the opt-out itself
    assert await outcome(world, GERMAN, FRENCH, sender="4915550001") == ["OPT-OUT", "QUEUED"]
    assert await outcome(world, GERMAN, sender="ACME") == ["QUEUED"]
    await incoming(world, "I said stop it")
    await incoming(world, "start")
    assert await outcome(world, GERMAN, sender="4915550001") == ["QUEUED"]
    await incoming(world, "help")
    history = await world.database.pool.fetch("SELECT status, source, contact, sender FROM consent_history ORDER BY id")
    assert [tuple(row) for row in history] == [(s, "keyword", GERMAN, "4915550001") for s in (0, 0, 1)]
    wishes = await world.database.pool.fetch("SELECT options FROM message WHERE source = 'opt-out' ORDER BY request_id")
    assert [row["options"]["confirmation"] for row in wishes] == ["stop", "start", "help"]


async def test_words_of_the_account_and_opting_out_of_everything(world: World) -> None:
    await world.set_account(opt_out_everywhere=True, opt_words={"stop": ["HALT"], "stop_text": ""})
    await incoming(world, "stop")
    assert await outcome(world) == ["QUEUED"]
    await incoming(world, "halt")
    world.pipeline.facts.forget()
    assert await outcome(world) == ["OPT-OUT"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM message WHERE source = 'opt-out'") == 0
    await incoming(world, "start")
    assert await outcome(world) == ["QUEUED"]


async def test_numbers_that_keep_failing_are_blocked_and_a_delivery_ends_the_run(world: World) -> None:
    jobs = ScreeningJobs(world.pipeline)
    await world.set_account(auto_block={"traces": ["INVALID-SUB"], "failures": 3, "days": 7})

    async def fail(number: str, status: Status = Status.UNDELIVERED, trace: str = "INVALID-SUB") -> None:
        await world.send(number)
        (sent,) = await world.submit()
        await world.report(world.receipt(sent.parts[0].operator_id, status, trace))
        await jobs.step()

    for _ in range(2):
        await fail(GERMAN)
    await fail(GERMAN, Status.DELIVERED, "DELIVERED")
    for _ in range(2):
        await fail(GERMAN)
    assert await outcome(world) == ["QUEUED"]
    await world.submit()
    await fail(FRENCH)
    await fail(FRENCH)
    await fail(FRENCH)
    row = await world.database.pool.fetchrow("SELECT address, source, reason FROM blocklist_entry")
    assert tuple(row) == (FRENCH, "auto", "auto:INVALID-SUB")
    world.pipeline.facts.forget()
    assert await outcome(world, FRENCH) == ["BLACKLIST"]


async def test_R79_the_watch_blocks_a_pumped_prefix_and_conversions_save_one(world: World) -> None:
    await world.set_account(countries={"default": "on", "FR": "watch"}, prefix_watch={"sends": 5, "minutes": 10})
    pumped = [f"3361234{i:04d}" for i in range(12)]
    assert await outcome(world, *pumped, type="OTP") == ["QUEUED"] * 5 + ["SERIES-BLOCK"] * 7
    block = await world.database.pool.fetchrow("SELECT * FROM blocked_prefix")
    assert (block["prefix"], block["sends"], block["source"]) == ("3361234", 5, "watch")
    world.pipeline.facts.forget()
    assert await outcome(world, pumped[0], FRENCH, type="OTP") == ["SERIES-BLOCK", "SERIES-BLOCK"]
    assert await outcome(world, "33699999999", GERMAN, type="OTP") == ["QUEUED", "QUEUED"]
    used = "33688880001"
    assert await outcome(world, *[f"3368888{i:04d}" for i in range(4)], type="OTP") == ["QUEUED"] * 4
    async with world.database.acquire() as connection:
        await guard.report_conversion(connection, world.account, used, world.clock.now())
    assert await outcome(world, *[f"3368888{i:04d}" for i in range(4)], type="OTP") == ["QUEUED"] * 4
    world.clock.advance(3601)
    assert await outcome(world, FRENCH, type="OTP") == ["QUEUED"]


@pytest.mark.parametrize(("most", "unicode", "body", "trace"), [
    (2, True, "a" * 306, "QUEUED"), (2, True, "a" * 307, "MAX-LIMIT"), (1, True, "a" * 161, "REJECTED-MULTIPART"),
    (1, True, "я" * 70, "QUEUED"), (None, False, "я", "INV-ENCODING"), (None, False, "a" * 1530, "QUEUED"),
    (None, False, "a" * 1531, "MAX-LIMIT"), (1, False, "я" * 71, "REJECTED-MULTIPART"),
])  # fmt: skip
async def test_a_country_may_take_fewer_parts_and_no_unicode(
    world: World, most: int | None, unicode: bool, body: str, trace: str
) -> None:
    """sms.md 11.4; other countries are not held to it."""
    await world.database.pool.execute(RULE, most, unicode)
    assert await outcome(world, GERMAN, body=body) == [trace]
    long = len(body) > 1530
    assert await outcome(world, FRENCH, body=body) == ["MAX-LIMIT" if long else "QUEUED"]
    assert len(await world.queued()) == (2 - long if trace == "QUEUED" else 1 - long)


async def test_what_is_too_short_for_a_number_belongs_to_no_country(world: World) -> None:
    request_id = await world.send("123")
    await world.pipeline.intake.step()
    row = await world.message(request_id)
    assert (row["trace"], row["country"]) == ("INV-NUMBER", None)
