"""A client that sends many messages, survives what happens meanwhile, and knows which of them were accepted."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from tests.installation import Installation, until
from tests.receiver import Receiver

CONNECTIONS = 8
PAUSE = 0.05


def scale(default: int) -> int:
    """How many messages a run sends: STROWGER_CHAOS_MESSAGES, else ``default``."""
    return int(os.environ.get("STROWGER_CHAOS_MESSAGES", default))


def kills(default: int) -> int:
    """How many processes a run kills: STROWGER_CHAOS_KILLS, else ``default``."""
    return int(os.environ.get("STROWGER_CHAOS_KILLS", default))


class Load:
    """Sends to numbers of its own; ``accepted`` maps the id of each accepted message to its number."""

    def __init__(self, place: Installation, prefix: str, **parameters: Any) -> None:
        self.place = place
        self.prefix = prefix
        self.parameters = parameters
        self.accepted: dict[str, str] = {}
        self.refused: Counter[int] = Counter()
        self.unanswered = 0
        self._next = 0
        self._task: asyncio.Task[None] | None = None

    def start(self, count: int) -> None:
        """Begin to send until ``count`` messages are accepted."""
        self._task = asyncio.create_task(self._run(count))

    async def done(self, seconds: float = 120) -> None:
        """Return when all are accepted."""
        assert self._task is not None
        await asyncio.wait_for(self._task, seconds)

    async def reaches(self, count: int, seconds: float = 60) -> None:
        """Return when so many are accepted."""

        async def enough() -> bool:
            return len(self.accepted) >= count

        await until(enough, seconds, f"{count} accepted messages", pause=0.002)

    async def _run(self, count: int) -> None:
        await asyncio.gather(*(self._client(count) for _ in range(CONNECTIONS)))

    async def _client(self, count: int) -> None:
        while len(self.accepted) < count:
            self._next += 1
            number = f"{self.prefix}{self._next:06d}"
            try:
                async with asyncio.timeout(40):
                    status, answer, _ = await self.place.post(number, **self.parameters)
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.unanswered += 1
                await asyncio.sleep(PAUSE)
                continue
            if status == 202:
                self.accepted[answer["data"][0]["message_id"]] = number
            else:
                self.refused[status] += 1
                await asyncio.sleep(PAUSE)


async def at_the_smsc(place: Installation) -> Counter[str]:
    """How often the simulated SMSC took a message for each number."""
    async with place.client.get(place.control + "/destinations") as answer:
        lines = (await answer.text()).splitlines()
    return Counter({number: int(count) for number, count in (line.split() for line in lines)})


async def all_seen(place: Installation, load: Load, seconds: float = 60) -> Counter[str]:
    """Wait until the SMSC has taken every accepted message; returns how often each number of the load was seen."""

    async def missing_none() -> bool:
        seen = await at_the_smsc(place)
        return all(number in seen for number in load.accepted.values())

    await _or_explain(missing_none, seconds, lambda: _missing_at_smsc(place, load))
    numbers = set(load.accepted.values())
    return Counter({number: count for number, count in (await at_the_smsc(place)).items() if number in numbers})


async def all_called_back(place: Installation, load: Load, receiver: Receiver, seconds: float = 60) -> None:
    """Wait until every accepted message was called back."""

    async def missing_none() -> bool:
        return load.accepted.keys() <= receiver.ids()

    await _or_explain(missing_none, seconds, lambda: _missing_callbacks(place, load, receiver))


async def _or_explain(
    condition: Callable[[], Awaitable[bool]], seconds: float, explain: Callable[[], Awaitable[str]]
) -> None:
    try:
        await until(condition, seconds, pause=0.2)
    except AssertionError as problem:
        raise AssertionError(await explain()) from problem


async def _missing_at_smsc(place: Installation, load: Load) -> str:
    seen = await at_the_smsc(place)
    missing = [message_id for message_id, number in load.accepted.items() if number not in seen]
    queue = await place.sql(
        "SELECT lane, claimed_by, count(*), min(due_at), max(attempts) FROM submission GROUP BY 1, 2"
    )
    ids = [message_id.split(":")[0] for message_id in missing]
    messages = await place.sql(
        "SELECT status, trace, carrier_id, count(*), min(created_at), max(created_at), min(sent_at), max(sent_at)"
        " FROM message WHERE request_id = ANY($1::uuid[]) GROUP BY 1, 2, 3", ids,
    )  # fmt: skip
    return (
        f"{len(missing)} accepted messages were never handed over, like {missing[:3]}; messages: {messages};"
        f" queue: {queue}; told: {place.lines[-10:]}"
    )


async def _missing_callbacks(place: Installation, load: Load, receiver: Receiver) -> str:
    missing = sorted(load.accepted.keys() - receiver.ids())
    ids = [message_id.split(":")[0] for message_id in missing]
    messages = await place.sql(
        "SELECT status, trace, count(*) FROM message WHERE request_id = ANY($1::uuid[]) GROUP BY 1, 2", ids
    )
    queue = await place.sql(
        "SELECT claimed_by, state, attempts, last_error, count(*) FROM callback GROUP BY 1, 2, 3, 4"
    )
    workers = await place.sql("SELECT * FROM worker")
    return f"{len(missing)} callbacks never came, like {missing[:3]}; messages: {messages}; queue: {queue}; {workers}"
