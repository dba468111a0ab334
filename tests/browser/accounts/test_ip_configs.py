"""IP configurations in a browser: made, chosen in a key, used; accessible, and fitting from 320 px."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.home import pages as home
from strowger.platform.ip_configs import pages
from tests.browser.conftest import Visit
from tests.browser.site import Site

LIST = "/developers/ip-configs"


@pytest.fixture
def site_pages() -> list[Any]:
    return [*home.pages, *pages.pages]


async def test_a_set_is_made_and_chosen_in_a_key(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    page = await visit(LIST)
    assert await axe(page) == []
    await page.get_by_role("link", name="Create IP configuration").first.click()
    await page.get_by_label("Name").fill("Office")
    await page.get_by_label("Addresses and networks").fill("203.0.113.0/24\nnonsense")
    await page.get_by_role("button", name="Create IP configuration").click()
    await expect(page.locator("#create-ip-config-networks-error")).to_contain_text("nonsense")
    assert await axe(page) == []
    await page.get_by_label("Addresses and networks").fill("203.0.113.0/24\n2001:db8::7")
    await page.get_by_role("button", name="Create IP configuration").click()
    await expect(page.locator("tbody tr", has_text="Office")).to_contain_text("203.0.113.0/24")
    await page.goto(f"{site.url}/developers/keys/new")
    await page.get_by_label("Name").fill("CRM")
    await page.get_by_label("IP configuration").select_option(label="Office")
    await page.get_by_role("button", name="Create key").click()
    await expect(page.get_by_role("heading", name="API key created")).to_be_visible()
    await page.goto(f"{site.url}/developers/keys")
    await expect(page.locator("tbody tr", has_text="CRM")).to_contain_text("Office")
    narrow = await visit(LIST, width=320, height=640, theme="dark")
    for path in (LIST, f"{LIST}/1", "/developers/keys/1"):
        for name, one in (("wide", page), ("narrow", narrow)):
            await one.goto(site.url + path)
            assert await axe(one) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await one.evaluate(overflow) <= 0, path
            if folder := os.environ.get("STROWGER_PICTURES"):
                await one.screenshot(path=f"{folder}/{path.strip('/').replace('/', '-')}-{name}.png")
