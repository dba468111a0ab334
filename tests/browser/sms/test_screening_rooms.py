"""The rooms of screening in a browser: accessible, readable on a small screen, and working without a mouse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.channels.sms.screening import dnd_pages, guard_pages, limit_pages, settings_pages
from strowger.platform.blocklist import pages as blocklist
from tests.browser.conftest import Visit
from tests.browser.site import Site

PATHS = (
    "/sms/settings",
    "/sms/guard",
    "/sms/limits",
    "/sms/dnd",
    "/directory/blocklist",
    "/directory/blocklist/import",
)


@pytest.fixture
def site_pages() -> list[Any]:
    rooms = (settings_pages, limit_pages, guard_pages, dnd_pages, blocklist)
    return [handler for room in rooms for handler in room.pages]


async def test_rooms_are_accessible_and_fit(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    await site.context.database.pool.execute(
        "INSERT INTO blocked_prefix (account_id, prefix, source, reason, sends, created_at, until) VALUES ($1, '44770090',"
        " 'watch', '21 messages in 10 minutes, 0 converted (0.0 %; wanted 5.0 %)', 21, now(), now() + interval '1 hour')",
        site.account.id,
    )
    wide = await visit(PATHS[0])
    narrow = await visit(PATHS[0], width=320, height=640, theme="dark")
    for path in PATHS:
        for page in (wide, narrow):
            await page.goto(site.url + path)
            assert await axe(page) == [], path
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await page.evaluate(overflow) <= 0, path


async def test_a_number_is_blocked_and_a_setting_saved(site: Site, visit: Visit) -> None:
    page = await visit("/directory/blocklist/add")
    await page.get_by_role("textbox", name="Numbers").fill("+447700900123")
    await page.get_by_label("Reason").fill("asked us to")
    await expect(page.locator(".form-code")).to_contain_text("contacts/blocklisted")
    await page.get_by_role("button", name="Block", exact=True).click()
    await expect(page.get_by_role("cell", name="447700900123")).to_be_visible()
    await page.goto(site.url + "/sms/settings")
    await page.get_by_label("Duplicate window (minutes)").fill("15")
    await page.locator("#section-limits").get_by_role("button", name="Save").click()
    await expect(page.get_by_label("Duplicate window (minutes)")).to_have_value("15")
