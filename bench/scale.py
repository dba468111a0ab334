"""A second web and a second worker process on the same database: nothing is taken twice, and the rate."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.installation import free_ports

from bench.machine import Surroundings, end, load, until
from bench.ours import Strowger
from bench.report import keep, table


@contextlib.contextmanager
def _second(strowger: Strowger) -> Iterator[str]:
    """Another web process on a port of its own, and another worker; gives the web's base address."""
    port = free_ports(1)
    url = (strowger.place.data_dir / "database.url").read_text().strip()
    environ = {**os.environ, **strowger.place.environ, "STROWGER_DATABASE_URL": url, "STROWGER_HTTP_PORT": str(port)}
    started = [
        subprocess.Popen([sys.executable, "-m", "strowger.cli", "serve", kind], env=environ, stderr=subprocess.DEVNULL)
        for kind in ("web", "worker")
    ]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in started:
            end(process)


async def _run(strowger: Strowger, around: Surroundings, bases: list[str], messages: int, start: int) -> dict[str, Any]:
    await around.reset()
    requests = []
    for i, base in enumerate(bases):
        request = strowger.request()
        request["url"] = request["url"].replace(f"http://127.0.0.1:{strowger.place.http_port}", base)
        share = messages // len(bases)
        requests.append(load(count=share, connections=16, start=str(start + i * share), **request))
    began = time.time()
    sent = await asyncio.gather(*requests)
    accepted = {number for one in sent for number in one["numbers"]}

    async def all_called() -> bool:
        return int((await around.sink.stats("/_stats"))["final_uniq"]) >= len(accepted)

    await until(all_called, 90)
    sink, smsc = await around.sink.stats("/_stats"), await around.smsc.stats("/stats")
    return {
        "web_and_worker": len(bases), "accepted": len(accepted), "accept_rate": round(sum(one["rate"] for one in sent)),
        "end_to_end_rate": round(len(accepted) / (sink["last_final"] - began)), "lost": len(accepted) - smsc["uniq"],
        "taken_twice": smsc["dup"], "callbacks_missing": len(accepted) - sink["final_uniq"],
        "callbacks_double": sink["final_dup"],
    }  # fmt: skip


async def scale(messages: int) -> None:
    """One of each, then two of each."""
    around = Surroundings()
    strowger = Strowger(around)
    try:
        await strowger.start()
        first = f"http://127.0.0.1:{strowger.place.http_port}"
        rows = [await _run(strowger, around, [first], messages, 1_000_000)]
        with _second(strowger) as second:

            async def both() -> bool:
                with contextlib.suppress(OSError, IndexError):
                    ports = second.rsplit(":", 1)[1]
                    _, writer = await asyncio.open_connection("127.0.0.1", int(ports))
                    writer.close()
                    alive = await strowger.place.sql(
                        "SELECT count(*) AS n FROM worker WHERE heartbeat_at > now() - interval '3 s'"
                    )
                    return int(alive[0]["n"]) >= 2
                return False

            if not await until(both, 30):
                raise RuntimeError("The second processes did not come up")
            rows.append(await _run(strowger, around, [first, second], messages, 2_000_000))
    finally:
        await strowger.stop()
        around.stop()
    print(table(rows, tuple(rows[0])))
    keep("scale", rows)
