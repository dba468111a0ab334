"""Kannel (Debian: kannel, kannel-extras), tuned for speed: bearerbox and smsbox with one SMPP link to the simulated SMSC."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from bench.machine import SINK_PORT, SMSC_PORT, Surroundings, end

ADMIN_PORT, BOX_PORT, HTTP_PORT, REDIS_PORT = 23000, 23001, 23013, 23379
SINK = quote(f"http://127.0.0.1:{SINK_PORT}/?n={{n}}&st=%d", safe="{}")
FINAL, ACCEPTED_AND_FINAL = 1 | 2, 1 | 2 | 8

CORE = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
box-allow-ip = 127.0.0.1
dlr-storage = {storage}
store-type = {store}
store-location = {folder}/store
log-level = 3

group = smsc
smsc = smpp
smsc-id = bench
host = {host}
port = {smsc}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = ""
max-pending-submits = 100
enquire-link-interval = 60

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {http}
log-level = 3

group = sendsms-user
username = bench
password = bench
concatenation = true
max-messages = 10

group = sms-service
keyword = default
max-messages = 0
text = ""
"""
REDIS = """
group = redis-connection
id = bench
host = 127.0.0.1
port = {redis}
max-connections = 8

group = dlr-db
id = bench
table = dlr
field-smsc = smsc
field-timestamp = ts
field-source = source
field-destination = destination
field-service = service
field-url = url
field-mask = mask
field-status = status
field-boxc-id = boxc
ttl = 86400

group = store-db
id = bench
table = store
"""


def installed(redis: bool = False) -> bool:
    """Whether the packages are there."""
    return bool(shutil.which("bearerbox", path="/usr/sbin:/usr/bin") and (not redis or shutil.which("redis-server")))


class Kannel:
    """One bearerbox and one smsbox; with ``redis`` both queue and receipts are kept there."""

    def __init__(self, around: Surroundings, redis: bool = False) -> None:
        self.name = "kannel-redis" if redis else "kannel"
        self._redis = redis
        self._around = around
        self._folder = Path(tempfile.mkdtemp(prefix="kannel-bench-"))
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start(self) -> None:
        """Start all processes and wait for the link."""
        text = CORE + (REDIS if self._redis else "")
        configuration = text.format(
            admin=ADMIN_PORT, box=BOX_PORT, http=HTTP_PORT, smsc=SMSC_PORT, redis=REDIS_PORT, folder=self._folder,
            host=self._around.host, storage="redis" if self._redis else "internal",
            store="redis" if self._redis else "file",
        )  # fmt: skip
        path = self._folder / "kannel.conf"
        path.write_text(configuration)
        if self._redis:
            self._spawn("redis-server", "--port", str(REDIS_PORT), "--dir", str(self._folder), "--appendonly", "yes")
            await asyncio.sleep(0.5)
        self._spawn("/usr/sbin/bearerbox", str(path))
        await asyncio.sleep(1.0)
        self._spawn("/usr/sbin/smsbox", str(path))
        await asyncio.sleep(1.0)
        await self._around.bound()

    def _spawn(self, *words: str) -> None:
        quiet = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(words, stdout=quiet, stderr=quiet, cwd=self._folder))

    def request(self, recipients: int = 1, callback: bool = True) -> dict[str, str]:
        """What the load client sends."""
        to = "+".join(f"{{to}}{n:02d}" for n in range(recipients)) if recipients > 1 else "{to}"
        mask = f"&dlr-mask={FINAL}&dlr-url={SINK}" if callback else ""
        query = (
            f"username=bench&password=bench&from=447700900001&to={to}&text=Your+code+is+on+its+way%2C+as+usual.{mask}"
        )
        return {"url": f"http://127.0.0.1:{HTTP_PORT}/cgi-bin/sendsms?{query}"}

    def pids(self) -> list[int]:
        """Its own processes."""
        return [process.pid for process in self._processes]

    async def stop(self) -> None:
        """End them and remove what they wrote."""
        for process in reversed(self._processes):
            await asyncio.to_thread(end, process)
        shutil.rmtree(self._folder, ignore_errors=True)
