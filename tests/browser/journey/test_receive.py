"""Receiving by keyword in a browser on a whole installation: a configuration, a text from the phone, the reply, the log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import WAIT
from tests.browser.journey.test_first_message import HANDSET, WIDTHS, installation, open_page, signed_in
from tests.installation import Installation, until

__all__ = ["installation", "signed_in"]
PICTURES = os.environ.get("STROWGER_PICTURES")


async def picture(page: Page, name: str) -> None:
    """Keep a picture of a page where somebody asked for it."""
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def test_a_keyword_answers_the_phone_and_the_log_tells(
    signed_in: BrowserContext, installation: Installation
) -> None:
    page = await open_page(signed_in, installation, "/receive")
    await expect(page.locator("main")).to_contain_text("No configurations yet")
    await page.get_by_role("link", name="New configuration").first.click()
    await page.get_by_label("Keyword", exact=False).first.fill("BOOK {date}")
    await page.get_by_label("Text").fill("Booked for {date}. Bye, Strowger")
    await page.get_by_label("To e-mail addresses").fill("desk@example.org")
    await picture(page, "receive-form")
    await page.get_by_role("button", name="Create").click()
    await page.wait_for_url("**/receive/*")
    await expect(page.locator("main")).to_contain_text("BOOK {date}")
    number = (await page.locator("h1").inner_text()).rsplit("+", 1)[1].strip()
    await picture(page, "receive-configuration")

    phone = await open_page(signed_in, installation, f"/phone?number={HANDSET}")
    await phone.get_by_role("button", name="New message").click()
    await expect(phone.get_by_label("To", exact=True)).to_have_value(number)
    await phone.locator("#phone-new-text").fill("book 5 May")
    await phone.locator("#phone-new").get_by_role("button", name="Send").click()
    await expect(phone.locator("main")).to_contain_text("Booked for 5 May. Bye, Strowger", timeout=2 * WAIT)
    await picture(phone, "receive-phone")

    await page.goto(f"http://localhost:{installation.http_port}/receive/logs")
    row = page.get_by_role("row").filter(has_text="book 5 May")

    async def arrived() -> bool:
        await page.reload()
        return "Delivered" in await row.inner_text()

    await until(arrived, 60, "the reply on the handset", pause=0.25)
    await expect(row).to_contain_text("BOOK {date}")
    await expect(row).to_contain_text("Delivered")
    await expect(row).to_contain_text("Mail: 1")
    await picture(page, "receive-logs")
    await row.get_by_role("link").first.click()
    await expect(page.locator("#panel-received")).to_contain_text("date: 5 May")


async def test_the_rooms_are_accessible_and_fit(
    signed_in: BrowserContext, installation: Installation, axe: Any
) -> None:
    page = await open_page(signed_in, installation, "/receive")
    first = await page.get_by_role("row").nth(1).get_by_role("link").first.get_attribute("href")
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for path in ("/receive", "/receive/new", str(first), f"{first}/edit", "/receive/logs"):
            await page.goto(f"http://localhost:{installation.http_port}{path}")
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 860})
                assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
            assert await axe(page) == [], path
