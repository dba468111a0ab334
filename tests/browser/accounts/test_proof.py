"""The proof of work in real Chromium: the worker finds the number, a form that is sent early waits for it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from strowger.platform.access import proof
from tests.browser.conftest import Visit
from tests.browser.site import Site


async def test_a_person_signs_in_through_the_check_without_doing_anything(visit: Visit, site: Site, axe: Any) -> None:
    page = await visit("/sign-in?next=/profile", signed_in=False)
    for _ in range(proof.FREE):
        await page.fill("#sign-in-email", site.email)
        await page.fill("#sign-in-password", "Wrong-Horse-9")
        async with page.expect_navigation():
            await page.click("#sign-in-form button")
    await expect(page.locator("[data-proof]")).to_have_count(1)
    assert await axe(page) == []
    await page.fill("#sign-in-password", site.password)
    async with page.expect_navigation(timeout=60_000):  # the form waits for the number, if it has not been found yet
        await page.click("#sign-in-form button")
    await expect(page).to_have_url(f"{site.url}/profile")
