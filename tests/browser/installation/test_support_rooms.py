"""Support in a browser: a ticket is opened with a file and answered; accessible and narrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.support import operator_pages, pages
from tests.browser.conftest import Visit
from tests.browser.site import Site


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages.pages, *operator_pages.pages]


async def test_a_ticket_is_opened_and_answered(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    page = await visit("/support")
    assert await axe(page) == []
    await page.get_by_role("link", name="Ask a question").click()
    await page.get_by_label("Subject").fill("Nothing arrives")
    await page.get_by_label("Message").fill("Since noon.")
    await page.get_by_label("Files").set_input_files(
        {"name": "log.txt", "mimeType": "text/plain", "buffer": b"12:00 nothing"}
    )
    assert await axe(page) == []
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("link", name="log.txt")).to_be_visible()
    path = page.url.removeprefix(site.url).replace("/support/", "/operator/")
    await page.goto(site.url + path)
    await page.get_by_label("Message").fill("It was the carrier.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("It was the carrier.")).to_be_visible()
    narrow = await visit("/support", width=320, height=640, theme="dark")
    for one in ("/support", "/support/glossary", path, "/operator/tickets", "/support/tickets/new"):
        await narrow.goto(site.url + one)
        assert await axe(narrow) == [], one
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await narrow.evaluate(overflow) <= 0, one
