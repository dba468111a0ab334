"""Help in a browser: found while it is typed, read, by keyboard, narrow, in both themes (console.md 5.1, 5.13)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.guides import pages
from strowger.platform.support import pages as support
from tests.browser.conftest import Visit
from tests.browser.site import Site

ROOMS = (
    "/help",
    "/help?q=callback",
    "/help?q=zebra",
    "/help/guides/callbacks",
    "/help/guides/settings",
    "/help/faqs",
    "/help/about",
    "/release-notes",
)


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages.pages, *support.pages]


async def test_help_is_found_while_it_is_typed_and_read(site: Site, visit: Visit) -> None:
    page = await visit("/help")
    await page.get_by_role("searchbox").fill("checking the signat")
    hit = page.get_by_role("link", name="Checking the signature").first
    await expect(hit).to_be_visible()
    await hit.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Callbacks")
    assert page.url == f"{site.url}/help/guides/callbacks#checking-the-signature"
    await page.goto(f"{site.url}/help/faqs")
    question = page.locator("summary", has_text="What is a SID?")
    await question.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("The name of your account in every path")).to_be_visible()
    without_script = await page.request.get(f"{site.url}/help/search?q=SMPP")
    assert without_script.url == f"{site.url}/help?q=SMPP"
    assert "<mark>" in await without_script.text()
    assert (await page.request.get(f"{site.url}/help/guides/..%2Froadmap")).status == 404
    assert (await page.request.get(f"{site.url}/help/guides/roadmap")).status == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_U70_U74_help_is_accessible_and_narrow(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]], theme: str
) -> None:
    page = await visit("/help", width=320, height=640, theme=theme)
    for room in ROOMS:
        await page.goto(site.url + room)
        assert await axe(page) == [], room
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(overflow) <= 0, room
