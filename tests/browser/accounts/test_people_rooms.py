"""The rooms of people in a browser: address, image, ownership, single sign-on, announcements; accessible and narrow."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import expect

from strowger.platform.accounts import service
from strowger.platform.announcements import pages as announcements
from strowger.platform.announcements import service as announcing
from strowger.platform.settings import pages as settings_pages
from strowger.platform.sso import pages as sso
from strowger.platform.team import pages as team
from tests.browser.conftest import Visit
from tests.browser.site import PASSWORD, Site

ROOMS = (
    "/profile", "/profile/email", "/profile/image", "/profile/ownership", "/settings/team/ownership", "/settings/security",
    "/settings/security/sso", "/operator/announcements", "/operator/announcements/new", "/announcements",
)  # fmt: skip


@pytest.fixture
def site_pages() -> list[Any]:
    return [*team.pages, *settings_pages.pages, *sso.pages, *announcements.pages]


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
async def test_rooms_are_accessible_and_fit(visit: Visit, site: Site, axe: Any, width: int, theme: str) -> None:
    await service.create_user(site.context, site.account.id, "bob@example.com", "Bob Builder", PASSWORD, role="manager")
    now = site.context.clock.now()
    title = "Maintenance on Sunday between 02:00 and 03:00 UTC"
    await announcing.save(
        site.context, None, title, "Sending pauses for a quarter of an hour.", "warning", "https://status.example.com", now,
        now + timedelta(days=1), "ada@example.com",
    )  # fmt: skip
    page = await visit("/profile", width=width, theme=theme)
    for path in ROOMS:
        await page.goto(site.url + path)
        assert await axe(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.locator(".announcement").count() == 1, path
    await page.goto(site.url + "/profile/email")
    await page.click(".announcement button")
    await expect(page.locator(".announcement")).to_have_count(0)


async def test_an_image_is_chosen_and_shown_everywhere(visit: Visit, site: Site, axe: Any) -> None:
    written = io.BytesIO()
    Image.effect_mandelbrot((500, 400), (-2, -1.2, 1, 1.2), 60).convert("RGB").save(written, "PNG")
    page = await visit("/profile/image")
    await page.set_input_files("#image-file", {"name": "me.png", "mimeType": "image/png", "buffer": written.getvalue()})
    await page.click("main form button.btn-primary")
    await page.wait_for_url("**/profile")
    for path in ("/profile", "/settings/team"):
        await page.goto(site.url + path)
        shown = "Array.from(document.querySelectorAll('img.avatar')).map(i => i.complete && i.naturalWidth)"
        assert await page.evaluate(shown) == [256, 256], path
    assert await axe(page) == []
