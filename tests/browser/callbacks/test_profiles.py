"""Callback profiles in a browser: made by picking variables, previewed, tried, changed; readable everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from strowger.messaging.pages import pages as message_pages
from strowger.platform.callbacks.profiles.pages import pages
from strowger.platform.callbacks.profiles.service import ProfileService
from tests.browser.conftest import Visit
from tests.browser.site import Site
from tests.receiver import receiver


@pytest.fixture
def site_pages() -> list[Any]:
    return [*pages, *message_pages]


async def test_a_profile_is_made_by_picking_tried_and_changed(visit: Visit, site: Site) -> None:
    async with receiver() as there:
        page = await visit("/callbacks/profiles/new")
        await page.get_by_label("Title").fill("dlr main")
        await page.get_by_label("Endpoint").fill(there.url + "?to=")
        await page.get_by_role("button", name="recipient", exact=True).first.click()
        await page.get_by_label("Body template").fill("{}")
        await page.get_by_role("button", name="status", exact=True).first.click()
        await expect(page.get_by_label("Body template")).to_have_value('{\n  "status": "<status>"\n}')
        await expect(page.locator("#profile-preview")).to_contain_text('{"status":"DELIVERED"}')
        await expect(page.locator("#profile-preview")).to_contain_text("?to=%2B15550100123")
        await expect(page.get_by_label("User name")).to_be_hidden()
        await page.get_by_label("Authentication", exact=True).select_option("basic")
        await page.get_by_label("User name").fill("ada")
        await page.get_by_label("Password").fill("s3cret")
        await page.get_by_label("Encryption", exact=True).select_option("AES-256-CFB")
        await page.get_by_role("button", name="Generate key and IV").click()
        assert len(await page.locator("#profile-enc_key").input_value()) == 32
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.locator("#profile-tried")).to_contain_text("HTTP 200")
        assert there.requests[0]["status"] != "DELIVERED"
        await page.get_by_role("button", name="Create", exact=True).click()
        await expect(page.get_by_role("heading", name="dlr main")).to_be_visible()
        [made] = await ProfileService(site.context).list_all(site.account.id)
        assert made.draft.auth.password == "s3cret"
        await page.get_by_role("link", name="Edit", exact=True).click()
        await page.get_by_label("Title").fill("dlr other")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("heading", name="dlr other")).to_be_visible()
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_text("What came back")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (320, "dark")])
async def test_the_rooms_read_well(visit: Visit, site: Site, width: int, theme: str, axe: Any) -> None:
    made = await ProfileService(site.context).create(
        site.account.id,
        {"title": "dlr main", "channel": "sms", "http_method": "POST", "url": "https://example.net/a/rather/long/path/of/a/hook",
         "body": {"id": "<id>"}, "enc": {"algo": "AES-128-CFB", "key": "0123456789abcdef", "IV": "fedcba9876543210"}},
    )  # fmt: skip
    page = await visit("/callbacks/profiles", width=width, theme=theme)
    for path in ("", "/new", f"/{made.id}", f"/{made.id}/edit", "/report", "/defaults"):
        await page.goto(f"{site.url}/callbacks/profiles{path}")
        assert await axe(page) == [], path
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (path, width)
