"""Routing through the pipeline: shares by weight, failover, the loop guard, networks, pinned tests, and reports from outside."""

from __future__ import annotations

import random
from collections import Counter
from uuid import UUID

import pytest

from strowger.channels.sms.pipeline import SmsRules
from strowger.foundation.errors import StrowgerError
from strowger.messaging.outcomes import Accepted, Incoming, Receipt, Retry, Unknown
from strowger.messaging.route import MAX_HOPS, PINNED
from strowger.messaging.routing import ranges, trial
from strowger.messaging.routing import service as routing
from strowger.messaging.routing.repository import ranges as queries
from strowger.messaging.routing.repository.reports import store_reports
from strowger.messaging.statuses import EventKind, Status
from tests.database.messaging.conftest import World

CSV = "prefix;network;country;operator\n+4917;262-01;de;One\n49151;26202;DE;Two\n"


async def _lanes(world: World) -> Counter[int]:
    return Counter(row["lane"] for row in await world.queued())


async def test_messages_are_shared_by_weight_and_go_on_when_one_is_down(world: World) -> None:
    two = await world.add_carrier("two", 100)
    await world.database.pool.execute("UPDATE route SET weight = 3 WHERE carrier_id = $1", world.carrier)
    world.pipeline.facts.forget()
    chance = random.Random(11)
    for _ in range(4):
        numbers = [f"49170{chance.randrange(10**8):08d}" for _ in range(100)]
        await world.send(*numbers, request_id=UUID(int=chance.getrandbits(122) | 7 << 76))
    while await world.pipeline.intake.step():
        pass
    lanes = await _lanes(world)
    assert 270 <= lanes[world.carrier] <= 330
    assert lanes[two] == 400 - lanes[world.carrier]
    await world.set_link(world.carrier, "down")
    assert await world.upkeep.fail_over() == lanes[world.carrier]
    while await world.pipeline.intake.step():
        pass
    assert await _lanes(world) == {two: 400}


async def test_failover_keeps_the_order_and_never_goes_back(world: World) -> None:
    two, three = await world.add_carrier("two", 200), await world.add_carrier("three", 300)
    request = await world.send()
    seen = []
    for carrier in (world.carrier, two, three):
        await world.pipeline.intake.step()
        taken = await world.take(carrier=carrier)
        assert len(taken) == 1
        seen.append(taken[0].lane)
        world.pipeline.journal.outcome(Retry(taken[0], 0.0, "not by me", elsewhere=True))
        await world.pipeline.journal.flush()
    await world.pipeline.intake.step()
    message = await world.message(request)
    assert seen == [world.carrier, two, three]
    assert (message["status"], message["trace"]) == (Status.NOT_SENT, "SUBMIT-FAIL")
    refused = next(e for e in await world.events(request) if e["kind"] == EventKind.REFUSED)
    assert refused["detail"] == {"reason": "Every carrier that has a fitting route has refused it."}
    assert await world.balance() == 1000


async def test_the_loop_guard_gives_up_after_so_many_carriers(world: World) -> None:
    for n in range(MAX_HOPS + 2):
        await world.add_carrier(f"more-{n}", 200 + n)
    request = await world.send()
    hops = 0
    while True:
        await world.pipeline.intake.step()
        queued = await world.queued()
        if not queued:
            break
        taken = await world.take(carrier=queued[0]["lane"])
        world.pipeline.journal.outcome(Retry(taken[0], 0.0, "no", elsewhere=True))
        await world.pipeline.journal.flush()
        hops += 1
    assert hops == MAX_HOPS
    refused = next(e for e in await world.events(request) if e["kind"] == EventKind.REFUSED)
    assert "not offered to more" in refused["detail"]["reason"]


async def test_an_unknown_outcome_waits_before_it_is_sent_again(world: World) -> None:
    request = await world.send()
    await world.pipeline.intake.step()
    taken = await world.take()
    world.pipeline.journal.outcome(Unknown(taken[0], "no answer in time", seconds=30))
    await world.pipeline.journal.flush()
    row = (await world.queued())[0]
    assert (row["due_at"] - world.clock.now()).total_seconds() == 30
    assert (await world.events(request))[-1]["detail"]["again_after_seconds"] == 30.0


async def test_networks_route_price_and_are_kept_with_the_message(world: World) -> None:
    two = await world.add_carrier("two", 500)
    await world.database.pool.execute("UPDATE route SET network = '26202', priority = 1 WHERE carrier_id = $1", two)
    await world.database.pool.execute(
        "INSERT INTO tariff (channel, currency, country, network, unit_price) VALUES ('sms', 'EUR', 'DE', '26202', 0.09)"
    )
    assert await ranges.store_ranges(world.context, ranges.read_ranges(CSV), replace=True) == 2
    world.pipeline.facts.forget()
    one, other = await world.send("4917012345678"), await world.send("4915112345678")
    await world.pipeline.intake.step()
    assert await _lanes(world) == {world.carrier: 1, two: 1}
    for carrier in (world.carrier, two):
        for submission in await world.take(carrier=carrier):
            submission.network = None  # as when another worker claimed it
            world.pipeline.journal.outcome(Accepted(submission, world.answers(submission)))
    await world.pipeline.journal.flush()
    first, second = await world.message(one), await world.message(other)
    assert (first["network"], second["network"]) == ("26201", "26202")
    assert (float(first["price"]), float(second["price"])) == (0.05, 0.09)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2", "the columns prefix and network"),
        ("prefix,network\n0170,26201", "Line 2: the prefix"),
        ("prefix,network\n49170,x", "Line 2: the network"),
        ("prefix,network,country\n49170,26201,DEU", "Line 2: the country"),
    ],
)
def test_a_bad_file_of_ranges_names_its_line(text: str, words: str) -> None:
    with pytest.raises(StrowgerError) as refused:
        ranges.read_ranges(text)
    assert words in refused.value.detail.replace("The first line must name ", "")


async def test_a_pinned_message_takes_no_other_carrier(world: World) -> None:
    two = await world.add_carrier("two", 500)
    await world.send(options={PINNED: two})
    await world.pipeline.intake.step()
    assert await _lanes(world) == {two: 1}
    await world.set_link(two, "down")
    await world.upkeep.fail_over()
    await world.pipeline.intake.step()
    assert await _lanes(world) == {two: 1}
    taken = await world.take(carrier=two)
    world.pipeline.journal.outcome(Retry(taken[0], 0.0, "no", elsewhere=True))
    await world.pipeline.journal.flush()
    await world.pipeline.intake.step()
    assert await world.queued() == []


async def test_the_route_test_says_which_and_why(world: World) -> None:
    two, three = await world.add_carrier("two", 50, up=False), await world.add_carrier("three", 100)
    await routing.add_route(world.context, "two", country="FR", priority=1)
    await routing.add_route(world.context, "three", type_="OTP", priority=1)
    found = await trial.try_route(world.context, SmsRules(), "+49 170 1234567", "ACME", "TXN")
    steps = {(step.carrier, step.verdict): step for step in found.steps}
    assert (found.country, found.recipient) == ("DE", "491701234567")
    assert found.carrier in ("one", "three")
    assert steps["two", "passed over"].place == 1
    assert steps[found.carrier, "taken"].share == 50.0
    assert steps["two", "does not count"].reason == "is for another country"
    assert steps["three", "does not count"].reason == "is for another type"
    assert {two, three}
    await routing.add_route(world.context, found.carrier, country="DE", priority=2)
    again = await trial.try_route(world.context, SmsRules(), "+49 170 1234567", "ACME", "TXN")
    outcomes = [step.verdict for step in again.steps if step.carrier == found.carrier and step.place]
    assert outcomes == ["taken", "does not count"]
    with pytest.raises(StrowgerError) as refused:
        await trial.try_route(world.context, SmsRules(), "nothing", "", "TXN")
    assert refused.value.field == "number"


async def test_bad_routes_are_refused_by_field(world: World) -> None:
    for bad, field in (
        ({"country": "DEU"}, "country"), ({"network": "1"}, "network"), ({"prefix": "0170"}, "prefix"),
        ({"weight": -1}, "weight"), ({"priority": -5}, "priority"),
    ):  # fmt: skip
        with pytest.raises(StrowgerError) as refused:
            await routing.add_route(world.context, "one", **bad)  # type: ignore[arg-type]
        assert refused.value.field == field
    assert len(await routing.list_routes(world.context)) == 1


async def test_reports_from_outside_are_taken_with_what_they_mean(world: World) -> None:
    outcomes = await world.submit() if await world.send() else []
    operator_id = outcomes[0].parts[0].operator_id or ""
    now = world.clock.now()
    reports = [
        Receipt(world.carrier, operator_id, Status.DELIVERED, "DELIVERED", now, {"stat": "delivered"}),
        Receipt(world.carrier, "nobody's", Status.DELIVERED, "DELIVERED", now, {"stat": "delivered"}),
        Incoming(world.carrier, "447700900001", "4915550001", "Hello", now),
        Incoming(world.carrier, "447700900001", "499999999999", "To nobody", now),
    ]
    await world.database.run(lambda c: store_reports(c, reports))
    assert await world.pipeline.inbox.step() == 4
    assert await world.pipeline.inbox.step() == 0
    message = await world.message(outcomes[0].submission.request_id)
    assert message["status"] == Status.DELIVERED
    rows = await world.database.pool.fetch("SELECT body FROM message WHERE direction = 1")
    assert [row["body"] for row in rows] == ["Hello"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM early_receipt") == 1


async def test_a_long_text_that_was_taken_as_one_is_final_by_one_receipt_on_any_worker(world: World) -> None:
    request = await world.send(body="Long text. " * 40)
    await world.pipeline.intake.step()
    submission = (await world.take())[0]
    answers = world.answers(submission)
    answers[0].part = 0
    world.pipeline.journal.outcome(Accepted(submission, answers))
    await world.pipeline.journal.flush()
    assert (await world.message(request))["units"] == 3
    report = Receipt(world.carrier, answers[0].operator_id or "", Status.DELIVERED, "DELIVERED", world.clock.now())
    await world.database.run(lambda c: store_reports(c, [report]))
    await world.pipeline.inbox.step()
    assert (await world.message(request))["status"] == Status.DELIVERED


async def test_callbacks_name_the_operator_of_sent_and_received_messages(world: World) -> None:
    """sms.md 4.3 and 4.4: `operator` is a name; MCC and MNC where the plan has none."""
    await ranges.store_ranges(world.context, ranges.read_ranges(CSV + "49161;26203;de;\n"), replace=True)
    world.pipeline.facts.forget()
    target = {"url": "https://a.example/?o=<operator>", "method": "GET"}
    await world.database.pool.execute("UPDATE number SET callback = $1", target)
    await world.send("4917012345678", "4915112345678", "4916112345678", callback=target, options={"dlr": 0})
    await world.submit()
    for source in ("4915199", "4915099"):
        await world.report(Incoming(world.carrier, source, "4915550001", "Hi", world.clock.now()))
    rows = await world.database.pool.fetch("SELECT variables FROM callback ORDER BY id")
    assert [row["variables"]["operator"] for row in rows] == ["One", "Two", "26203", "Two", ""]
    stored = await world.database.pool.fetch("SELECT network FROM message WHERE direction = 1 ORDER BY request_id")
    assert [row["network"] for row in stored] == ["26202", None]


async def test_callbacks_name_the_circle_that_the_plan_names(world: World) -> None:
    """sms.md 4.3 and 4.4; of the longest prefix, and empty where the plan says nothing."""
    plan = "prefix,network,country,operator,circle\n9198,40410,IN,One,Delhi\n919876,40411,IN,Two,Mumbai\n49,26201,DE,Three,\n"
    await ranges.store_ranges(world.context, ranges.read_ranges(plan), replace=True)
    world.pipeline.facts.forget()
    target = {"url": "https://a.example/?c=<circle>", "method": "GET"}
    await world.database.pool.execute("UPDATE number SET callback = $1", target)
    for number in ("919876000001", "4917012345678"):
        await world.send(number, callback=target, options={"dlr": 0})
    await world.submit()
    await world.report(Incoming(world.carrier, "919800000001", "4915550001", "Hi", world.clock.now()))
    rows = await world.database.pool.fetch("SELECT variables FROM callback ORDER BY id")
    assert sorted(row["variables"]["circle"] for row in rows) == ["", "Delhi", "Mumbai"]
    numbers = {"919876000001", "919800000001", "4917012345678", "12"}
    found = await world.database.run(lambda c: queries.circles(c, numbers))
    assert found == {"919876000001": "Mumbai", "919800000001": "Delhi", "4917012345678": "", "12": ""}
