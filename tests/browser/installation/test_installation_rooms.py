"""The operator's rooms about the installation in a browser: accessible and narrow; a feature is switched off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.channels.sms.country_rules import pages as country_rules
from strowger.messaging.own_traces import pages as own_traces
from strowger.platform.billing.repository import open_wallet
from strowger.platform.installation import pages
from strowger.platform.lookup import pages as lookup
from tests.browser.conftest import Visit
from tests.browser.site import Site


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages.pages, *lookup.pages, *own_traces.pages, *country_rules.pages]


async def test_rooms_are_accessible_and_fit(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    await site.context.database.run(lambda c: open_wallet(c, site.account.id, Decimal(0)))
    await site.context.database.pool.execute("INSERT INTO worker (kind, host, pid) VALUES ('worker', 'box', 7)")
    page = await visit("/operator/accounts")
    await page.get_by_role("link", name="Ada Ltd").first.click()
    await page.get_by_label("Lookup").select_option("off")
    await page.get_by_role("button", name="Save features").click()
    await expect(page.get_by_label("Lookup")).to_have_value("off")
    await expect(page.get_by_role("link", name="Lookup", exact=True)).to_have_count(0)
    await page.goto(f"{site.url}/operator/traces/new")
    await page.get_by_label("Trace").fill("sim-swapped")
    await page.get_by_label("Meaning").fill("The SIM was changed lately.")
    await page.get_by_role("button", name="Save the trace").click()
    await expect(page.get_by_role("cell", name="SIM-SWAPPED")).to_be_visible()
    narrow = await visit("/operator/health", width=320, height=640, theme="dark")
    for path in (
        "/operator/health",
        "/operator/features",
        f"/operator/accounts/{site.account.id}",
        "/operator/accounts",
        "/operator/country-rules",
        "/operator/country-rules/IN",
        "/operator/traces",
        "/operator/traces/new",
    ):
        for one in (page, narrow):
            await one.goto(site.url + path)
            assert await axe(one) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await one.evaluate(overflow) <= 0, path
