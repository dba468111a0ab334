"""Documents and KYC in a browser: from the upload to the operator's decision; every width, both themes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from strowger.platform.approvals import pages as approvals
from strowger.platform.documents import pages as documents
from strowger.platform.kyc import pages as kyc
from tests.browser.conftest import Visit
from tests.browser.site import Site

Axe = Callable[[Page], Awaitable[list[str]]]
PROOF = {"name": "proof.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF"}
ROOMS = ("/settings/documents", "/settings/documents/new", "/settings/kyc", "/settings/kyc/company", "/settings/kyc/documents",
         "/settings/kyc/review", "/approvals")  # fmt: skip


@pytest.fixture
def site_pages() -> list[Any]:
    return [*documents.pages, *kyc.pages, *approvals.pages]


async def test_a_document_is_uploaded_and_approved(site: Site, visit: Visit, axe: Axe) -> None:
    page = await visit("/settings/documents")
    await page.get_by_role("main").get_by_role("link", name="Upload New Document").first.click()
    await page.get_by_label("Title").fill("Register extract")
    await page.get_by_label("Files").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"<html>"})  # type: ignore[arg-type]
    await page.get_by_role("button", name="Upload").click()
    await expect(page.locator("#document-file-error")).to_contain_text("none of PDF")
    assert await page.get_by_label("Title").input_value() == "Register extract"
    assert await axe(page) == []
    await page.get_by_label("Files").set_input_files([PROOF, {**PROOF, "name": "two.pdf"}])  # type: ignore[arg-type]
    await page.get_by_role("button", name="Upload").click()
    await expect(page.get_by_text("2 documents wait for review.")).to_be_visible()
    assert await axe(page) == []
    await page.goto(site.url + "/approvals?kind=document")
    await expect(page.get_by_role("link", name="Open the file").first).to_be_visible()
    assert await axe(page) == []
    await page.get_by_role("button", name="Approve Register extract (1)").click()
    await page.goto(site.url + "/settings/documents")
    row = page.locator("tbody tr", has_text="proof.pdf")
    await expect(row).to_contain_text("Approved")
    await row.locator(".row-actions summary").click()
    await row.get_by_role("button", name="Delete").click()
    await page.locator("#confirm-yes").click()
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_a_trial_is_ended_by_the_three_steps_and_a_decision(
    site: Site, visit: Visit, axe: Axe, tmp_path: Path
) -> None:
    await site.context.database.pool.execute("UPDATE account SET state = 'trial'")
    page = await visit("/settings/kyc")
    await page.screenshot(path=tmp_path / "kyc.png", full_page=True)
    await page.get_by_role("link", name="Begin: Company and tax").click()
    for label, text in (
        ("Company", "Ada Ltd"), ("Address", "1 High Street"), ("City", "London"), ("Number in the company register", "01234567"),
        ("VAT ID", "GB12"), ("Mobile number of the representative", "+447700900123"),
    ):  # fmt: skip
        await page.get_by_label(label, exact=False).first.fill(text)
    await page.locator("#kyc-company-representative").fill("Ada Lovelace")
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.locator("#kyc-company-vat_id-error")).to_be_visible()
    assert await axe(page) == []
    await page.locator("#kyc-company-vat_id").fill("GB123456789")
    await page.get_by_role("button", name="Save and go on").click()
    for key in ("register_extract", "signatory_id"):
        await page.locator(f"#kyc-{key}").set_input_files(PROOF)  # type: ignore[arg-type]
        await page.locator(f"#kyc-{key}-form button").click()
        await expect(page.locator(f"#kyc-{key}-form")).to_contain_text("Another file")
    await page.screenshot(path=tmp_path / "kyc-documents.png", full_page=True)
    await page.get_by_role("link", name="Go on: Review and submit").click()
    await page.get_by_label("I may act for this company").check()
    assert await axe(page) == []
    await page.get_by_role("button", name="Submit for review").click()
    await expect(page.get_by_text("Submitted", exact=True).first).to_be_visible()
    await page.goto(site.url + "/approvals?kind=kyc")
    await page.get_by_role("link", name="Open the case").click()
    await expect(page.get_by_text("GB123456789")).to_be_visible()
    assert await axe(page) == []
    await page.screenshot(path=tmp_path / "kyc-case.png", full_page=True)
    await page.get_by_label("Approve").check()
    await page.get_by_role("button", name="Decide").click()
    await page.goto(site.url + "/settings/kyc")
    await expect(page.get_by_text("Approved", exact=True).first).to_be_visible()
    assert await site.context.database.pool.fetchval("SELECT state FROM account") == "active"


async def test_rooms_are_accessible_and_fit(site: Site, visit: Visit, axe: Axe, tmp_path: Path) -> None:
    for theme, width in (("light", 1280), ("dark", 320)):
        page = await visit("/settings/kyc", width=width, theme=theme)
        for path in ROOMS:
            await page.goto(site.url + path)
            assert await axe(page) == [], (path, theme)
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (path, width, wide)
            await page.screenshot(path=tmp_path / f"{path.strip('/').replace('/', '-')}-{width}.png", full_page=True)
