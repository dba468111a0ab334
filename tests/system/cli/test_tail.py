"""`strowger callbacks tail` as a developer runs it: a process of its own, a server elsewhere, a hook on the own machine."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.api_kit import Customer, add_customer, make_context, running_app
from tests.compat.platform.callbacks.attempts_kit import attempt_of
from tests.installation import free_ports, until
from tests.receiver import receiver

from strowger.foundation.clock import Clock
from strowger.foundation.database import Database
from strowger.foundation.http_server import serve
from strowger.platform.callbacks.repository import insert_attempts
from strowger.platform.callbacks.schemas import Attempt, AttemptOutcome
from strowger.platform.gateway import setup as gateway


class Elsewhere:
    """A Strowger that can be stopped and started, with one account."""

    def __init__(self, database: Database, customer: Customer) -> None:
        self.database, self.customer = database, customer
        self.port = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self._serve())

        async def answers() -> bool:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True

        await until(answers, what="the server")

    async def _serve(self) -> None:
        async with running_app(make_context(self.database, Clock())) as app:
            await serve(gateway.answer_first(app), "127.0.0.1", self.port, self._stop)

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running

    async def called_back(self, **changed: Any) -> Attempt:
        made = attempt_of(self.customer.account_id, Clock().now(), **changed)
        await insert_attempts(self.database.pool, [made])
        return made


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[Elsewhere]:
    made = Elsewhere(database, await add_customer(database))
    await made.start()
    yield made
    await made.stop()


class Tail:
    """A running tail. ``out`` and ``err`` are the lines so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._readers = [
            asyncio.create_task(self._read(stream, lines))
            for stream, lines in ((process.stdout, self.out), (process.stderr, self.err))
        ]

    @staticmethod
    async def _read(stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert stream is not None
        async for line in stream:
            lines.append(line.decode().rstrip())

    async def told(self, words: str) -> None:
        async def look() -> bool:
            return any(words in line for line in self.err)

        await until(look, what=words)

    async def printed(self, count: int) -> list[str]:
        async def look() -> bool:
            return len(self.out) >= count

        await until(look, what=f"{count} lines")
        return self.out

    async def ended(self) -> tuple[int, str]:
        code = await asyncio.wait_for(self.process.wait(), 60)
        await asyncio.gather(*self._readers)
        return code, "\n".join(self.err)


@contextlib.asynccontextmanager
async def tail(folder: Path, *words: str, **environ: str) -> AsyncIterator[Tail]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STROWGER_")}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "strowger.cli", "callbacks", "tail", *words, stdout=pipe, stderr=pipe,
        env={**clean, "STROWGER_DATA_DIR": str(folder), **environ},
    )  # fmt: skip
    running = Tail(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await running.ended()


def environ(there: Elsewhere) -> dict[str, str]:
    return {"STROWGER_URL": there.url, "STROWGER_SID": there.customer.sid, "STROWGER_KEY": there.customer.key}


async def test_U51_attempts_are_printed_as_they_happen_across_a_restart_without_gap_or_repetition(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    async with tail(tmp_path, "--json", **environ(elsewhere)) as running:
        await running.told("Waiting for callbacks")
        made = [await elsewhere.called_back() for _ in range(3)]
        await running.printed(3)
        await elsewhere.stop()
        made.append(await elsewhere.called_back())
        await running.told("does not answer")
        await elsewhere.start()
        await running.told("answers again")
        made.append(await elsewhere.called_back())
        lines = await running.printed(5)
        running.process.send_signal(signal.SIGINT)
        code, said = await running.ended()
    assert code == 0, said
    assert [json.loads(line)["callback_id"] for line in lines] == [str(one.callback_id) for one in made]
    place = said.rpartition("--after ")[2]
    later = await elsewhere.called_back(event="sms_mo")
    words = ("--after", place, "--event", "sms_mo", "--status", "delivered")
    async with tail(tmp_path, *words, **environ(elsewhere)) as running:
        [line] = await running.printed(1)
    assert line.split("  ")[1:] == [
        "sms_mo", f"{later.request_id}:1", "delivered", "POST", "https://example.net/dlr?ref=7", "200", "41 ms", "attempt 1",
    ]  # fmt: skip


async def test_U51_requests_are_repeated_to_the_own_machine_and_its_answer_is_printed(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    options = ("--url", elsewhere.url, "--sid", elsewhere.customer.sid, "--key", elsewhere.customer.key)
    headers = {"X-Signature": "t=1,v1=ab", "Content-Type": "application/json", "Authorization": "***"}
    async with receiver() as hook, tail(tmp_path, *options, "--forward", hook.url + "?own=1") as running:
        hook.statuses.append(418)
        await running.told("Waiting for callbacks")
        await elsewhere.called_back(
            request_headers=headers,
            request_body='{"id":"m"}',
            outcome=AttemptOutcome.RETRY,
            http_status=503,
            error="http_503",
        )
        lines = await running.printed(3)
        [taken] = hook.requests
        assert {name: taken[name] for name in ("own", "ref", "id")} == {"own": "1", "ref": "7", "id": "m"}
        assert taken["_headers"]["X-Signature"] == "t=1,v1=ab"
        assert "Authorization" not in taken["_headers"]
        assert " 503  41 ms  attempt 1" in lines[0]
        assert lines[1].startswith(f"    -> POST {hook.url}?own=1&ref=7  418 in ")
        assert "without Authorization" in lines[2]
        await elsewhere.called_back(request_body="x" * 2048, method="GET", request_headers={})
        assert "first 2 KB" in (await running.printed(6))[5]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"STROWGER_KEY": "A" + "0" * 32}, "The key is not one of"),
        ({"STROWGER_URL": "http://127.0.0.1:1"}, "No answer from http://127.0.0.1:1"),
        ({"STROWGER_URL": "localhost:8080"}, "must be an absolute http or https URL"),
        ({"STROWGER_KEY": ""}, "Give --key"),
    ],
)
async def test_U51_a_wrong_key_or_address_is_told(
    elsewhere: Elsewhere, tmp_path: Path, changed: dict[str, str], words: str
) -> None:
    async with tail(tmp_path, **{**environ(elsewhere), **changed}) as running:
        code, said = await running.ended()
    assert code != 0
    assert words in said


async def test_U51_on_the_servers_own_machine_its_credentials_serve_and_another_server_is_recognised(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    own = {"base_url": elsewhere.url, "sid": elsewhere.customer.sid, "api_key": elsewhere.customer.key}
    (tmp_path / "credentials.json").write_text(json.dumps(own))
    async with tail(tmp_path) as running:
        await running.told("Waiting for callbacks")
        running.process.send_signal(signal.SIGTERM)
        assert (await running.ended())[0] == 0
    async with receiver() as hook:
        async with tail(tmp_path, "--url", hook.url) as running:
            code, said = await running.ended()
        assert (code, "of another address" in said, hook.requests) == (2, True, []), "its key goes nowhere else"
        async with tail(tmp_path, "--url", hook.url, "--sid", "S", "--key", "K") as running:
            code, said = await running.ended()
        assert (code, "no Strowger answers" in said) == (1, True)
