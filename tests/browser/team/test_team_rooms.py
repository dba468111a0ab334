"""The team's rooms in a browser: a member is invited, joins, changes role and goes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from strowger.home import pages as home
from strowger.platform.audit import pages as audit
from strowger.platform.settings import pages as settings_pages
from strowger.platform.team import pages as team
from tests.browser.conftest import Visit
from tests.browser.site import PASSWORD, Site

Axe = Callable[[Page], Awaitable[list[str]]]


@pytest.fixture
def site_pages() -> list[Any]:
    return [*home.pages, *team.pages, *audit.pages, *settings_pages.pages]


async def mailed_path(site: Site, kind: str) -> str:
    row = await site.context.database.pool.fetchrow(
        "SELECT id, sealed FROM mail WHERE kind = $1 ORDER BY id DESC", kind
    )
    assert row is not None
    text = msgspec.json.decode(site.context.secrets.open(row["sealed"], f"mail:{row['id']}"))["text"]
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found
    return found[1]


async def test_a_member_is_invited_joins_is_changed_and_removed(site: Site, visit: Visit, axe: Axe) -> None:
    page = await visit("/settings/team")
    await page.get_by_role("link", name=re.compile("Invite")).first.click()
    await page.get_by_label("Name").fill("Grace Hopper")
    await page.get_by_label("E-mail").fill("not an address")
    await page.get_by_label("Support").check()
    await page.get_by_role("button", name="Send invitation").click()
    await expect(page.locator("#invite-email-error")).to_be_visible()
    assert await axe(page) == []
    await page.get_by_label("E-mail").fill("grace@example.com")
    await page.get_by_role("button", name="Send invitation").click()
    row = page.locator("tbody tr", has_text="grace@example.com")
    await expect(row).to_be_visible()
    joining = await visit(await mailed_path(site, "team-invitation"), signed_in=False)
    assert await axe(joining) == []
    await joining.get_by_label("New password").fill(PASSWORD)
    await joining.get_by_role("button", name="Join").click()
    await joining.wait_for_load_state()
    await joining.goto(site.url + "/settings/team")
    await expect(joining.get_by_text(re.compile("may not")).first).to_be_visible()
    await page.reload()
    await expect(row).to_contain_text("Active")
    await row.get_by_role("link", name="Grace Hopper").click()
    await page.get_by_label("Admin").check()
    await page.get_by_role("button", name="Save member").click()
    await expect(row).to_contain_text("Admin")
    await joining.goto(site.url + "/settings/team")
    await expect(joining.get_by_role("heading", name="Team")).to_be_visible()
    await row.locator(".row-actions summary").click()
    await row.get_by_role("button", name="Disable").click()
    await page.locator("#confirm-yes").click()
    await expect(row).to_contain_text("Disabled")
    await joining.goto(site.url + "/profile")
    assert "/sign-in" in joining.url, "a disabled member is out at once"
    await row.locator(".row-actions summary").click()
    await row.get_by_role("link", name="Remove").click()
    assert await axe(page) == []
    await page.get_by_role("main").get_by_role("button", name=re.compile("Remove")).first.click()
    await expect(page.locator("tbody tr")).to_have_count(1)
