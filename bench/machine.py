"""Processes of a run: started together, their CPU time and memory told, ended together."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil

TOOLS = Path(__file__).parent / "loadtools"
SMSC_PORT, SMSC_ADMIN, SINK_PORT = 23775, 23780, 23910


def _times(process: psutil.Process) -> tuple[float, float]:
    """CPU seconds of a process, and of its children that have ended."""
    times = process.cpu_times()
    return times.user + times.system, times.children_user + times.children_system


def tree(pids: Iterable[int]) -> Iterator[psutil.Process]:
    """The processes and everything below them."""
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(pid)
            yield top
            yield from top.children(recursive=True)


def cpu_seconds(pids: Iterable[int]) -> dict[int, tuple[str, float]]:
    """CPU seconds by process id, with a name; ended children count with their parents."""
    found: dict[int, tuple[str, float]] = {}
    for process in tree(pids):
        with contextlib.suppress(psutil.Error):
            own, ended = _times(process)
            words = process.cmdline()
            name = words[-1] if words[-2:-1] == ["serve"] else process.name()
            found[process.pid] = (name, own + ended)
    return found


def memory_mb(pids: Iterable[int], only: str = "python") -> float:
    """Resident memory of the processes of that name, in MB."""
    total = 0
    for process in tree(pids):
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss if only in process.name() else 0
    return total / 1e6


def spent(before: dict[int, tuple[str, float]], after: dict[int, tuple[str, float]]) -> dict[str, float]:
    """CPU seconds between two looks, by name."""
    by_name: dict[str, float] = {}
    for pid, (name, seconds) in after.items():
        by_name[name] = by_name.get(name, 0.0) + seconds - before.get(pid, ("", 0.0))[1]
    return {name: round(seconds, 2) for name, seconds in by_name.items() if seconds >= 0.01}


class Tool:
    """One of the load tools, running in the background; ``stats`` asks its counters."""

    def __init__(self, script: str, *words: str, admin: str = "") -> None:
        self._admin = admin
        self.process = subprocess.Popen(
            [sys.executable, str(TOOLS / script), *words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.process.stdout.readline()

    async def ask(self, path: str) -> str:
        """The text that its admin port answers."""
        host, port = self._admin.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        data = await reader.read()
        writer.close()
        return data.partition(b"\r\n\r\n")[2].decode()

    async def stats(self, path: str) -> dict[str, Any]:
        """Its counters."""
        read: dict[str, Any] = json.loads(await self.ask(path))
        return read

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()


class Surroundings:
    """The simulated SMSC and the callback sink that every product under test talks to."""

    def __init__(self, dlr_delay_ms: int = 100, host: str = "127.0.0.1") -> None:
        self.host = host
        self.smsc = Tool(
            "smpp_sim.py", "--host", host, "--port", str(SMSC_PORT), "--admin-port", str(SMSC_ADMIN),
            "--dlr-delay-ms", str(dlr_delay_ms), admin=f"{host}:{SMSC_ADMIN}",
        )  # fmt: skip
        self.sink = Tool(
            "dlr_sink.py", "--port", str(SINK_PORT), "--final", "1,DELIVRD,DELIVERED", admin=f"127.0.0.1:{SINK_PORT}"
        )

    async def bound(self, seconds: float = 30) -> None:
        """Return when a product has bound to the SMSC."""

        async def any_receiver() -> bool:
            return bool((await self.smsc.stats("/stats"))["receivers"])

        if not await until(any_receiver, seconds):
            raise RuntimeError("No product has bound to the simulated SMSC")

    async def reset(self) -> None:
        """Counters to zero."""
        await self.smsc.ask("/reset")
        await self.sink.ask("/_reset")

    def stop(self) -> None:
        """End both."""
        self.smsc.stop()
        self.sink.stop()


async def load(url: str, count: int, connections: int = 16, **options: str) -> dict[str, Any]:
    """Run the HTTP load client; returns what it measured. ``options`` are its flags without dashes."""
    with tempfile.NamedTemporaryFile(mode="r", suffix=".txt") as accepted:
        words = [sys.executable, str(TOOLS / "http_load.py"), "--url", url, "-c", str(connections), "-n", str(count)]
        for name, value in options.items():
            words += ["--" + name.replace("_", "-"), value]
        words += ["--accepted-out", accepted.name]
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        result: dict[str, Any] = json.loads(out)
        result["numbers"] = accepted.read().split()
    return result


async def until(condition: Callable[[], Any], seconds: float, pause: float = 0.1) -> bool:
    """Whether an awaitable condition came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await condition():
            return True
        await asyncio.sleep(pause)
    return False


def end(process: subprocess.Popen[Any], seconds: float = 30) -> None:
    """Ask a process to stop; insist after a while."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
