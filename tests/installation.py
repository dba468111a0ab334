"""A whole installation as its users run it: ``strowger up`` in a directory of its own, tested from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil

PATIENCE = float(os.environ.get("STROWGER_TEST_PATIENCE", "1"))  # more where the machine has other work
READY_SECONDS, STOP_SECONDS = 180.0 * PATIENCE, 60.0 * PATIENCE
PROCESSES = ("web", "smpp", "worker", "simulators")
_given: set[int] = set()


def free_ports(count: int) -> int:
    """The first of ``count`` free TCP ports in a row."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            ports = set(range(first, first + count))
            if first + count > 65000 or ports & _given:
                continue
            try:
                for port in range(first + 1, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            _given.update(ports)
            return first


async def until(
    condition: Callable[[], Awaitable[Any]], seconds: float = 30.0, what: str = "the condition", pause: float = 0.05
) -> Any:
    """The first true value of ``condition``. Fails when none came in time; an answer that cannot be had counts as not yet."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    last: object = None
    while time.monotonic() < deadline:
        try:
            last = await condition()
        except (OSError, aiohttp.ClientError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            last = problem
        else:
            if last:
                return last
        await asyncio.sleep(pause)
    raise AssertionError(f"{what} did not come within {seconds:g} s; last seen: {last!r}")


class Installation:
    """One ``strowger up``. ``client`` is an HTTP session; ``credentials`` are those of the first start."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.http_port, self.smpp_port = free_ports(1), free_ports(8)
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("STROWGER_")
        } | {
            "STROWGER_DATA_DIR": str(self.data_dir),
            "STROWGER_HTTP_PORT": str(self.http_port),
            "STROWGER_SMPP_PORT": str(self.smpp_port),
            **environ,
        }  # fmt: skip
        self.up: asyncio.subprocess.Process | None = None
        self.lines: list[str] = []
        self.seconds_to_ready = 0.0
        self._ready = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []
        self._client: aiohttp.ClientSession | None = None
        self._seen: set[int] = set()

    # Life

    async def start(self) -> Installation:
        """Start and wait for the line that says that everything is ready."""
        began = time.monotonic()
        self._ready.clear()
        pipe = asyncio.subprocess.PIPE
        self.up = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "strowger.cli", "up", env=self.environ, stdout=pipe, stderr=pipe
        )
        self._readers = [asyncio.create_task(self._read(stream)) for stream in (self.up.stdout, self.up.stderr)]
        ended = asyncio.create_task(self.up.wait())
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait((ended, ready), timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        self.seconds_to_ready = time.monotonic() - began
        assert self._ready.is_set(), f"not ready: {self.lines}"
        return self

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        async for line in stream:
            text = line.decode(errors="replace").rstrip()
            self.lines.append(text)
            if "is ready" in text:
                self._ready.set()
            elif "Not ready after" in text:
                self._readers.append(asyncio.create_task(self._look()))

    async def _look(self) -> None:
        async def ready() -> bool:
            async with self.client.get(f"http://127.0.0.1:{self.http_port}/readyz") as answer:
                return answer.status == 200

        await until(ready, READY_SECONDS, "readiness")
        self._ready.set()

    async def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop as Ctrl-C does; returns the exit code."""
        assert self.up is not None
        self.remember_processes()
        if self.up.returncode is None:
            self.up.send_signal(number)
        code = await asyncio.wait_for(self.up.wait(), STOP_SECONDS)
        await asyncio.gather(*self._readers)
        return code

    async def close(self) -> None:
        """End whatever is left, by force if need be."""
        if self._client is not None:
            await self._client.close()
        if self.up is not None and self.up.returncode is None:
            for pid in self.remember_processes():
                self._signal(pid, signal.SIGCONT)
            try:
                await self.stop()
            except TimeoutError:
                self.up.kill()
        for pid in self.left_behind():
            self._signal(pid, signal.SIGKILL)

    # Processes

    def pid(self, name: str) -> int:
        """The process id of web, worker, simulators, postmaster or up. Raises LookupError while there is none."""
        assert self.up is not None
        if name == "up":
            return self.up.pid
        if name == "postmaster":
            try:
                return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
            except (OSError, ValueError, IndexError) as problem:
                raise LookupError(name) from problem
        for child in psutil.Process(self.up.pid).children():
            with contextlib.suppress(psutil.Error):
                if child.cmdline()[-2:] == ["serve", name]:
                    return child.pid
        raise LookupError(name)

    def processes(self) -> list[psutil.Process]:
        """``up`` and everything below it."""
        assert self.up is not None
        try:
            top = psutil.Process(self.up.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def remember_processes(self) -> list[int]:
        """The ids of all that runs now, which left_behind() will look for."""
        pids = [process.pid for process in self.processes()]
        self._seen.update(pids)
        return pids

    def left_behind(self) -> list[int]:
        """Processes of this installation that still run."""
        mark = f"STROWGER_DATA_DIR={self.data_dir}"
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                ours = process.pid in self._seen or process.environ().get("STROWGER_DATA_DIR") == str(self.data_dir)
                same = str(self.data_dir) in " ".join([*process.cmdline(), mark if ours else ""])
                if same and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
        return found

    async def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to one process, as soon as there is one; returns its id."""

        async def find() -> int:
            try:
                return self.pid(name)
            except LookupError:
                return 0

        pid = int(await until(find, what=f"process {name}"))
        self._signal(pid, number)
        return pid

    async def restarted(self, name: str, old: int, seconds: float = 20) -> None:
        """Return when another process runs in the place of ``old``."""

        async def find() -> bool:
            try:
                return self.pid(name) != old
            except LookupError:
                return False

        await until(find, seconds, f"another {name}")

    def freeze(self, name: str) -> Callable[[], None]:
        """Stop a process and all below it with SIGSTOP; returns what lets them go on."""
        top = psutil.Process(self.pid(name))
        frozen = [top.pid, *(child.pid for child in top.children(recursive=True))]
        for pid in frozen:
            self._signal(pid, signal.SIGSTOP)

        def thaw() -> None:
            for pid in frozen:
                self._signal(pid, signal.SIGCONT)

        return thaw

    @staticmethod
    def _signal(pid: int, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    # Ways in

    @property
    def credentials(self) -> dict[str, str]:
        """What the first start wrote for tools."""
        read: dict[str, str] = json.loads((self.data_dir / "credentials.json").read_text())
        return read

    @property
    def url(self) -> str:
        """The API of the demo account."""
        return f"http://127.0.0.1:{self.http_port}/v1/{self.credentials['sid']}"

    @property
    def control(self) -> str:
        """The simulated SMSC's control."""
        return f"http://127.0.0.1:{self.smpp_port + 2}"

    @property
    def client(self) -> aiohttp.ClientSession:
        """An HTTP session that carries the API key."""
        if self._client is None:
            headers = {"api-key": self.credentials["api_key"]}
            self._client = aiohttp.ClientSession(headers=headers)
        return self._client

    async def get(self, path: str, **query: str) -> Any:
        """The JSON answer to a GET of the public API."""
        async with self.client.get(self.url + path, params=query) as answer:
            return await answer.json()

    async def ask_simulator(self, method: str, path: str, **body: Any) -> Any:
        """The JSON answer of the simulated SMSC's control."""
        async with self.client.request(method, self.control + path, json=body or None) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def post(self, to: str, **parameters: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Send one message; returns status, answer and headers. Raises aiohttp.ClientError when no answer came."""
        body = {"to": to, "sender": self.credentials["sender"], "body": "Hello", **parameters}
        async with self.client.post(f"{self.url}/messages", json=body) as answer:
            return answer.status, await answer.json(), dict(answer.headers)

    async def send(self, to: str, **parameters: Any) -> str:
        """Send one message that is accepted; returns its id."""
        status, answer, _ = await self.post(to, **parameters)
        assert status == 202, answer
        return str(answer["data"][0]["message_id"])

    async def status(self, message_id: str) -> tuple[str, str]:
        """Status and trace by the status API."""
        answer = await self.get("/messages/status", message_ids=message_id)
        row = answer["data"][0]
        return row["status"], row["status_details"]

    async def status_becomes(self, message_id: str, status: str, trace: str, seconds: float = 20) -> None:
        """Return when the status API says so."""

        async def reached() -> bool:
            return await self.status(message_id) == (status, trace)

        try:
            await until(reached, seconds)
        except AssertionError:
            seen = await self.status(message_id)
            raise AssertionError(f"{message_id} is {seen}, not {(status, trace)}") from None

    async def sql(self, query: str, *arguments: Any) -> list[Any]:
        """Rows of a query to the installation's own database."""
        connection = await asyncpg.connect((self.data_dir / "database.url").read_text().strip(), timeout=10)
        try:
            return list(await connection.fetch(query, *arguments, timeout=60))
        finally:
            await connection.close(timeout=5)

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Run a ``strowger`` command against this installation; returns code, output and errors."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "strowger.cli", *words, env=self.environ, stdout=pipe, stderr=pipe
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def command(self, *words: str) -> Any:
        """Run a command with ``--json`` that succeeds; returns what it printed."""
        code, out, err = await self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@contextlib.asynccontextmanager
async def installation(**environ: str) -> AsyncIterator[Installation]:
    """A started installation in a temporary directory, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="strowger-up-"))
    folder.chmod(0o755)  # the embedded PostgreSQL runs as a user of its own when we are root  # noqa: ASYNC240 - a fixture may block
    made = Installation(folder, **environ)
    try:
        yield await made.start()
    finally:
        await made.close()
        shutil.rmtree(folder, ignore_errors=True)
