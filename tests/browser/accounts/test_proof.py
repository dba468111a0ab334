"""The proof of work in real Chromium: the worker finds the number, a form that is sent early waits for it."""

from __future__ import annotations

from typing import Any

from strowger.platform.access import proof
from tests.browser.conftest import Visit
from tests.browser.site import Site


async def test_a_person_signs_in_through_the_check_without_doing_anything(visit: Visit, site: Site, axe: Any) -> None:
    page = await visit("/sign-in", signed_in=False)
    for _ in range(proof.FREE):
        await page.fill("#sign-in-email", site.email)
        await page.fill("#sign-in-password", "Wrong-Horse-9")
        await page.click("#sign-in-form button")
        await page.wait_for_selector("#sign-in-summary")
        await page.wait_for_load_state()
    box = page.locator("[data-proof]")
    assert await axe(page) == []
    await page.fill("#sign-in-password", site.password)
    await page.click("#sign-in-form button")  # perhaps before the number is found
    await page.wait_for_url(f"{site.url}/**", timeout=30_000, wait_until="commit")
    await page.wait_for_selector(".user-menu", timeout=30_000)
    assert await box.count() == 0
