"""The rooms of people in a browser: address, image, ownership; accessible and narrow."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from strowger.platform.accounts import service
from strowger.platform.settings import pages as settings_pages
from strowger.platform.team import pages as team
from tests.browser.conftest import Visit
from tests.browser.site import PASSWORD, Site

ROOMS = (
    "/profile",
    "/profile/email",
    "/profile/image",
    "/profile/ownership",
    "/settings/team/ownership",
    "/settings/security",
)


@pytest.fixture
def site_pages() -> list[Any]:
    return [*team.pages, *settings_pages.pages]


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light")])
async def test_rooms_are_accessible_and_fit(visit: Visit, site: Site, axe: Any, width: int, theme: str) -> None:
    await service.create_user(site.context, site.account.id, "bob@example.com", "Bob Builder", PASSWORD, role="manager")
    for path in ROOMS:
        page = await visit(path, width=width, theme=theme)
        assert await axe(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        await page.context.close()


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
