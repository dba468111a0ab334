"""The declarative table in a browser: state in the URL, partial updates, views, exports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.async_api import expect

from strowger.foundation.notify import LIVE
from tests.browser.console.demo import add_messages
from tests.browser.site import Site


async def rows(page: Any) -> list[str]:
    found: list[str] = await page.locator("tbody tr td:first-child").all_inner_texts()
    return [text.strip() for text in found]


@pytest.fixture
async def messages(site: Site) -> None:
    await add_messages(site.context, site.account.id, 130)


async def test_U12_u20_filter_sort_page_live_in_the_url(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo")
    await page.evaluate("window.kept = true")
    await page.locator("summary", has_text="Status").click()
    await page.get_by_label("Delivered", exact=True).check()
    await page.wait_for_url("**/demo?status=90")
    await page.get_by_role("link", name="To", exact=True).click()
    await page.wait_for_url("**/demo?status=90&sort=recipient")
    assert (await rows(page))[0] == "4915000000002"
    assert await page.evaluate("window.kept"), "the page was loaded anew"
    shown = await rows(page)
    copied = await visit("/demo?status=90&sort=recipient")
    assert await rows(copied) == shown
    await page.go_back()
    await page.wait_for_url("**/demo?status=90")
    await page.locator("tbody tr:first-child", has_text="4915000000126").wait_for()
    await page.get_by_role("link", name="Remove filter Status").click()
    await page.wait_for_url("**/demo")
    assert len(await rows(page)) == 50


async def test_paging_forth_and_back(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo")
    first = await rows(page)
    for _ in range(2):
        before = page.url
        await page.get_by_role("link", name="Next").click()
        await page.wait_for_url(lambda url, before=before: url != before)
    assert len(await rows(page)) == 30
    assert await page.get_by_role("link", name="Next").count() == 0
    for _ in range(2):
        before = page.url
        await page.get_by_role("link", name="Previous").click()
        await page.wait_for_url(lambda url, before=before: url != before)
    assert await rows(page) == first


async def test_search_as_you_type_and_clear(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo")
    await page.keyboard.press("/")
    await page.keyboard.type("000129")
    await page.wait_for_url("**/demo?q=000129")
    assert await rows(page) == ["4915000000129"]
    assert await page.locator("#table-demo-messages-search").evaluate("e => e === document.activeElement")
    await page.get_by_placeholder("Search by number or text").fill("no such text")
    await page.get_by_role("heading", name="Nothing matches").wait_for()


async def test_columns_and_size(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo")
    await page.locator("summary", has_text="Columns").click()
    await page.get_by_label("Id", exact=True).check()
    await page.get_by_role("columnheader", name="Id").wait_for()
    await page.get_by_label("Rows on a page").select_option("25")
    await expect(page.locator("tbody tr")).to_have_count(25)
    assert "size=25" in page.url
    assert "cols=" in page.url


async def test_U21_view_is_saved_shared_opened_removed(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo?status=90")
    await page.get_by_role("link", name="Created").click()
    await page.wait_for_url("**sort=-created_at")
    await page.locator("summary", has_text="Views").click()
    await page.get_by_label("Save this view as").fill("Delivered ones")
    await page.get_by_label("Share with the account").check()
    await page.get_by_role("button", name="Save view").click()
    await page.get_by_text("View “Delivered ones” saved").wait_for()
    await page.goto(site.url + "/demo")
    await page.locator("summary", has_text="Views").click()
    await page.get_by_role("link", name="Delivered ones").click()
    await page.wait_for_url("**/demo?status=90&sort=-created_at")
    await page.locator("summary", has_text="Views").click()
    await page.get_by_role("button", name="Remove Delivered ones").click()
    await page.locator("#confirm-yes").click()
    await page.get_by_text("View removed").wait_for()


async def test_U22_export_holds_the_filtered_list(site: Site, visit: Any, messages: None, tmp_path: Path) -> None:
    page = await visit("/demo")
    await page.locator("summary", has_text="Status").click()
    await page.get_by_label("Undelivered").check()
    await page.wait_for_url("**/demo?status=80")
    for name in ("CSV", "Excel (XLSX)"):
        await page.locator("summary", has_text="Export").click()
        async with page.expect_download() as download:
            await page.get_by_role("link", name=name).click()
        target = tmp_path / (await download.value).suggested_filename
        await (await download.value).save_as(target)
        if name == "CSV":
            lines = target.read_text("utf-8-sig").splitlines()
            assert len(lines) == 33
            assert all(",Undelivered," in line for line in lines[1:])
        else:
            sheet = openpyxl.load_workbook(target).active
            assert sheet is not None
            assert sheet.max_row == 33
        await page.keyboard.press("Escape")


async def test_rows_are_cards_on_a_phone(site: Site, visit: Any, messages: None) -> None:
    page = await visit("/demo", width=320)
    cell = page.locator("tbody tr td").first
    assert await cell.evaluate("e => getComputedStyle(e, '::before').content") == '"To"'
    assert await page.get_by_role("table").count() == 1
    assert await page.get_by_role("row").count() > 50


async def test_live_list_shows_what_just_came(site: Site, visit: Any) -> None:
    page = await visit("/demo")

    await add_messages(site.context, site.account.id, 1)
    row = page.get_by_text("4915000000000")
    for _ in range(40):
        await site.context.database.pool.execute(
            "SELECT pg_notify($1, $2)", LIVE, f'{{"topic":"messages","account_id":{site.account.id},"ids":[]}}'
        )
        try:
            await row.wait_for(timeout=1500)
            break
        except Exception:  # the feed may not be connected yet
            continue
    assert await row.is_visible()
