"""Carriers in a browser: a test through one carrier is followed to its end, and the rooms read well everywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.channels.sms.carriers import service
from strowger.channels.sms.carriers.manager import CarrierManager
from strowger.channels.sms.pages import pages
from strowger.channels.sms.pipeline import SmsRules
from strowger.foundation.notify import Notifier
from strowger.foundation.workers import WorkerLease
from strowger.messaging.accept import Accepter
from strowger.messaging.pages import pages as message_pages
from strowger.messaging.routing import ranges
from strowger.messaging.service import Pipeline
from strowger.simulators.gateway.service import Gateway
from strowger.simulators.smsc import SimulatedSmsc
from tests.browser.conftest import Visit
from tests.browser.site import Site

HTTP = {
    "fields": {"to": "{{to}}", "from": "{{from}}", "text": "{{text}}"}, "id_path": "messages[0].id",
    "headers": {"X-Account": "4711"},
}  # fmt: skip


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages, *message_pages]


@pytest.fixture
async def worker(site: Site) -> AsyncIterator[SimulatedSmsc]:
    """The pipeline with two carriers, a simulated SMSC and a simulated gateway, in this process."""
    context, run = site.context, site.context.database.pool.execute
    await run("INSERT INTO sender (account_id, sender) VALUES ($1, 'ACME')", site.account.id)
    await run("INSERT INTO wallet (account_id, balance) VALUES ($1, 100) ON CONFLICT (account_id) DO UPDATE SET balance = 100",
              site.account.id)  # fmt: skip
    await run("INSERT INTO tariff (channel, currency, unit_price) VALUES ('sms', 'EUR', 0.05)")
    site.app.state.accepter = Accepter(context.database, Notifier(context.database))
    lease = WorkerLease(context.database, "worker")
    worker_id = await lease.start()
    pipeline = Pipeline(context, worker_id, SmsRules())
    await pipeline.start()
    carriers = CarrierManager(context, worker_id, pipeline.journal, pipeline.lanes.lane)
    await carriers.start()
    async with SimulatedSmsc() as smsc, Gateway() as gateway:
        smpp = {"host": "127.0.0.1", "port": smsc.port, "system_id": "me", "password": "sesame"}
        await service.add_carrier(context, "acme", "smpp", smpp)
        await service.add_carrier(context, "web", "http", HTTP | {"url": f"{gateway.url}/send"})
        await smsc.until_bound()
        yield smsc
        await carriers.stop(1)
        await pipeline.stop()
        await lease.stop()
        await site.app.state.accepter.close()


async def _test_by(page: Page, to: str) -> None:
    await page.get_by_label("To", exact=True).fill(to)
    await page.get_by_role("button", name="Send by this carrier").click()


async def test_a_test_send_shows_what_the_carrier_answers_as_it_comes(visit: Visit, worker: SimulatedSmsc) -> None:
    page = await visit("/carriers/show/acme")
    await expect(page.get_by_text("bound", exact=True)).to_be_visible()
    await _test_by(page, "447700900123")
    result = page.locator("#carrier-test-result")
    await expect(result).to_contain_text("Delivered")
    assert worker.messages("447700900123")[0].text == "A test message by this carrier."
    await page.get_by_role("link", name="Send another").click()
    await _test_by(page, "447719990634")
    await expect(result).to_contain_text("DLT-REJECT-634")
    await expect(result).to_contain_text("does not match the template")


async def test_a_test_by_http_shows_the_providers_answer(visit: Visit, worker: SimulatedSmsc) -> None:
    page = await visit("/carriers/show/web")
    await expect(page.get_by_text("/receipts")).to_be_visible()
    await _test_by(page, "447700900124")
    await expect(page.locator("#carrier-test-result")).to_contain_text("gw-00000001")


async def test_the_form_of_an_http_carrier_gives_the_command(visit: Visit) -> None:
    page = await visit("/carriers/new?kind=http")
    await page.locator("#carrier-name").fill("web")
    await page.locator("#carrier-url").fill("https://sms.example.net/send")
    await page.locator("#carrier-fields").fill("to: {{to}}\ntext: {{text}}")
    await expect(page.locator("code").filter(has_text="strowger carrier add http web")).to_contain_text('"{{text}}"')
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("heading", name="Addresses for the provider")).to_be_visible()


@pytest.mark.parametrize("path", [
    "/carriers", "/carriers/show/web", "/carriers/new?kind=http", "/carriers/routes/test?number=447700900123&type=TXN",
    "/carriers/networks",
])  # fmt: skip
async def test_the_rooms_are_accessible_in_both_themes_and_fit(
    visit: Visit, site: Site, worker: SimulatedSmsc, axe: Callable[[Page], Awaitable[list[str]]], path: str
) -> None:
    rows = ranges.read_ranges("prefix,network,country,operator\n447700,23410,GB,Example Mobile\n")
    await ranges.store_ranges(site.context, rows, replace=True)
    for theme in ("light", "dark"):
        page = await visit(path, theme=theme)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await axe(page) == []
    for width in (320, 768, 1920):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(site.url + path)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} at {width}"
