"""An HTTP carrier of a whole installation: every process, a gateway as a process of its own, and the customer's receiver."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.chaos.load import Load, all_called_back
from tests.installation import Installation, installation, until
from tests.receiver import Receiver, receiver
from tests.system.carriers.journey import Newcomer, leaks, trails, written

from strowger.messaging.statuses import Status

CONCURRENCY = 20
# Everything that can be said is said, in a form that tools read: the last test looks at all of it.
OPEN = {
    "STROWGER_SIGNUP": "open",
    "STROWGER_CAPTCHA": "off",
    "STROWGER_LOG_LEVEL": "debug",
    "STROWGER_LOG_FORMAT": "json",
}
FIELDS = {
    "to": "{{to}}", "from": "{{from}}", "text": "{{text}}", "reference": "{{part_id}}", "receipt_url": "{{receipt_url}}",
}  # fmt: skip


@dataclass
class Place:
    """The installation with its HTTP carrier, the gateway's URL, and the addresses for reports."""

    home: Installation
    gateway: str
    hooks: dict[str, str]
    customer: Receiver

    async def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the gateway's control."""
        async with self.home.client.request(method, f"{self.gateway}/control{path}", json=body or None) as answer:
            return await answer.json()

    async def hand_in(self, url: str, **body: Any) -> tuple[int, str]:
        """Hand in a report as a provider does."""
        async with self.home.client.post(url, json=body) as answer:
            return answer.status, await answer.text()

    async def texts_to(self, number: str) -> str:
        """The last text that a handset got."""

        async def find() -> str | None:
            taken = (await self.ask("GET", "/state"))["messages"]
            return next((str(one["text"]) for one in reversed(taken) if one["to"] == number), None)

        return str(await until(find, 20, f"a text to {number}"))

    async def status(self, message_id: str) -> tuple[int, str]:
        row = (await self.home.sql(
            "SELECT status, trace FROM message WHERE request_id = $1::text::uuid", message_id.partition(":")[0]
        ))[0]  # fmt: skip
        return row["status"], row["trace"]

    async def becomes(self, message_id: str, status: Status, trace: str, seconds: float = 30) -> None:
        """Return when the log says so."""

        async def reached() -> bool:
            return await self.status(message_id) == (status, trace)

        try:
            await until(reached, seconds)
        except AssertionError:
            events = [dict(event) for event in await self.events(message_id)]
            raise AssertionError(f"{message_id} is {await self.status(message_id)}: {events}") from None

    async def events(self, message_id: str) -> list[Any]:
        return await self.home.sql(
            "SELECT * FROM message_event WHERE request_id = $1::text::uuid ORDER BY at",
            message_id.partition(":")[0],
        )


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "strowger.simulators.gateway", "--receipt-delay", "0.05",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    gateway = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()[-1]
    try:
        async with installation(**OPEN) as home, receiver() as customer:
            await home.command(
                "carrier", "add", "http", "web", "--url", f"{gateway}/send", "--fields", json.dumps(FIELDS),
                "--id-path", "messages[0].id", "--concurrency", str(CONCURRENCY), "--set", "timeout=5",
                "--set", "code_path=code", "--set", 'answers={"ok": "accept"}', "--password", "a-secret-key",
            )  # fmt: skip
            hooks = await home.command("carrier", "hook", "web")

            async def ready() -> bool:
                listed = await home.command("carrier", "list")
                return any(
                    row["name"] == "web" and row["binds"][:1] and row["binds"][0]["state"] == "bound" for row in listed
                )

            await until(ready, 20, "the carrier")
            yield Place(home, gateway, hooks, customer)
    finally:
        process.terminate()
        await process.wait()


async def test_accepted_handed_over_reported_and_called_back(place: Place) -> None:
    message = await place.home.send("447911000001", body="Hello over HTTP", callback=place.customer.url)
    await place.becomes(message, Status.DELIVERED, "DELIVERED")
    assert (await place.customer.of(message, 30))["status"] == "DELIVERED"
    taken = (await place.ask("GET", "/state"))["messages"][-1]
    assert (taken["to"], taken["text"], taken["reference"]) == ("447911000001", "Hello over HTTP", f"{message}.1")
    long = await place.home.send("447911000002", body="A long text. " * 30)
    await place.becomes(long, Status.DELIVERED, "DELIVERED")
    dlt = await place.home.send("447719990634")
    await place.becomes(dlt, Status.UNDELIVERED, "DLT-REJECT-634")


async def test_R24_the_receipt_may_come_before_the_answer_and_twice(place: Place) -> None:
    await place.ask("POST", "/misbehave", name="receipt-first")
    await place.ask("POST", "/misbehave", name="duplicate-receipts", options={"copies": 2})
    try:
        message = await place.home.send("447911000003")
        await place.becomes(message, Status.DELIVERED, "DELIVERED")
    finally:
        await place.ask("POST", "/reset")


async def test_an_incoming_message_reaches_the_owner_of_its_number(place: Place) -> None:
    number = (await place.home.sql("SELECT msisdn FROM number LIMIT 1"))[0]["msisdn"]
    taken = await place.ask(
        "POST", "/message", url=place.hooks["messages"], **{"from": "447911000009", "to": number, "text": "Hi there"}
    )
    assert taken == {"taken": True}

    async def stored() -> bool:
        rows = await place.home.sql("SELECT body FROM message WHERE direction = 1 AND sender = '447911000009'")
        return [row["body"] for row in rows] == ["Hi there"]

    await until(stored, 10, "the incoming message")
    nobody = await place.hand_in(place.hooks["messages"], **{"from": "447911000009", "to": "449999999999", "text": "?"})
    assert nobody[0] == 404


async def test_forged_reports_are_refused_and_change_nothing(place: Place) -> None:
    await place.ask("POST", "/misbehave", name="no-receipts")
    try:
        message = await place.home.send("447911000004")
        await place.becomes(message, Status.SENT, "SUBMITTED")
    finally:
        await place.ask("POST", "/reset")
    operator_id = next(e["operator_id"] for e in await place.events(message) if e["operator_id"])
    good = place.hooks["receipts"]
    head, _, tail = good.rpartition("/")[0].rpartition("/")
    for url in (
        f"{head}/{tail[:-1]}x/receipts", f"{head}/x/receipts", good.replace("/in/carriers/", "/in/carriers/9"),
        good.replace("/receipts", "/nothing"),
    ):  # fmt: skip
        assert (await place.hand_in(url, id=operator_id, status="delivered"))[0] == 404
    assert (await place.hand_in(good, id=operator_id))[0] == 400
    assert await place.status(message) == (Status.SENT, "SUBMITTED")
    await place.home.command("carrier", "hook", "web", "--renew")
    renewed = await place.home.command("carrier", "hook", "web")
    assert renewed["receipts"] != good

    async def old_refused() -> bool:
        return (await place.hand_in(good, id="nothing", status="delivered"))[0] == 404

    await until(old_refused, 10, "the end of the old address")
    place.hooks = renewed
    assert await place.hand_in(place.hooks["receipts"], id=operator_id, status="failed", error="53") == (200, "OK")
    await place.becomes(message, Status.UNDELIVERED, "BARRED")
    after = await place.home.send("447911000005")
    await place.becomes(after, Status.DELIVERED, "DELIVERED")  # the gateway was told the new address
    listed = await place.home.run("carrier", "list")
    assert "a-secret-key" not in listed[1]
    stored = await place.home.sql("SELECT config::text AS config, secret_sealed FROM carrier WHERE name = 'web'")
    assert "a-secret-key" not in stored[0]["config"]
    assert b"a-secret-key" not in bytes(stored[0]["secret_sealed"])


async def test_nothing_is_lost_when_the_worker_is_killed(place: Place) -> None:
    await place.ask("POST", "/misbehave", name="slow", options={"ms": 50})
    load = Load(place.home, "447914", callback=place.customer.url)
    load.start(300)
    for count in (80, 200):
        await load.reaches(count)
        old = await place.home.kill("worker")
        await place.home.restarted("worker", old)
    await load.done()
    await place.ask("POST", "/misbehave", name="slow", on=False)
    try:
        await all_called_back(place.home, load, place.customer, 90)
    except AssertionError as problem:
        early = await place.home.sql("SELECT * FROM early_receipt")
        waiting = await place.home.sql("SELECT * FROM carrier_report")
        counters = (await place.ask("GET", "/state"))["counters"]
        raise AssertionError(f"{problem}; {len(early)} early, {len(waiting)} waiting, gateway {counters}") from problem
    rows = await place.home.sql(
        "SELECT request_id || ':' || n AS id FROM message WHERE recipient LIKE '447914%' AND status = 90"
    )
    assert load.accepted.keys() <= {row["id"] for row in rows}
    submitted = await place.home.sql("SELECT count(*) AS n FROM submission")
    assert submitted[0]["n"] == 0


async def test_a_gateway_in_trouble_is_left_for_the_next_carrier(place: Place) -> None:
    await place.ask("POST", "/misbehave", name="fails", options={"status": 500})
    await place.home.command("carrier", "add", "smpp", "second", "--host", "127.0.0.1", "--port",
                             str(place.home.smpp_port + 1), "--system-id", "second", "--password", "x",
                             "--priority", "200")  # fmt: skip
    try:
        messages = [await place.home.send(f"4479150{n:05d}") for n in range(12)]
        for message in messages:
            await place.becomes(message, Status.DELIVERED, "DELIVERED", 40)
        carriers = Counter(
            row["name"]
            for row in await place.home.sql(
                "SELECT c.name FROM message m JOIN carrier c ON c.id = m.carrier_id WHERE recipient LIKE '4479150%'"
            )
        )
        assert carriers["second"] > 0
    finally:
        await place.ask("POST", "/reset")
        await place.home.command("carrier", "remove", "second")


async def test_R86_no_log_of_all_this_names_a_number_a_text_a_code_or_a_key(place: Place) -> None:
    """The last test of the module: what every process said since the start, kills, troubles and the simulators included."""
    home, hook = place.home, f"{place.customer.url}?token=kumquat-hook-4711"
    made = await home.command("key", "create", "journey")
    secrets = {made["api_key"], home.credentials["api_key"], "kumquat-hook-4711", "a-secret-key", *place.hooks.values()}
    async with Newcomer(home) as ada:
        await ada.signs_up("447911880001", place.texts_to)
        await ada.signs_in_after_mistakes()
        secrets |= ada.secrets
        exported = await ada.exports("/settings/audit", "/settings/team/history")
    body, headers = "Your code is 918273, kumquat", {"api-key": made["api_key"]}
    place.customer.statuses = [500]  # refused once, called again
    sent = await home.send("447911880002", body=body, type="OTP", callback=hook)
    await home.send("447911880003", body=body, callback="http://127.0.0.1:9/nobody?token=kumquat-hook-4711")
    for given, body_given in ((headers, f'{{"to":"447911880004","body":"{body}"'), ({"api-key": "A" + "f" * 32}, "{}")):
        async with home.client.post(f"{home.url}/messages", data=body_given, headers=given) as answer:
            assert answer.status in (400, 401)
    await home.post("12", body=body)
    await place.becomes(sent, Status.DELIVERED, "DELIVERED")
    assert (await place.customer.of(sent, 60))["status"] == "DELIVERED"
    rows = await home.sql("SELECT recipient, sender, body FROM message")
    numbers = {str(row[name]) for row in rows for name in ("recipient", "sender")}
    secrets |= {number for number in numbers if number.isdigit() and len(number) > 7}
    secrets |= {str(row["body"]) for row in rows if len(str(row["body"])) > 15} | {"918273", "447911880004"}
    logs = written(home)
    assert {"web.log", "worker.log", "simulators.log", "up.log"} <= logs.keys()
    assert {name: found for name, lines in logs.items() if (found := leaks(lines, secrets))} == {}
    async with home.client.get(f"http://127.0.0.1:{home.http_port}/metrics") as answer:
        assert leaks((await answer.text()).splitlines(), secrets) == []
    assert leaks(await trails(home), secrets - ada.own) == []
    assert leaks(exported, secrets - ada.own) == []
