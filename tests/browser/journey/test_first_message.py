"""The first hour of a new user, in a browser on a whole installation: send, see it arrive, reply, read the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import WAIT
from tests.browser.promptly import with_phone
from tests.installation import Installation, until
from tests.installation import installation as start_installation

MORE = ("/errors/NO-CREDITS", "/docs/errors/E602", "/requests", "/requests/errors")
PATHS = ("/", "/send", "/messages", "/live", "/phone", "/carriers", "/numbers", "/callbacks", "/errors", "/docs", *MORE)
WIDTHS = (320, 768, 1280, 1920)
HANDSET = "447700900123"


@pytest.fixture(scope="module")
async def installation(assets: None) -> AsyncIterator[Installation]:
    async with start_installation() as made:
        yield made


@pytest.fixture(scope="module")
async def signed_in(browser: Browser, installation: Installation) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    context.set_default_timeout(WAIT)
    page = await context.new_page()
    await page.goto(f"http://localhost:{installation.http_port}/")
    await page.get_by_label("E-mail address").fill(installation.credentials["console_email"])
    await page.get_by_label("Password").fill(installation.credentials["console_password"])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", name="Home")).to_be_visible()
    await page.close()
    yield context
    await context.close()


async def open_page(context: BrowserContext, installation: Installation, path: str) -> Page:
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    await page.goto(f"http://localhost:{installation.http_port}{path}")
    await with_phone(page)
    assert problems == []
    return page


async def test_U01_u30_send_arrives_reply_and_log(signed_in: BrowserContext, installation: Installation) -> None:
    page = await open_page(signed_in, installation, "/send")
    await page.get_by_label("To", exact=True).fill(HANDSET)
    await page.get_by_label("Text", exact=True).fill("Grüße 🙂")
    measured = page.locator("#measured")
    await expect(measured).to_contain_text("Unicode (UCS-2)")
    await expect(measured).to_contain_text("Slightly smiling face")
    await page.get_by_role("button", name="Send", exact=True).click()
    await page.wait_for_url("**/messages/*")
    await expect(page.locator("main")).to_contain_text("Delivered")
    await expect(page.locator("main")).to_contain_text("ESME_ROK")

    phone = await open_page(signed_in, installation, f"/phone?number={HANDSET}")
    await expect(phone.locator("main")).to_contain_text("Grüße 🙂")
    reply = phone.get_by_role("textbox", name="Reply")
    await reply.fill("Danke שלום")
    await reply.press("Enter")
    log = await open_page(signed_in, installation, "/messages?q=" + HANDSET)
    await expect(log.locator("main")).to_contain_text("Grüße 🙂")

    async def came() -> bool:
        await log.reload()
        return "Danke שלום" in await log.locator("main").inner_text()

    await until(came, 30, "the reply in the log", pause=0.2)
    home = await open_page(signed_in, installation, "/")
    await expect(home.locator("main")).to_contain_text("3 of 5 done")


async def test_U95_a_wrong_form_keeps_its_input_and_says_what_is_wrong(
    signed_in: BrowserContext, installation: Installation
) -> None:
    page = await open_page(signed_in, installation, "/send")
    await page.get_by_label("To", exact=True).fill("12")
    await page.get_by_label("Text", exact=True).fill("Hello")
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.locator(".field-error")).to_contain_text("E602")
    await expect(page.get_by_label("Text", exact=True)).to_have_value("Hello")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_U70_u74_every_room_is_accessible_and_fits(
    signed_in: BrowserContext, installation: Installation, axe: Any, theme: Any
) -> None:
    page = await open_page(signed_in, installation, "/")
    await page.emulate_media(color_scheme=theme)
    for path in PATHS:
        await page.goto(f"http://localhost:{installation.http_port}{path}")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 860})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
        assert await axe(page) == [], path
