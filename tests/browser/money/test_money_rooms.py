"""Sub-accounts and credits in a browser: a sub-account is made and entered, credits are added."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.home import pages as home
from strowger.platform.billing.pages import pages as money_pages
from strowger.platform.billing.repository import open_wallet
from strowger.platform.billing.service import recharge
from strowger.platform.subaccounts.pages import pages as subaccount_pages
from tests.browser.conftest import Visit
from tests.browser.site import Site

Axe = Callable[[Page], Awaitable[list[str]]]


@pytest.fixture
def site_pages() -> list[Any]:
    return [*home.pages, *money_pages, *subaccount_pages]


@pytest.fixture
async def rich(site: Site) -> Site:
    async def work(connection: Any) -> None:
        await open_wallet(connection, site.account.id, Decimal(0))
        await recharge(connection, site.account.id, Decimal(1000), "opening", site.context.clock.now())

    await site.context.database.run(work)
    return site


async def test_a_subaccount_is_made_recharged_and_entered(rich: Site, visit: Visit, axe: Axe) -> None:
    page = await visit("/subaccounts")
    await page.get_by_role("link", name="Add a Subaccount").first.click()
    await page.get_by_label("Subaccount Name").fill("Store Nord")
    await page.get_by_label("Subaccount Email").fill("nord@shop.example")
    await page.get_by_label("Initial Credit").fill("100")
    await page.get_by_role("button", name="Add Subaccount").click()
    await expect(page.get_by_text("Copy the key now")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("link", name="Done").click()
    await page.get_by_role("link", name="Recharge", exact=True).click()
    await page.get_by_label("Credit Amount").fill("50")
    await page.get_by_role("button", name="Add Amount").click()
    await expect(page.get_by_text("Recharge is processed successfully")).to_be_visible()
    await expect(page.get_by_text("150.00 EUR")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Login to Subaccount").click()
    await page.goto(rich.url + "/billing")
    await expect(page.get_by_text('Currently Viewing as subaccount "Store Nord"')).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Back to Main Account").click()
    await expect(page.get_by_role("heading", name="Subaccounts")).to_be_visible()


async def test_credits_are_added_by_transfer(rich: Site, visit: Visit) -> None:
    page = await visit("/billing/credits")
    await page.get_by_label("Amount (EUR)").fill("50")
    await page.get_by_role("button", name="Add Credits").click()
    await expect(page.get_by_text(re.compile("Transfer 50.00 EUR"))).to_be_visible()
    await page.goto(rich.url + "/operator/recharges")
    await expect(page.get_by_role("cell", name="Pending").first).to_be_visible()


async def test_auto_recharge_says_what_comes_next(rich: Site, visit: Visit, axe: Axe) -> None:
    page = await visit("/billing/auto-recharge")
    await page.get_by_role("link", name="Set one up").click()
    card = page.locator('form[action="/operator/payments/stripe"]')
    await card.get_by_role("checkbox").check()
    for secret in await card.locator("input[type=password]").all():
        await secret.fill("sk_test_1234567890")
    await card.get_by_role("button", name="Save").click()
    await page.goto(rich.url + "/billing/auto-recharge")
    await page.get_by_label("When the balance falls below").fill("-1")
    await page.get_by_label("Add (EUR)").fill("1")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".field-error")).to_have_count(2)
    assert await axe(page) == []
    await page.get_by_label("When the balance falls below").fill("100")
    await page.get_by_label("Add (EUR)").fill("50")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Needs a payment method")).to_be_visible()
    await expect(page.get_by_role("button", name="Store a payment method")).to_have_class(re.compile("btn-primary"))
    await expect(page.get_by_role("button", name="Forget")).to_have_count(0)
    assert await axe(page) == []
    narrow = await visit("/billing/auto-recharge", width=320, height=640, theme="dark")
    assert await axe(narrow) == []
    assert await narrow.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
