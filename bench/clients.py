"""A customer's SMPP client on our server: how fast its submit_sm are answered, and when the last receipt is back."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from bench.machine import TOOLS, Surroundings, cpu_seconds, spent
from bench.ours import Strowger
from bench.report import keep, table

SYSTEM_ID = "loadtest"


async def clients(messages: int, rounds: int, window: int, connections: int) -> None:
    """One client with ``connections`` binds of ``window`` each; every message asks for a receipt."""
    around = Surroundings()
    strowger = Strowger(around)
    rows: list[dict[str, Any]] = []
    try:
        await strowger.start()
        user = await strowger.place.command(
            "smpp-user", "create", SYSTEM_ID, "--window", str(window), "--tps", "0", "--binds", str(connections)
        )
        for i in range(rounds + 1):
            before = cpu_seconds(strowger.pids())
            figures = await _load(
                strowger, user["password"], messages if i else 500, window, connections, 1_000_000 * i
            )
            used = spent(before, cpu_seconds(strowger.pids()))
            if not i:
                continue  # the first warms up
            rows.append({
                "submit_rate": figures["submit_rate"], "p50": figures["p50"], "p99": figures["p99"],
                "end_to_end_rate": figures["e2e_rate"], "refused": figures["sent"] - figures["ok"],
                "receipts_missing": figures["ok"] - figures["dlrs"],
                "cpu": round(sum(used.values()) / messages * 1000, 3), "cpu_by_process": used,
            })  # fmt: skip
            print(table(rows[-1:], tuple(rows[0])[:-1]), flush=True)
    finally:
        await strowger.stop()
        around.stop()
    keep("clients", {"messages": messages, "window": window, "connections": connections, "runs": rows})


async def _load(
    strowger: Strowger, password: str, messages: int, window: int, connections: int, start: int
) -> dict[str, Any]:
    words = {
        "port": strowger.place.smpp_port, "user": SYSTEM_ID, "password": password, "n": messages, "window": window,
        "conns": connections, "src": strowger.place.credentials["sender"], "to-prefix": "4917", "start": start,
        "seconds": 120, "settle": 60,
    }  # fmt: skip
    flags = [
        text for name, value in words.items() for text in ("--" + name if len(name) > 1 else "-" + name, str(value))
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(TOOLS / "smpp_load.py"), *flags, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    read: dict[str, Any] = json.loads(out)
    return read
