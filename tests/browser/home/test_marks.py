"""A star beside the title, by keyboard; what is starred and opened stands in the palette and on Home (U-15)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from strowger.home.pages import pages as home_pages
from strowger.messaging.pages import pages as message_pages
from strowger.wiring import wire
from tests.browser.messaging.samples import Log


@pytest.fixture
def site_pages() -> list[Any]:
    wire()
    return [*home_pages, *message_pages]


async def test_U15_a_page_is_starred_by_keyboard_and_found_in_the_palette_and_on_home(
    visit: Any, site: Any, axe: Any
) -> None:
    log = await Log(site.context.database, site.account.id, site.context.clock.now()).prepare()
    page = await visit(f"/messages/{await log.message()}")
    star = page.get_by_role("button", name="Star this page")
    await expect(star).to_have_attribute("aria-pressed", "false")
    await page.goto(site.url + "/messages")
    await star.focus()
    await page.keyboard.press("Enter")
    await expect(star).to_have_attribute("aria-pressed", "true")
    await expect(star).to_be_focused()
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Search and commands")
    await expect(palette.get_by_role("group", name="Starred").get_by_role("option")).to_have_count(1)
    await expect(palette.get_by_role("group", name="Recent").get_by_role("option")).to_contain_text("ACME")
    await page.keyboard.press("Escape")
    await page.goto(site.url + "/")
    card = page.locator("#your-pages")
    await expect(card.get_by_role("link", name="Messages")).to_be_visible()
    await expect(card.get_by_role("link", name="ACME")).to_be_visible()
    assert await axe(page) == []
    await page.set_viewport_size({"width": 320, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await card.get_by_role("link", name="Messages").click()
    await star.click()
    await expect(star).to_have_attribute("aria-pressed", "false")
