"""Strowger as it is shipped, with one SMPP carrier to the simulated SMSC."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from tests.installation import Installation

from bench.machine import SINK_PORT, SMSC_PORT, Surroundings

WINDOW = "200"
CALLBACK = f"http://127.0.0.1:{SINK_PORT}/?n=<ref>&st=<status>"


class Strowger:
    """One installation in a temporary directory."""

    name = "strowger"

    def __init__(self, around: Surroundings, **environ: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="strowger-bench-", dir=os.environ.get("STROWGER_BENCH_DIR")))
        self._folder.chmod(0o755)
        self._around = around
        self.place = Installation(
            self._folder, STROWGER_SIMULATORS="off", STROWGER_ALLOWED_NETWORKS="127.0.0.0/8", **environ
        )

    async def start(self) -> None:
        """Start, attach the carrier, lift the demo key's rate."""
        await self.place.start()
        await self.place.command(
            "carrier", "add", "smpp", "bench", "--host", self._around.host, "--port", str(SMSC_PORT),
            "--system-id", "bench", "--password", "bench", "--window", WINDOW,
        )  # fmt: skip
        await self.open_gates()
        await self._around.bound()

    async def open_gates(self) -> None:
        """No limits that are there against misuse: of keys, and of countries; the processes learn of it."""
        await self.place.sql("UPDATE api_key SET rate = 100000")
        await self.place.sql("""UPDATE account SET settings = settings || '{"countries": {"default": "on"}}'""")
        await self.place.sql("SELECT pg_notify('accounts', '')")

    def request(self, recipients: int = 1, callback: bool = True) -> dict[str, str]:
        """What the load client sends: to ``recipients`` numbers."""
        fields = {
            "sender": self.place.credentials["sender"],
            "type": "TXN",
            "body": "Your code is on its way, as usual.",
        }
        if callback:
            fields["callback"] = CALLBACK
        numbers = ",".join(f"{{to}}{n:02d}" for n in range(recipients)) if recipients > 1 else "{to}"
        body = urlencode(fields) + "&ref={n}&to=" + numbers
        key = self.place.credentials["api_key"]
        return {
            "url": f"{self.place.url}/messages",
            "method": "POST",
            "body": body,
            "header": f"api-key: {key}\r\nContent-Type: application/x-www-form-urlencoded",
        }

    def pids(self) -> list[int]:
        """The top process, and the database's, which is a session of its own."""
        return [self.place.pid("up")]

    async def stop(self) -> None:
        """End it and remove what it wrote."""
        await self.place.close()
        shutil.rmtree(self._folder, ignore_errors=True)
