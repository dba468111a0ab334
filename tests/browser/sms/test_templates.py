"""Creating a template, approving it and importing a file in Chromium: script, both themes, narrow screens, axe."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.channels.sms import routes as sms_api
from strowger.channels.sms.pages import pages as sms_pages
from strowger.channels.sms.senders.service import create_sender
from strowger.platform.approvals.pages import pages as approvals
from tests.browser.conftest import Visit
from tests.browser.site import Site

Axe = Callable[[Page], Awaitable[list[str]]]
PICTURES = os.environ.get("STROWGER_PICTURES", "")


@pytest.fixture
def site_pages() -> list[Any]:
    return [*sms_pages, *approvals, *sms_api.routes]  # the routes bring the texts of the codes


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


async def is_contained(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def test_from_the_form_to_the_approval_and_the_list(visit: Visit, site: Site, axe: Axe, tmp_path: Path) -> None:
    await site.context.database.run(
        lambda c: create_sender(c, site.account.id, "DEMOHX", iso_code="IN", is_default=True)
    )
    page = await visit("/templates/new")
    await page.get_by_label("Title").fill("Order sent")
    await page.get_by_label("Country").fill("IN")
    await page.get_by_label("Template ID").fill("1107000000000000001")
    await page.get_by_label("Entity ID").fill("1101000000000000001")
    await page.get_by_label("Content").fill("Dear ")
    await page.get_by_role("button", name="{#var#}", exact=True).click()
    await expect(page.get_by_label("Content")).to_be_focused()
    await page.keyboard.type(", your order has left us.")
    preview = page.locator("#template-preview")
    await expect(preview.locator("mark")).to_have_text("var1")
    await expect(preview).to_contain_text("30 characters")
    await expect(page.locator("#code-template")).to_contain_text("1107000000000000001")
    assert await axe(page) == []
    await picture(page, "template-form")
    await page.get_by_role("button", name="Create", exact=True).click()
    await expect(page.get_by_role("heading", name="Order sent")).to_be_visible()
    await expect(page.get_by_text("It waits for approval.").first).to_be_visible()
    await expect(page.get_by_text("Nothing was sent by it")).to_be_visible()
    assert await axe(page) == []
    await picture(page, "template-view")

    page = await visit("/approvals", width=1280, theme="dark")
    await page.get_by_role("button", name="Reject Order sent").click()
    await expect(page.get_by_text("Say why: the customer reads this.")).to_be_visible()
    assert await axe(page) == []
    await picture(page, "approvals-dark")
    await page.get_by_role("link", name="Choose all shown").click()
    await page.get_by_role("button", name="Approve chosen").click()
    await expect(page.get_by_text("1 approved.")).to_be_visible()
    await expect(page.get_by_role("heading", name="Nothing waits")).to_be_visible()

    file = tmp_path / "templates.csv"
    file.write_text(
        "title,content,sender,category,iso_code\nSecond,Hello {name},DEMOHX,TXN,GB\nBad,{a}{b},DEMOHX,TXN,GB\n"
    )
    page = await visit("/sms/import/templates", width=320)
    assert await is_contained(page)
    assert await axe(page) == []
    await picture(page, "import-320")
    await page.get_by_label("File", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Import").click()
    await expect(page.get_by_text("Invalid template content or variable (Between two variables")).to_be_visible()
    assert await axe(page) == []
    await picture(page, "import-outcome-320")

    await create_waiting(site)
    page = await visit("/templates", width=320, theme="dark")
    for path in ("/templates", "/senders", "/approvals", "/templates/new", "/senders/new"):
        await page.goto(site.url + path)
        assert await is_contained(page), path
        assert await axe(page) == [], path
        await picture(page, path.strip("/").replace("/", "-") + "-320")
    page = await visit("/templates")
    await expect(page.get_by_role("row")).to_have_count(3)
    await picture(page, "templates")
    page = await visit("/senders")
    await picture(page, "senders")


async def test_a_template_is_chosen_and_filled_on_the_send_page(visit: Visit, site: Site, axe: Axe) -> None:
    await site.context.database.pool.execute(
        "INSERT INTO sms_template (account_id, title, content, template_id, senders, purpose, iso_code, status) "
        "VALUES ($1, 'Order sent', 'Dear {name}, order {number} has left us.', '1234567890123456789', '{}', 'TXN', 'GB', 1)",
        site.account.id,
    )
    page = await visit("/send")
    await page.get_by_label("To", exact=True).fill("447700900123")
    await page.get_by_label("Use a template").fill("left us")
    await page.get_by_role("button", name="Order sent").click()
    await expect(page.get_by_label("To", exact=True)).to_have_value("447700900123")
    await page.get_by_label("name", exact=True).fill("Ada")
    await page.get_by_label("number", exact=True).fill("7")
    await expect(page.locator(".preview-bubble")).to_have_text("Dear Ada, order 7 has left us.")
    await expect(page.locator("#code-send")).to_contain_text("template_data")
    assert await axe(page) == []
    await picture(page, "send-template")
    await page.get_by_role("button", name="Write a text instead").click()
    await expect(page.get_by_label("Text", exact=True)).to_be_visible()
    for theme in ("light", "dark"):
        page = await visit("/send?template=1234567890123456789", width=320, theme=theme)
        await expect(page.get_by_role("button", name="Order sent")).to_be_visible()
        assert await is_contained(page)
        assert await axe(page) == []
        await picture(page, f"send-template-320-{theme}")


async def create_waiting(site: Site) -> None:
    await site.context.database.run(
        lambda c: create_sender(
            c, site.account.id, "WAITING", iso_code="GB", description="News of the day", status="Pending"
        )
    )
