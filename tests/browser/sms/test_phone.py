"""The virtual phone in a browser on a whole installation: arrivals, replies, flash, names, misbehaviours."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from strowger.channels.sms.pages import phone
from tests.browser.conftest import WAIT
from tests.browser.promptly import SECOND, promptly, with_phone
from tests.browser.site import Site
from tests.installation import Installation, until

REPLY = re.compile("^Reply$")


@pytest.fixture(scope="module")
async def installation(tmp_path_factory: pytest.TempPathFactory, assets: None) -> AsyncIterator[Installation]:
    installation = Installation(Path(tmp_path_factory.mktemp("phone")))
    try:
        yield await installation.start()
    finally:
        await installation.close()


@pytest.fixture(scope="module")
async def signed_in(browser: Browser, installation: Installation) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
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


@pytest.fixture
async def open_phone(signed_in: BrowserContext, installation: Installation) -> AsyncIterator[Any]:
    """Open a handset; errors of scripts and refusals of the content policy fail the test."""
    problems: list[str] = []
    pages: list[Page] = []

    async def open_page(path: str) -> Page:
        page = await signed_in.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: problems.append(line.text) if "Content Security" in line.text else None)
        await page.goto(f"http://localhost:{installation.http_port}{path}")
        await with_phone(page)
        return page

    yield open_page
    for page in pages:
        await page.close()
    assert problems == []


async def delivered(installation: Installation, handset: str, text: str, **more: Any) -> None:
    """Send and wait until the handset itself has it."""
    await installation.send(handset, body=text, **more)

    async def there() -> bool:
        found = await installation.ask_simulator("GET", f"/handsets/{handset}/messages")
        return any(message["text"] == text for message in found["messages"])

    await until(there, 15)


async def test_U48_a_message_shows_within_a_second_and_the_reply_comes_into_the_log(
    open_phone: Any, installation: Installation
) -> None:
    pages: dict[str, Page] = {}
    long = "Grüße 🙂 שלום " * 12

    async def shown(number: int) -> None:
        handset = f"44770090021{number}"
        page = pages[handset] = await open_phone(f"/phone?number={handset}")
        await expect(page.locator("#phone-thread")).to_contain_text(f"Send a message to +{handset}")
        await delivered(installation, handset, long.strip())
        await expect(page.locator(".bubble.is-in p")).to_have_text(long.strip(), timeout=SECOND)

    await promptly(shown)
    handset, page = pages.popitem()
    bubble = page.locator(".bubble.is-in")
    await expect(bubble.locator("p")).to_have_attribute("dir", "auto")
    await expect(bubble).to_contain_text("parts")

    reply = page.get_by_role("textbox", name=REPLY)
    await reply.fill("Danke שלום 🙂")
    await reply.press("Enter")
    await expect(page.locator(".bubble.is-out")).to_contain_text("Danke שלום 🙂")
    await expect(page.locator(".bubble.is-out")).to_contain_text("taken by the platform")
    await expect(reply).to_have_value("")
    await expect(reply).to_be_focused()
    log = await open_phone(f"/messages?q={handset}")
    await expect(log.locator("main")).to_contain_text("Danke שלום 🙂")


async def test_what_is_typed_stays_while_messages_arrive(open_phone: Any, installation: Installation) -> None:
    async def stays(number: int) -> None:
        handset = f"44770090022{number}"
        await delivered(installation, handset, "First")
        page = await open_phone(f"/phone?number={handset}")
        reply = page.get_by_role("textbox", name=REPLY)
        await reply.press_sequentially("half a sen")
        await delivered(installation, handset, "Second")
        await expect(page.locator(".bubble")).to_have_count(2, timeout=SECOND)
        await expect(reply).to_have_value("half a sen")
        await expect(reply).to_be_focused()

    await promptly(stays)


async def test_U48_unread_messages_of_other_handsets_are_counted_until_they_are_opened(
    open_phone: Any, installation: Installation
) -> None:
    page = await open_phone("/phone?number=447700900203")
    others: list[str] = []

    async def counted(number: int) -> None:
        others.append(f"44770090023{number}")
        await delivered(installation, others[-1], "One")
        await delivered(installation, others[-1], "Two")
        await expect(page.locator(f"#handset-{others[-1]}")).to_contain_text("2 unread", timeout=SECOND)

    await promptly(counted)
    other = page.locator(f"#handset-{others[-1]}")
    await expect(page.locator(".handset").first).to_have_id(f"handset-{others[-1]}")
    await other.click()
    await expect(page.locator(".bubble")).to_have_count(2)
    await expect(other).not_to_contain_text("2 unread", use_inner_text=True)
    await expect(page.locator("#handset-447700900203")).to_be_visible()


async def test_a_flash_message_lies_over_the_screen_until_it_is_dismissed(
    open_phone: Any, installation: Installation
) -> None:
    pages: list[Page] = []

    async def shown(number: int) -> None:
        handset = f"44770090024{number}"
        pages.append(await open_phone(f"/phone?number={handset}"))
        await delivered(installation, handset, "Your code is <b>1234</b>", flash="1")
        flash = pages[-1].get_by_role("alertdialog")
        await expect(flash).to_contain_text("Your code is <b>1234</b>", timeout=SECOND)

    await promptly(shown)
    page = pages[-1]
    flash = page.get_by_role("alertdialog")
    await flash.get_by_role("button", name="Dismiss").click()
    await expect(flash).to_be_hidden()
    await page.reload()
    await expect(page.locator(".bubble")).to_contain_text("flash")
    await expect(flash).to_be_hidden()


async def test_a_name_cannot_be_answered_but_the_handset_can_write_to_a_number(
    open_phone: Any, installation: Installation
) -> None:
    handset, own = "447700900206", installation.credentials["sender"]
    await delivered(installation, handset, "From a name", sender="STROWGER")
    page = await open_phone(f"/phone?number={handset}")
    await expect(page.locator("#phone-set")).to_contain_text("STROWGER is a name, not a number")
    assert await page.get_by_role("textbox", name=REPLY).count() == 0
    await page.get_by_role("button", name="New message").click()
    await expect(page.get_by_label("To", exact=True)).not_to_have_value("")
    await page.get_by_label("To", exact=True).fill(own if own.isdigit() else "447700900001")
    await page.get_by_label("Text", exact=True).fill("I write first")
    await page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await expect(page.locator(".bubble.is-out")).to_contain_text("taken by the platform")
    await expect(page.locator("#phone-peers")).to_contain_text("STROWGER")


async def test_a_misbehaviour_is_switched_with_its_options(open_phone: Any, installation: Installation) -> None:
    page = await open_phone("/phone")
    item = page.locator("#misdeed-refuses")
    await item.get_by_label("command status").fill("0x14")
    await item.get_by_role("button", name="Start refuses").click()
    await expect(item).to_contain_text("on for everyone")
    await expect(item).to_contain_text("command status: 0x14")
    active = (await installation.ask_simulator("GET", "/state"))["misbehaviours"]
    assert [(row["name"], row["options"]) for row in active] == [("refuses", {"every": 1, "status": 0x14})]
    await item.get_by_role("button", name="Stop refuses").click()
    await expect(item.get_by_role("button", name="Start refuses")).to_be_visible()
    assert (await installation.ask_simulator("GET", "/state"))["misbehaviours"] == []
    await item.get_by_label("command status").fill("many")
    await item.get_by_role("button", name="Start refuses").click()
    await expect(page.locator("#toasts .tone-danger")).to_contain_text("status")


async def test_U47_magic_numbers_are_there_to_copy_and_counters_move(
    open_phone: Any, installation: Installation
) -> None:
    page = await open_phone("/phone")
    await expect(page.get_by_role("button", name="Copy 447709990001")).to_be_visible()
    submits = page.locator(".phone-counters div", has_text="Submits").locator("dd")
    before = int(await submits.inner_text())
    await installation.send("447709990007")
    await expect(submits).to_have_text(str(before + 1))


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_phone_fits_and_is_accessible(
    open_phone: Any, installation: Installation, axe: Any, theme: Any
) -> None:
    handset = "447700900207"
    await delivered(installation, handset, "Hello")
    await delivered(installation, handset, "Flash", flash="1")
    page = await open_phone(f"/phone?number={handset}")
    await page.emulate_media(color_scheme=theme)
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    for width in (320, 375, 768, 1280, 1920):
        await page.set_viewport_size({"width": width, "height": 900})
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        assert await axe(page) == [], width


class TestWithoutSimulators:
    """The site alone, with no simulated carrier beside it."""

    @pytest.fixture
    def site_pages(self) -> list[Any]:
        return phone.pages

    async def test_the_page_says_how_to_switch_them_on(self, site: Site, visit: Any) -> None:
        site.context.settings = replace(site.context.settings, simulators=False)
        page = await visit("/phone")
        await expect(page.locator("main")).to_contain_text("STROWGER_SIMULATORS=on")
