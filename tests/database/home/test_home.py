"""The home page of one account, in the whole web application without a worker."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from strowger import __version__
from strowger.app import create_app
from strowger.channels.sms.senders.service import create_sender
from strowger.foundation.context import Context, build_context
from strowger.foundation.ids import new_uuid
from strowger.foundation.settings import Settings
from strowger.messaging.statuses import Status
from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.billing.service import recharge
from tests.browser.messaging.samples import Log
from tests.database.messaging.console_client import add_person, csrf_of, running, sign_in_as


@dataclass
class Visit:
    """A signed-in owner of an account that may send, and their log."""

    context: Context
    client: httpx.AsyncClient
    account: int
    csrf: str

    async def page(self, path: str = "/", **params: str) -> str:
        answer = await self.client.get(path, params=params or None)
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", answer.text)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        return await self.client.post(path, data={"csrf": self.csrf, **fields})


async def fund(context: Context, account: int, amount: str) -> None:
    async def work(connection: Any) -> None:
        await open_wallet(connection, account, Decimal(0))
        if Decimal(amount):
            await recharge(connection, account, Decimal(amount), "test", context.clock.now())

    await context.database.run(work)


@pytest.fixture
async def visit(database_url: str, tmp_path: Path) -> AsyncIterator[Visit]:
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32))
    app = create_app(context.settings, context)
    transport = httpx.ASGITransport(app=app)
    async with running(app), httpx.AsyncClient(transport=transport, base_url="http://console.test") as client:
        account, token = await add_person(context, "ada")
        await fund(context, account, "2.50")
        await context.database.run(lambda c: create_sender(c, account, "ACME", is_default=True))
        await context.database.run(lambda c: add_tariff(c, None, "sms", None, "EUR", Decimal("0.05")))
        await sign_in_as(client, token)
        yield Visit(context, client, account, await csrf_of(context, token))


def log_of(visit: Visit, account: int | None = None) -> Log:
    return Log(visit.context.database, account or visit.account, visit.context.clock.now())


async def test_a_stranger_is_led_to_sign_in(visit: Visit) -> None:
    visit.client.cookies.clear()
    answer = await visit.client.get("/")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in"


async def test_U02_first_steps_tick_themselves_off_by_facts(visit: Visit) -> None:
    assert "0 of 5 done" in await visit.page()
    log = log_of(visit)
    await log.message(status=int(Status.SENT))
    assert "1 of 5 done" in await visit.page("/home/now")
    await log.message(status=int(Status.DELIVERED))
    await log.message(direction=1, status=int(Status.RECEIVED), type="MO")
    assert "3 of 5 done" in await visit.page("/home/now")
    pool = visit.context.database.pool
    await pool.execute(
        "INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint, last_used_at) VALUES ($1,'a','a','a','a',now())",
        visit.account,
    )
    assert "4 of 5 done" in await visit.page("/home/now")
    await pool.execute(
        """INSERT INTO callback_attempt (account_id, request_id, n, callback_id, event, attempt, at, duration_ms, outcome,
           method, url) VALUES ($1, $2, 1, $2, 'sms_send', 1, now(), 3, 1, 'POST', 'https://example.net/')""",
        visit.account, new_uuid(),
    )  # fmt: skip
    assert "First steps" not in await visit.page()


async def test_what_another_account_does_is_not_seen(visit: Visit) -> None:
    other, _ = await add_person(visit.context, "bob")
    log = log_of(visit, other)
    await log.message(status=int(Status.DELIVERED), body="Only for Bob")
    await visit.context.database.pool.execute(
        "INSERT INTO api_key (account_id, name, key_hash, key_sealed, hint, last_used_at) VALUES ($1,'a','a','a','a',now())",
        other,
    )
    shown = await visit.page()
    assert "0 of 5 done" in shown
    assert "Only for Bob" not in shown
    assert "No data in this period" in shown


async def test_figures_of_the_day(visit: Visit) -> None:
    log = log_of(visit)
    for status in (Status.DELIVERED, Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.QUEUED):
        await log.message(status=int(status))
    await log.message(direction=1, status=int(Status.RECEIVED), type="MO", sender="447700900123", body="Yes please")
    await log.message(ago=30 * 3600, status=int(Status.NOT_SENT), body="Of the day before")
    shown = await visit.page()
    tiles = re.findall(r'tile-label">(?:<a [^>]*>)?(\w+)(?:</a>)?</p> <p class="tile-value">([^<]*)</p>', shown)
    assert dict(tiles) == {
        "Outgoing": "5", "Delivered": "3", "Failed": "1", "Incoming": "1", "Carriers": "–", "Balance": "2.50 EUR",
    }  # fmt: skip
    assert "75.0 % of those with an outcome" in shown
    assert "1 on the way" in shown
    assert "Yes please" in shown
    assert "Of the day before" not in shown


async def test_the_digits_of_one_time_passwords_are_hidden(visit: Visit) -> None:
    await log_of(visit).message(type="OTP", body="Your code is 481516")
    shown = await visit.page()
    assert "481516" not in shown
    assert "Your code is ••••••" in shown


async def test_what_is_wrong_is_told_with_the_way_to_mend_it(visit: Visit) -> None:
    log = await log_of(visit).prepare(link="connecting", name="northern")
    assert log.carrier
    pool = visit.context.database.pool
    await pool.execute("UPDATE worker SET heartbeat_at = now() - interval '1 hour'")
    request = new_uuid()
    await pool.execute(
        """INSERT INTO submission (request_id, n, account_id, due_at, expires_at)
           VALUES ($1, 1, $2, now() - interval '90 seconds', now() + interval '1 day')""",
        request, visit.account,
    )  # fmt: skip
    await pool.execute(
        """INSERT INTO callback (id, account_id, request_id, n, event, endpoint, target, variables, state, due_at, created_at)
           VALUES ($1, $2, $1, 1, 'sms_send', 'https://example.net:443', '{}', '{}', 2, now(), now())""",
        request, visit.account,
    )  # fmt: skip
    shown = await visit.page()
    assert "Not connected: northern." in shown
    assert 'href="/carriers">See carriers' in shown
    assert "oldest message waits 9" in shown
    assert "One callback was given up" in shown
    assert "No worker runs" in shown


async def test_who_does_not_own_the_installation_is_not_led_to_its_carriers(visit: Visit) -> None:
    await log_of(visit).prepare(link="connecting", name="northern")
    _, token = await add_person(visit.context, "carol", role="support", account_id=visit.account)
    visit.client.cookies.clear()
    await sign_in_as(visit.client, token)
    shown = await visit.page()
    assert "Not connected: northern." in shown
    assert "See carriers" not in shown
    assert not re.search(r'tile-label"><a href="/carriers"', shown)


async def test_the_first_call_names_the_accounts_own_sender(visit: Visit) -> None:
    shown = await visit.page()
    assert "&#34;sender&#34;: &#34;ACME&#34;" in shown
    assert "/v1/HX" in shown


async def test_U99_release_notes_version_health_and_licence_are_in_the_console(visit: Visit) -> None:
    about = await visit.page("/help/about")
    assert f"Strowger {__version__}" in about
    assert "Not ready" in about  # there is no worker in this test
    assert "Apache License" in about
    assert 'href="/release-notes"' in about
    assert "<h2" in await visit.page("/release-notes")
