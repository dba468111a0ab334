"""Kannel (package: kannel) as a customer's SMPP client: it binds, submits short and long texts, and gets its receipts."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from tests.installation import free_ports, until
from tests.receiver import Receiver, receiver
from tests.system.smpp_access.conftest import PHONE, Access

from strowger.messaging.outcomes import Incoming
from strowger.messaging.statuses import Status

MINE = "4915550001"
CONFIG = """
group = core
admin-port = {admin}
admin-password = test
smsbox-port = {box}
log-file = {folder}/bearerbox.log
log-level = 0
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = strowger
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = kannel
smsc-password = {password}
system-type = smpp
enquire-link-interval = 30
max-pending-submits = 5
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-file = {folder}/smsbox.log
log-level = 0

group = sendsms-user
username = test
password = test
max-messages = 10
concatenation = true

group = sms-service
keyword = default
get-url = {callback}?from=%p&to=%P&text=%b
max-messages = 0
"""


@pytest.fixture
async def customer() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


class Kannel:
    """Bearerbox and smsbox in a folder."""

    def __init__(self, folder: Path, http: int) -> None:
        self.folder, self.http = folder, http

    async def send(self, callback: str, **fields: str) -> None:
        url = f"{callback}?report=%d&answer=%A&id=%F"
        query = {"username": "test", "password": "test", "from": "ACME", "to": PHONE, "dlr-mask": "31", "dlr-url": url}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.http}/cgi-bin/sendsms", params={**query, **fields}) as answer,
        ):
            assert answer.status == 202, await answer.text()

    async def reachable(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.http)
            writer.close()
            return True
        return False


@pytest.fixture
async def kannel(access: Access, customer: Receiver, tmp_path: Path) -> AsyncIterator[Kannel]:
    for program in ("/usr/sbin/bearerbox", "/usr/sbin/smsbox"):
        assert shutil.which(program), f"{program} is missing: install the package kannel"
    user = await access.user("kannel")
    first = free_ports(3)
    values = {"admin": first, "box": first + 1, "http": first + 2, "port": access.server.port, "folder": tmp_path}
    config = tmp_path / "kannel.conf"
    config.write_text(CONFIG.format(**values, password=user.password, callback=customer.url))
    quiet = asyncio.subprocess.DEVNULL
    made = Kannel(tmp_path, first + 2)
    processes = []
    try:
        for program in ("bearerbox", "smsbox"):
            processes.append(
                await asyncio.create_subprocess_exec(f"/usr/sbin/{program}", str(config), stdout=quiet, stderr=quiet)
            )

            async def bound() -> bool:
                return any(session.state.is_bound for session in access.server.sessions)

            await until(bound, 30, "Kannel's bind")
        await until(made.reachable, 30, "smsbox")
        await access.database.pool.execute("UPDATE number SET smpp_user_id = $1 WHERE msisdn = $2", user.id, MINE)
        yield made
    finally:
        for process in reversed(processes):
            process.kill()
            await process.wait()


async def test_kannel_submits_and_gets_receipts_and_incoming_messages(
    access: Access, customer: Receiver, kannel: Kannel
) -> None:
    await kannel.send(customer.url, text="Hello from Kannel {1}")
    await kannel.send(customer.url, text="Привет", coding="2", charset="UTF-8")
    await kannel.send(customer.url, text="long " * 60)

    async def stored() -> list[object] | None:
        rows = await access.messages()
        return rows if len(rows) == 4 else None

    rows = await until(stored, 20, "four messages: two short, two parts")
    bodies = {row["body"] for row in rows}
    assert {"Hello from Kannel {1}", "Привет"} <= bodies
    parts = sorted((row["options"]["concat"][2], row["body"]) for row in rows if "concat" in row["options"])
    assert "".join(text for _, text in parts).strip() == ("long " * 60).strip()
    outcomes = await access.world.submit()
    reports = [access.world.receipt(outcome.parts[0].operator_id, Status.DELIVERED) for outcome in outcomes]
    await access.world.report(*reports)

    async def told() -> bool:
        return len([r for r in customer.requests if r.get("report") == "1"]) >= 3

    await until(told, 20, "Kannel's own callbacks for three delivered messages")
    incoming = Incoming(access.world.carrier, PHONE, MINE, "Hello Kannel", access.world.clock.now())
    await access.world.report(incoming)

    async def received() -> list[str]:
        return [r["text"] for r in customer.requests if "text" in r]

    assert await until(received, 20, "the incoming message") == ["Hello Kannel"]
    assert await access.waiting() == []
