"""An HTTP carrier against the simulated gateway, over the wire: requests, answers, troubles, pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from carrier_kit import MemoryJournal, MemoryLane, Run, submission

from strowger.channels.sms.carriers.registry import KINDS, read_config
from strowger.channels.sms.carriers.schemas import Surroundings
from strowger.foundation.clock import Clock
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.settings import AllowList
from strowger.messaging.outcomes import Accepted, Outcome, Rejected, Retry, Unknown
from strowger.simulators.gateway.service import Gateway

FIELDS = {"to": "{{to}}", "from": "{{from}}", "text": "{{text}}", "reference": "{{part_id}}"}
LONG = "The quick brown fox jumps over the lazy dog. " * 8


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway() as running:
        yield running


@asynccontextmanager
async def carrier(url: str, *, secret: str = "", loopback: bool = True, **config: Any) -> AsyncIterator[Run]:
    """A running HTTP carrier with a lane and a journal in memory."""
    base = {
        "url": url, "fields": FIELDS, "id_path": "messages[0].id", "code_path": "code", "answers": {"ok": "accept"},
        "pause_min": 0.05, "pause_max": 0.2, "timeout": 5,
    }  # fmt: skip
    run = Run(None, MemoryLane(), MemoryJournal())

    def on_state(bind: int, state: str, detail: str | None, counters: dict[str, Any]) -> None:
        run.states.append((bind, state, detail))
        run.counters = counters
        run.watch.changed()

    http = GuardedClient(AllowList(), allow_loopback=loopback)
    around = Surroundings(7, "web", run.lane, run.journal, Clock(), on_state, http, "our-mark", "http://us/in/7/s")
    run.carrier = KINDS["http"].connect(around, read_config(KINDS["http"], base | config), secret)
    await run.carrier.start()
    try:
        yield run
    finally:
        await run.carrier.stop(0)
        await http.close()


async def one(run: Run, *args: Any, **options: Any) -> Outcome:
    before = len(run.journal.outcomes)
    run.lane.put(submission(*args, **options))
    await run.journal.until_outcomes(before + 1)
    return run.journal.outcomes[before]


async def test_a_form_is_sent_and_the_id_of_the_answer_is_kept(gateway: Gateway) -> None:
    async with carrier(f"{gateway.url}/send", headers={"X-Type": "{{type}}"}) as run:
        outcome = await one(run, "Grüße & 100% = 😀", "447700900001")
        assert isinstance(outcome, Accepted)
        assert [(p.part, p.operator_id) for p in outcome.parts] == [(1, "gw-00000001")]
        assert outcome.parts[0].detail["http_status"] == 202
        request = gateway.requests[0]
        assert request["fields"]["text"] == "Grüße & 100% = 😀"
        assert request["fields"]["to"] == "447700900001"
        assert request["headers"]["X-Type"] == "DEFAULT"
        assert request["headers"]["x-strowger-origin"] == "our-mark"
        await run.until_state("bound")


@pytest.mark.parametrize(
    ("path", "config"),
    [
        ("/send", {"format": "query", "method": "GET"}),
        ("/send", {"format": "json", "body": '{"to": "{{to}}", "from": "{{from}}", "text": "{{text}}"}'}),
        ("/xml/send", {"format": "xml", "body": "<m><to>{{to}}</to><text>{{text}}</text></m>", "id_path": "",
                       "code_path": "", "id_pattern": "<id>([^<]+)</id>", "answers": {}}),
        ("/plain/send", {"id_path": "", "code_path": "", "id_pattern": "OK: (\\S+)", "code_pattern": "ERR: (\\d+)",
                         "answers": {"104": "reject SENDER-REJ"}}),
    ],
)  # fmt: skip
async def test_each_form_of_request_carries_the_text_unharmed(
    gateway: Gateway, path: str, config: dict[str, Any]
) -> None:
    text = 'Quote " \\ <tag> & äöü 😀\nnew line'
    async with carrier(gateway.url + path, **config) as run:
        outcome = await one(run, text)
        assert isinstance(outcome, Accepted), outcome
        assert outcome.parts[0].operator_id == "gw-00000001"
        assert gateway.messages[0].text == text


@pytest.mark.parametrize("auth", ["header", "basic", "bearer"])
async def test_the_secret_goes_out_as_configured_and_shows_nowhere(gateway: Gateway, auth: str) -> None:
    gateway.key = "s3cret" if auth == "header" else None
    async with carrier(f"{gateway.url}/send", secret="s3cret", auth=auth, username="me") as run:
        outcome = await one(run)
        assert isinstance(outcome, Accepted)
        headers = gateway.requests[0]["headers"]
        expected = {"header": "s3cret", "basic": "Basic bWU6czNjcmV0", "bearer": "Bearer s3cret"}[auth]
        assert headers["X-API-Key" if auth == "header" else "Authorization"] == expected
        assert "s3cret" not in repr(outcome) + repr(run.states) + repr(run.counters)


async def test_a_long_text_goes_whole_or_in_parts(gateway: Gateway) -> None:
    async with carrier(f"{gateway.url}/send") as run:
        outcome = await one(run, LONG)
        assert isinstance(outcome, Accepted)
        assert [p.part for p in outcome.parts] == [0]
        assert gateway.messages[-1].text == LONG
    fields = FIELDS | {"udh": "{{udh}}", "part": "{{part}}/{{parts}}"}
    async with carrier(f"{gateway.url}/send", parts="each", fields=fields) as run:
        outcome = await one(run, LONG)
        assert isinstance(outcome, Accepted)
        assert [p.part for p in outcome.parts] == [1, 2, 3]
        sent = [request["fields"] for request in list(gateway.requests)[-3:]]
        assert "".join(part["text"] for part in sent) == LONG
        assert [part["part"] for part in sent] == ["1/3", "2/3", "3/3"]
        assert {part["udh"][:6] + part["udh"][8:10] for part in sent} == {"05000303"}


@pytest.mark.parametrize(
    ("name", "options", "kind", "words"),
    [
        ("times-out", {}, Unknown, "no whole answer in time"),
        ("closes", {"takes": True}, Unknown, "connection_lost"),
        ("garbage", {}, Unknown, "no id where it should"),
        ("no-id", {}, Unknown, "no id where it should"),
        ("fails", {"status": 500}, Retry, "problem of its own"),
        ("fails", {"status": 503}, Retry, "problem of its own"),
        ("fails", {"status": 504}, Unknown, "may have been sent"),
        ("fails", {"status": 401}, Retry, "credentials"),
        ("fails", {"status": 302}, Retry, "redirect"),
        ("fails", {"status": 422}, Rejected, ""),
        ("throttles", {"every": 1, "seconds": 2}, Retry, "slow down"),
        ("refuses-in-body", {"code": "banned"}, Rejected, ""),
        ("refuses-in-body", {"code": "surprise"}, Retry, "code of the carrier's own"),
        ("slow", {"ms": 50}, Accepted, ""),
    ],
)
async def test_every_misbehaviour_ends_in_one_of_the_closed_set(
    gateway: Gateway, name: str, options: dict[str, Any], kind: type[Outcome], words: str
) -> None:
    gateway.switchboard.switch_on(name, options=options)
    answers = {"ok": "accept", "banned": "reject CONTENT-REJ"}
    async with carrier(f"{gateway.url}/send", timeout=0.5, answers=answers) as run:
        outcome = await one(run)
        assert type(outcome) is kind, outcome
        assert words in getattr(outcome, "reason", "")
        if isinstance(outcome, Unknown):
            assert outcome.seconds > 4  # not at once: it may have been sent
        if name == "throttles" and isinstance(outcome, Retry):
            assert outcome.seconds >= 2
        if isinstance(outcome, Retry):
            assert outcome.elsewhere == (options.get("code") == "surprise")
        if isinstance(outcome, Rejected):
            assert outcome.trace in ("SUBMIT-FAIL", "CONTENT-REJ")


async def test_a_carrier_that_cannot_be_reached_counts_as_down_and_comes_back(gateway: Gateway) -> None:
    gateway.switchboard.switch_on("fails", options={"status": 500})
    async with carrier(f"{gateway.url}/send", failures=3, concurrency=1, pause_min=0.3, pause_max=0.3) as run:
        for number in range(3):
            await one(run, recipient=f"44770090000{number}")
        await run.until_state("down")
        taken = len(gateway.requests)
        run.lane.put(submission())
        gateway.switchboard.reset()
        await run.journal.until_outcomes(4)
        assert isinstance(run.journal.outcomes[3], Accepted)
        assert len(gateway.requests) == taken + 1
        await run.until_state("bound")


async def test_nothing_is_sent_while_paused_and_what_waits_goes_back(gateway: Gateway) -> None:
    async with carrier(f"{gateway.url}/send") as run:
        run.carrier.pause()
        run.lane.put(submission())
        await run.until_state("paused")
        run.carrier.resume()
        await run.journal.until_outcomes(1)
        assert len(gateway.requests) == 1


async def test_R12_concurrency_and_rate_hold(gateway: Gateway) -> None:
    gateway.switchboard.switch_on("slow", options={"ms": 100})
    async with carrier(f"{gateway.url}/send", concurrency=3) as run:
        run.lane.put(*(submission(recipient=f"4477009{n:05d}") for n in range(9)))
        await run.journal.until_outcomes(9)
        assert max(len(run.lane.limits), 1)
        assert run.counters.get("window") == 3


async def test_R12_no_second_holds_more_requests_than_the_rate(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part is a request of its own, and so is each repetition: all of them take leave."""
    sent: list[float] = []
    ask = GuardedClient.request

    async def timed(*args: Any, **options: Any) -> Any:
        sent.append(asyncio.get_running_loop().time())
        return await ask(*args, **options)

    monkeypatch.setattr(GuardedClient, "request", timed)
    async with carrier(f"{gateway.url}/send", concurrency=50, tps=100, parts="each") as run:
        run.lane.put(*(submission(LONG, recipient=f"4477008{n:05d}") for n in range(50)))
        await run.journal.until_outcomes(50)
    assert len(sent) == 150
    assert sent[-1] - sent[0] >= 149 / 100 - 0.06
    assert max(sum(first <= at < first + 1 for at in sent) for first in sent) <= 110


async def test_R12_the_rate_is_kept_up_while_a_slow_provider_answers_nothing_yet(gateway: Gateway) -> None:
    gateway.switchboard.switch_on("times-out", options={"takes": True})
    async with carrier(f"{gateway.url}/send", timeout=30, concurrency=100, tps=100) as run:
        run.lane.put(*(submission(recipient=f"4477009{n:05d}") for n in range(90)))
        while len(gateway.requests) < 90:  # noqa: ASYNC110 - another task's list
            await asyncio.sleep(0.01)


async def test_a_stopped_worker_reports_what_it_had_begun_as_unknown(gateway: Gateway) -> None:
    gateway.switchboard.switch_on("times-out", options={"takes": True})
    async with carrier(f"{gateway.url}/send", timeout=30, concurrency=1) as run:
        first, second = submission(recipient="447700900001"), submission(recipient="447700900002")
        run.lane.put(first, second)
        while not gateway.requests:  # noqa: ASYNC110 - another task's list
            await asyncio.sleep(0.01)
        await run.carrier.stop(0)
        assert [type(o) for o in run.journal.outcomes] == [Unknown]
        assert [s.request_id for s in run.lane.waiting] == [second.request_id]


async def test_ssrf_requests_to_private_addresses_are_not_let_out(gateway: Gateway) -> None:
    async with carrier(f"{gateway.url}/send", loopback=False) as run:
        outcome = await one(run)
        assert isinstance(outcome, Retry)
        assert "STROWGER_ALLOWED_NETWORKS" in outcome.reason
        assert not gateway.requests


async def test_what_the_charset_cannot_hold_goes_elsewhere(gateway: Gateway) -> None:
    async with carrier(f"{gateway.url}/send", charset="iso-8859-1") as run:
        outcome = await one(run, "10 € 😀")
        assert isinstance(outcome, Retry)
        assert outcome.elsewhere
        assert "iso-8859-1" in outcome.reason
        assert not gateway.requests
