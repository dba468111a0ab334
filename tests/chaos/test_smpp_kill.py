"""kill -9 under a customer's SMPP client: what was answered is stored, and its receipt comes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from typing import Any

from tests.chaos.load import kills, scale
from tests.installation import Installation, until
from tests.system.simulators.raw_smpp_client import RawClient

WINDOW = 20


class Customer:
    """A client that binds again whenever its connection ends, and remembers answers and receipts."""

    def __init__(self, place: Installation, user: dict[str, Any]) -> None:
        self.place, self.user = place, user
        self.accepted: dict[str, str] = {}
        self.receipts: Counter[str] = Counter()
        self.binds = 0
        self._next = 0

    async def run(self, count: int) -> None:
        """Submit until so many are accepted, then go on receiving."""
        while True:
            with contextlib.suppress(OSError, TimeoutError, ConnectionError):
                async with RawClient(self.place.smpp_port) as client:
                    await self._session(client, count)
            await asyncio.sleep(0.1)

    async def _session(self, client: RawClient, count: int) -> None:
        if (await client.bind(9, self.user["system_id"], self.user["password"])).status:
            return
        self.binds += 1
        receiving = asyncio.create_task(self._receive(client))
        try:
            while not client.closed.is_set():
                if len(self.accepted) >= count:
                    await client.closed.wait()
                    return
                await self._burst(client)
        finally:
            receiving.cancel()

    async def _burst(self, client: RawClient) -> None:
        sent = {}
        for _ in range(WINDOW):
            self._next += 1
            number = f"447921{self._next:06d}"
            sent[client.submit(number, b"Hello", source=self.place.credentials["sender"], ton=1)] = number
        for _ in range(WINDOW):
            answer = await client.next()
            if answer.command == 0x80000004 and not answer.status:
                self.accepted[answer.message_id] = sent[answer.sequence]

    async def _receive(self, client: RawClient) -> None:
        while True:
            got = await client.delivered.get()
            if got.fields["stat"] == "DELIVRD":
                self.receipts[got.fields["id"]] += 1


async def test_R04_no_receipt_is_lost_whichever_process_is_killed(place: Installation) -> None:
    user = await place.command("smpp-user", "create", "customer", "--window", str(WINDOW), "--tps", "0")
    assert user["port"] == place.smpp_port
    customer = Customer(place, user)
    count, rounds = scale(800), kills(4)
    running = asyncio.create_task(customer.run(count))
    victims = itertools.islice(itertools.cycle(["smpp", "worker"]), rounds)
    for n, victim in enumerate(victims, 1):

        async def enough(least: int = n * count // (rounds + 1)) -> bool:
            return len(customer.accepted) >= least

        await until(enough, 60, "accepted submits")
        old = await place.kill(victim)
        await place.restarted(victim, old)

    async def all_told() -> bool:
        return len(customer.accepted) >= count and customer.accepted.keys() <= customer.receipts.keys()

    await until(all_told, 90, "a receipt for each accepted submit", pause=0.2)
    assert customer.binds >= 2
    rows = await place.sql("SELECT request_id || ':' || n AS id FROM message WHERE source = 'SMPP'")
    assert customer.accepted.keys() <= {row["id"] for row in rows}
    again = sum(customer.receipts.values()) - len(customer.receipts)
    assert again <= rounds * WINDOW, f"{again} receipts came twice"

    async def empty() -> bool:
        return (await place.sql("SELECT count(*) AS n FROM smpp_delivery"))[0]["n"] == 0

    await until(empty, 20, "an empty queue")
    running.cancel()
    (listed,) = [row for row in await place.command("smpp-user", "list") if row["system_id"] == "customer"]
    assert (listed["state"], listed["waiting"], listed["window"]) == ("active", 0, WINDOW)
    assert await place.command("smpp-user", "remove", "customer") == {"removed": "customer"}
    code, _, problem = await place.run("smpp-user", "remove", "customer")
    assert code != 0
    assert "no SMPP user customer" in problem
