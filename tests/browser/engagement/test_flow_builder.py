"""The Flow Builder in a browser: a flow is made, published, triggered, seen in the log; themes and widths."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from strowger.channels.sms.senders.service import create_sender
from strowger.engagement.flows import service
from strowger.engagement.flows.jobs import FlowJobs
from strowger.engagement.flows.pages import pages
from strowger.engagement.flows.routes import routes
from strowger.engagement.flows.samples import SAMPLES
from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.gateway import setup as gateway
from tests.browser.conftest import Visit
from tests.browser.site import Site

WIDTHS = (320, 768, 1280, 1920)


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages, *routes, *gateway.routes]


@pytest.fixture
async def ready(site: Site) -> Site:
    async def work(connection: Any) -> None:
        await create_sender(connection, site.account.id, "ACME", is_default=True)
        await add_tariff(connection, None, "sms", None, "EUR", Decimal("0.05"))
        await open_wallet(connection, site.account.id, Decimal(0))

    await site.context.database.run(work)
    return site


async def test_a_flow_is_made_published_triggered_and_logged(visit: Visit, ready: Site) -> None:
    page = await visit("/flows")
    content = page.locator("#content")
    await content.get_by_role("link", name="Create a flow").first.click()
    await page.locator("#flow-name").fill("Welcome")
    await page.get_by_role("button", name="Create").click()
    await page.get_by_label("Add a widget").select_option("sms")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_label("Sender ID").select_option("ACME")
    text = page.locator("#widget-body")
    await text.press_sequentially("Hello {{web")
    await expect(page.get_by_role("option", name="webhook.")).to_be_visible()
    await text.press("Enter")
    await text.press_sequentially("name")
    await expect(text).to_have_value("Hello {{webhook.name}}")
    await page.get_by_role("button", name="Save").click()
    await expect(content).not_to_contain_text("Missing before it can be published")
    await page.get_by_role("button", name="Publish").click()
    await expect(content).to_contain_text("Rotate the token")
    address = await page.locator(".copyable code").inner_text()
    await gateway.start(ready.app)
    transport = httpx.ASGITransport(app=gateway.answer_first(ready.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        path = "/v1/" + address.partition("/v1/")[2]
        answer = await client.post(path, json={"caller": "447700900123", "name": "Grace"})
    await gateway.stop(ready.app)
    assert answer.status_code == 202, answer.text
    await FlowJobs(ready.context, 7).step()
    await page.goto(f"{ready.url}/flows/logs")
    await page.get_by_role("row").filter(has_text="Welcome").get_by_role("link").first.click()
    await expect(content).to_contain_text("Hello Grace")
    bodies = await ready.context.database.pool.fetch("SELECT body, source FROM message")
    assert [tuple(row) for row in bodies] == [("Hello Grace", "FLOW")]


async def test_u70_u74_every_room_is_accessible_and_fits(visit: Visit, ready: Site, axe: Any) -> None:
    context = ready.context
    made = await service.create(context, ready.account.id, "Rooms", SAMPLES["order"].definition, "Ada")
    rooms = ["/flows", "/flows/new", "/flows/import", "/flows/options", f"/flows/{made}", "/flows/logs",
             f"/flows/{made}/revisions", f"/flows/{made}/widgets/api_1"]  # fmt: skip
    for theme in ("light", "dark"):
        page = await visit("/flows", theme=theme)
        for room in rooms:
            await page.goto(ready.url + room)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 860})
                over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert over <= 0, (room, width)
            assert await axe(page) == [], room
