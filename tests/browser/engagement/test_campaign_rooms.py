"""A campaign in a browser: a file is uploaded, the message written, launched; progress and outcomes are seen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.channels.sms.senders.service import create_sender
from strowger.engagement.campaigns.jobs import Expander
from strowger.engagement.campaigns.pages import pages
from strowger.messaging.statuses import Status
from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.consent import declarations
from tests.browser.conftest import Visit
from tests.browser.site import Site

WIDTHS = (320, 768, 1280, 1920)
FILE = (
    "mobile,First name\n447700900100,Ada\n447700900101,Grace\n447700900102,Charles\n447700900102,Again\nnone,Nobody\n"
)


@pytest.fixture
def site_pages() -> list[Any]:
    return pages


@pytest.fixture
async def funded(site: Site) -> Site:
    async def work(connection: Any) -> None:
        await create_sender(connection, site.account.id, "ACME", is_default=True)
        await add_tariff(connection, None, "sms", None, "EUR", Decimal("0.05"))
        await open_wallet(connection, site.account.id, Decimal(0))
        await recharge(connection, site.account.id, Decimal(10), "test", site.context.clock.now())
        await declarations.declare(
            connection, site.account.id, "sms", "Ada", "ada@x.example", None, site.context.clock.now()
        )

    await site.context.database.run(work)
    return site


async def go(page: Page, name: str = "Continue") -> None:
    await page.locator("#content").get_by_role("button", name=name, exact=True).click()


async def write(page: Page) -> None:
    """From the list to the review of a campaign."""
    await page.locator("#content").get_by_role("link", name="Launch a campaign").first.click()
    await page.get_by_label("Campaign name").fill("Spring sale")
    await go(page)
    await page.set_input_files("#contacts-file", {"name": "list.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    await go(page, "Read contacts")
    await expect(page.locator("#content")).to_contain_text("Get the message")
    await page.locator("#content").get_by_role("link", name="Continue").click()
    await page.locator("#message-body").fill("Dear ")
    await page.get_by_role("button", name="{First_name}").click()
    await expect(page.locator("#message-body")).to_have_value("Dear {First_name}")
    await expect(page.locator("#measured")).to_contain_text("Dear Grace")
    await expect(page.locator("#measured")).to_contain_text("0.15 EUR")
    await go(page)
    await go(page)
    await expect(page.locator("#content")).to_contain_text("1 not a number, 1 duplicate, 0 blocked")


async def test_a_campaign_from_file_to_outcomes(visit: Visit, funded: Site) -> None:
    page = await visit("/campaigns")
    await write(page)
    await go(page, "Launch")
    await page.locator("#confirm-yes").click()
    await expect(page.locator("#campaign-now")).to_contain_text("Processing")
    await Expander(funded.context).run()
    await expect(page.locator("#campaign-now")).to_contain_text("3 of 3 handed over")
    await expect(page.locator("#campaign-now")).to_contain_text("Submitted")
    set_all = "UPDATE message SET status = $1, trace = 'DELIVERED', price = 0.05, units = 1"
    await funded.context.database.pool.execute(set_all, int(Status.DELIVERED))
    await page.reload()
    await expect(page.locator("#campaign-now")).to_contain_text("100 %")
    await expect(page.locator("#outcomes svg")).to_be_visible()
    bodies = await funded.context.database.pool.fetch("SELECT body FROM message ORDER BY n")
    assert [row["body"] for row in bodies] == ["Dear Ada", "Dear Grace", "Dear Charles"]
    await page.goto(f"{funded.url}/campaigns")
    await expect(page.get_by_role("row").filter(has_text="Spring sale")).to_contain_text("Submitted")


async def test_U70_u74_every_step_is_accessible_and_fits(visit: Visit, funded: Site, axe: Any) -> None:
    page = await visit("/campaigns")
    await write(page)
    path = page.url.removesuffix("/review").removeprefix(funded.url)
    steps = ["/campaigns/new", *(f"{path}/{step}" for step in ("setup", "contacts", "message", "schedule", "review"))]
    for theme in ("light", "dark"):
        page = await visit("/campaigns", theme=theme)
        for step in ["/campaigns", "/campaigns/overview", *steps, f"{path}/contacts/list"]:
            await page.goto(funded.url + step)
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 860})
                over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert over <= 0, (step, width)
            assert await axe(page) == [], step
    await page.goto(f"{funded.url}{path}/review")
    await go(page, "Launch")
    await page.locator("#confirm-yes").click()
    await expect(page.locator("#campaign-now")).to_contain_text("Processing")
    await Expander(funded.context).run()
    await page.reload()
    await page.set_viewport_size({"width": 320, "height": 860})
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert await axe(page) == []


async def test_the_declaration_before_the_first_campaign(visit: Visit, funded: Site, axe: Any) -> None:
    await funded.context.database.pool.execute("DELETE FROM opt_in_declaration")
    page = await visit("/campaigns/overview")
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 860})
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    assert await axe(page) == []
    await page.get_by_role("link", name="The opt-in declaration").click()
    assert await axe(page) == []
    await go(page, "Declare")
    await expect(page.locator("#content")).to_contain_text("Tick all of them")
    for box in await page.locator("#content input[type=checkbox]").all():
        await box.check()
    await go(page, "Declare")
    await expect(page).to_have_url(f"{funded.url}/campaigns/new")
    await page.goto(f"{funded.url}/campaigns/opt-in")
    await expect(page.locator("#content")).to_contain_text("The declaration was made.")
