"""A peer's program in a process of its own, in its own environment: lines of JSON in both directions."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-peers/bin/python"
PATIENCE = 60.0


class Program:
    """What runs; its events in order."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process, self._log = process, log
        self._events: list[dict[str, Any]] = []

    def do(self, **command: Any) -> None:
        """Write a command."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def event(self, name: str) -> dict[str, Any]:
        """The next event of this name; others that come before it are kept."""
        while not any(event["event"] == name for event in self._events):
            self._events.append(await self._read(name))
        found = next(event for event in self._events if event["event"] == name)
        self._events.remove(found)
        return found

    async def _read(self, name: str) -> dict[str, Any]:
        assert self._process.stdout
        try:
            while True:  # the libraries print too
                line = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
                if not line or line.startswith(b"{"):
                    break
        except TimeoutError:
            line = b""
        assert line, f"no {name!r} but {self._events}: {self._log.read_text()[-2000:]}"
        event: dict[str, Any] = json.loads(line)
        return event


@contextlib.asynccontextmanager
async def program(name: str, folder: Path, *arguments: object) -> AsyncIterator[Program]:
    """Run ``programs/<name>.py``, which may write into ``folder``; it is ended with the block."""
    assert PYTHON.exists(), f"{PYTHON} is missing: run `make test-peers`, which makes it"
    pipe = asyncio.subprocess.PIPE
    log = folder / f"{name}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            str(PYTHON), str(Path(__file__).parent / "programs" / f"{name}.py"), *map(str, arguments),
            stdin=pipe, stdout=pipe, stderr=stderr, cwd=folder,
        )  # fmt: skip
    try:
        yield Program(process, log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
