"""Directory > Lookup in a browser: typed, answered, accessible and narrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.billing.repository import add_tariff, open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.lookup import pages, setting_up
from strowger.simulators.smsc import SimulatedSmsc
from tests.browser.conftest import Visit
from tests.browser.site import Site


@pytest.fixture
def site_pages() -> list[Any]:
    return pages.pages


async def test_numbers_are_looked_up_and_shown(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    account, database = site.account.id, site.context.database

    async def pay(connection: Any) -> None:
        await open_wallet(connection, account, Decimal(0))
        await recharge(connection, account, Decimal(1), "opening", site.context.clock.now())
        await add_tariff(connection, None, "lookup", None, "EUR", Decimal("0.004"))

    await database.run(pay)
    async with SimulatedSmsc(http_port=0) as smsc:
        url = f"http://127.0.0.1:{smsc.http_port}/hlr/lookup"
        await setting_up.keep_simulated(site.context, "simulator", url, "Bearer simulated-hlr")
        page = await visit("/directory/lookups")
        assert await axe(page) == []
        await page.get_by_role("link", name="Look up numbers").first.click()
        await page.get_by_role("textbox", name="Numbers").fill("+447400123456\n+447409990005\n+442079460123\nnonsense")
        await expect(page.locator(".form-code")).to_contain_text("/lookup/")
        await page.get_by_role("button", name="Look up").click()
        await expect(page.get_by_role("cell", name="447400123456")).to_be_visible()
        await expect(page.get_by_text("Done")).to_be_visible()
        where = page.url
        assert await axe(page) == []
        narrow = await visit(where.removeprefix(site.url), width=320, height=640, theme="dark")
        provider = await database.pool.fetchval("SELECT id FROM lookup_provider")
        for path in (where, site.url + "/directory/lookups/new", site.url + f"/operator/lookup/{provider}"):
            await narrow.goto(path)
            assert await axe(narrow) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await narrow.evaluate(overflow) <= 0, path
