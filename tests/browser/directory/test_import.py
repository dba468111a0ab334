"""An import in a browser: file, columns, progress; accessible and narrow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.directory import pages
from strowger.platform.directory.importing import Importer
from tests.browser.conftest import Visit
from tests.browser.site import Site

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def site_pages() -> list[Any]:
    return pages.pages


async def test_a_file_becomes_contacts(site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]) -> None:
    page = await visit("/directory/imports/new")
    assert await axe(page) == []
    text = b"phone,full name,notes\n07700900123,Ada Lovelace,x\nnobody,Bob,y\n"
    await page.get_by_label("File").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": text})
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("combobox", name="phone")).to_have_value("mobile")
    await expect(page.get_by_role("combobox", name="notes")).to_have_value("")
    assert await axe(page) == []
    narrow = await visit(page.url.removeprefix(site.url), width=320, height=640, theme="dark")
    assert await axe(narrow) == []
    assert await narrow.evaluate(OVERFLOW) <= 0
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.get_by_text("Reading")).to_be_visible()
    await Importer(site.context).run()
    await expect(page.get_by_text("Done")).to_be_visible()
    await expect(page.get_by_role("link", name="Rows not taken")).to_be_visible()
    assert await axe(page) == []
    for path in (page.url, site.url + "/directory/imports"):
        await narrow.goto(path)
        assert await axe(narrow) == [], path
        assert await narrow.evaluate(OVERFLOW) <= 0, path
