"""Settings > Data in a browser: accessible, fits small screens, an erasure leads to its certificate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.privacy import pages as privacy
from tests.browser.conftest import Visit
from tests.browser.site import Site


@pytest.fixture
def site_pages() -> list[Any]:
    return privacy.pages


async def test_data_page(site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]) -> None:
    page = await visit("/settings/data")
    card = page.locator("#erase-form")
    await card.get_by_label("Number or e-mail address").fill("+447700900123")
    sure = card.get_by_label("I know that this cannot be undone")
    await expect(sure).not_to_be_checked()
    await sure.check()
    await card.get_by_role("button", name="Erase this person").click()
    await expect(page.get_by_role("heading", name="Certificate of erasure")).to_be_visible()
    certificate = page.url
    narrow = await visit("/settings/data", width=320, height=640, theme="dark")
    for one in (page, narrow):
        for path in (f"{site.url}/settings/data", certificate):
            await one.goto(path)
            assert await axe(one) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await one.evaluate(overflow) <= 0, path
