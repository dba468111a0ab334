"""The simulators as the process that users start."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator

import psutil
import pytest
from raw_smpp_client import RawClient

from strowger.simulators.main import main, read_flag
from strowger.simulators.misbehaving import UnknownMisbehaviour


@contextlib.asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    environ = os.environ | {"STROWGER_LOG_FORMAT": "json"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "strowger.simulators", "--smpp-port", "0", "--http-port", "0", *arguments,
        env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, int(json.loads(line)["smpp_port"])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serves_and_ends_in_order(number: signal.Signals) -> None:
    async with started("--misbehave", "throttle:every=2@test", "--receipt-delay", "0") as (process, port):
        async with RawClient(port) as client:
            await client.bind()
            assert [(await client.submitted("447700900123")).status for _ in range(2)] == [0, 0x58]
            assert (await client.next_delivery()).fields["stat"] == "DELIVRD"
            process.send_signal(number)
            await asyncio.wait_for(client.closed.wait(), 30)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_an_idle_process_does_nothing() -> None:
    async with started() as (process, port), RawClient(port) as client:
        await client.bind()
        await client.submitted("447709990005")
        inside = psutil.Process(process.pid)
        before = inside.num_ctx_switches().voluntary
        await client.call(0x15)
        await client.call(0x15)
        # Two wake-ups for two requests, not a timer's: a poll would add more than these few.
        assert inside.num_ctx_switches().voluntary - before < 10


def test_the_command_line_names_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--misbehave", "sulks"])
    assert re.search("no misbehaviour 'sulks'.*throttle", capsys.readouterr().err)


def test_a_taken_port_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--smpp-port", str(taken.getsockname()[1]), "--http-port", "0"]) == 1
    assert "cannot listen" in capsys.readouterr().err


def test_flags() -> None:
    assert read_flag("silent") == ("silent", None, {})
    assert read_flag("nack-with-sequence:every=2,status=8@me") == (
        "nack-with-sequence",
        "me",
        {"every": "2", "status": "8"},
    )
    with pytest.raises(UnknownMisbehaviour):
        read_flag("throttle:every=0")
