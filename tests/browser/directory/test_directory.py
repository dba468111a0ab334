"""The directory in a browser: a contact with a tag and a block, many at once, accessible and narrow."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.directory import pages
from tests.browser.conftest import Visit
from tests.browser.site import Site

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def site_pages() -> list[Any]:
    return pages.pages


async def test_contacts_and_tags(site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]) -> None:
    page = await visit("/directory/contacts")
    await expect(page.get_by_text("No contacts yet")).to_be_visible()
    assert await axe(page) == []
    await page.goto(site.url + "/directory/tags/new")
    await page.get_by_role("textbox", name="Name").fill("Customers of the first hour")
    await page.get_by_label("Colour").select_option("accent")
    await expect(page.locator(".form-code")).to_contain_text("/contacts/tags")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Customers of the first hour")).to_be_visible()
    await page.goto(site.url + "/directory/fields/new")
    await page.get_by_role("textbox", name="Name").fill("Customer number")
    await page.get_by_role("radio", name="Number").check()
    await page.get_by_role("button", name="Save").click()
    await page.goto(site.url + "/directory/contacts/new")
    await page.get_by_role("textbox", name="Full name").fill("Ada Lovelace")
    await page.get_by_role("textbox", name="Mobile number").fill("07700 900123")
    await page.get_by_role("textbox", name="Customer number").fill("4711")
    await page.get_by_role("checkbox", name="Customers of the first hour").check()
    await page.get_by_role("checkbox", name="Blocklist: block the user?").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Select at least one channel to blocklist")
    await page.get_by_role("checkbox", name="Voice").check()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Blocked for Voice")).to_be_visible()
    assert await axe(page) == []
    contact = re.sub(r"^https?://[^/]+", "", page.url)
    await page.goto(site.url + "/directory/contacts")
    await page.get_by_role("button", name="Add or remove tags").wait_for(state="hidden")
    await page.get_by_role("checkbox", name="Choose Ada Lovelace").check()
    assert await axe(page) == []
    await page.get_by_role("button", name="Block or unblock").click()
    await page.get_by_role("radio", name="Unblock").check()
    await page.get_by_role("checkbox", name="SMS").uncheck()
    await page.get_by_role("checkbox", name="Voice").check()
    await page.get_by_role("button", name="Change blocklist").click()
    await expect(page.get_by_role("row", name="Ada Lovelace")).not_to_contain_text("Voice")
    await page.get_by_text("More filters").click()
    await page.locator("summary", has_text="City").click()
    await page.get_by_role("textbox", name="City contains").fill("London")
    await page.get_by_role("textbox", name="City contains").press("Enter")
    await expect(page.get_by_text("Nothing matches")).to_be_visible()
    narrow = await visit("/directory/contacts", width=320, height=640, theme="dark")
    for path in (
        "/directory/overview",
        "/directory/contacts",
        "/directory/tags",
        "/directory/fields",
        contact,
        contact + "/edit",
        "/directory/tags/new",
    ):
        for one in (page, narrow):
            await one.goto(site.url + path)
            assert await axe(one) == [], path
            assert await one.evaluate(OVERFLOW) <= 0, path
