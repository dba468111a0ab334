"""A campaign on a whole installation: launched in a browser, expanded by the worker, delivered by the simulated carrier."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import WAIT
from tests.installation import Installation
from tests.installation import installation as start_installation

FILE = "mobile,First name\n" + "".join(f"4477009002{i:02},Name{i}\n" for i in range(20))


@pytest.fixture(scope="module")
async def installation(assets: None) -> AsyncIterator[Installation]:
    async with start_installation() as made:
        yield made


async def test_a_campaign_is_delivered_and_its_page_follows(browser: Browser, installation: Installation) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(WAIT)
    page = await context.new_page()
    await page.goto(f"http://localhost:{installation.http_port}/campaigns/new")
    await page.get_by_label("E-mail address").fill(installation.credentials["console_email"])
    await page.get_by_label("Password").fill(installation.credentials["console_password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.goto(f"http://localhost:{installation.http_port}/campaigns/overview")
    content = page.locator("#content")
    await content.get_by_role("link", name="The opt-in declaration").click()
    for box in await content.get_by_role("checkbox").all():
        await box.check()
    await content.get_by_role("button", name="Declare").click()
    await page.get_by_label("Campaign name").fill("Spring sale")
    await page.locator("#campaign-type").select_option("TXN")
    await content.get_by_role("button", name="Continue").click()
    await page.set_input_files("#contacts-file", {"name": "list.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    await content.get_by_role("button", name="Read contacts").click()
    await content.get_by_role("link", name="Continue").click()
    await page.locator("#message-body").fill("Dear {First_name}, see {URL}")
    await page.locator("#message-url").fill("https://example.net/spring")
    await content.get_by_role("button", name="Continue").click()
    await content.get_by_role("button", name="Continue").click()
    await content.get_by_role("button", name="Launch").click()
    await page.locator("#confirm-yes").click()
    now = page.locator("#campaign-now")
    await expect(now).to_contain_text("20 of 20 handed over", timeout=2 * WAIT)
    await expect(now.locator(".tile").filter(has_text="Delivered")).to_contain_text("100 %", timeout=2 * WAIT)
    rows = await installation.sql("SELECT DISTINCT body FROM message WHERE source = 'campaign'")
    assert len(rows) == 20
    await context.close()
