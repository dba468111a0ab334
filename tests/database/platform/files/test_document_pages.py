"""Settings > Documents over HTTP: upload, view, rename, delete; the operator's decision and the mail about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from strowger.platform.accounts import service as accounts
from strowger.platform.approvals import pages as approvals
from strowger.platform.documents import pages as documents
from tests.people_kit import CSRF, PASSWORD, Browser, House, errors_of, open_house

PDF = b"%PDF-1.4 extract"
LIST = "/settings/documents"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages=[*documents.pages, *approvals.pages]) as house:
        yield house


async def upload(browser: Browser, *parts: tuple[str, bytes, str], **fields: str) -> httpx.Response:
    found = CSRF.search((await browser.get("/profile")).text)
    assert found
    data = {"csrf": found[1], "title": "Extract", "category": "other", **fields}
    return await browser.client.post(f"{LIST}/new", data=data, files=[("file", part) for part in parts])


async def rows(house: House) -> list[Any]:
    return await house.context.database.pool.fetch("SELECT * FROM document ORDER BY id")


async def customer(house: House) -> Browser:
    """The owner of another account than the operator's."""
    account = await accounts.create_account(house.context, "Grace Ltd", "GB", "EUR")
    await accounts.create_user(house.context, account.id, "grace@example.com", "Grace", PASSWORD)
    return await house.entered("grace@example.com")


async def test_a_document_is_uploaded_shown_renamed_and_deleted(house: House) -> None:
    browser = await house.entered()
    assert "No documents" in (await browser.get(LIST)).text
    answer = await upload(browser, ("extract.pdf", PDF, "application/pdf"))
    assert answer.status_code == 303, answer.text
    (row,) = await rows(house)
    assert (row["uploaded_by"], row["status"]) == ("ada@example.com", "pending")
    assert "extract.pdf" in (await browser.get(LIST)).text
    shown = await browser.get(f"{LIST}/{row['file_id']}/view")
    assert (shown.content, shown.headers["content-type"]) == (PDF, "application/pdf")
    assert shown.headers["content-disposition"].startswith("inline")
    assert "script" not in shown.headers["content-security-policy"]
    assert shown.headers["x-content-type-options"] == "nosniff"
    saved = await browser.get(f"{LIST}/{row['file_id']}/download")
    assert saved.headers["content-disposition"].startswith("attachment")
    viewed = "SELECT count(*) FROM audit_entry WHERE action = 'view document' AND actor = 'ada@example.com'"
    assert await house.context.database.pool.fetchval(viewed) == 2
    assert (await browser.post(f"{LIST}/{row['file_id']}/rename", title="Register")).status_code == 303
    assert (await rows(house))[0]["title"] == "Register"
    await house.context.database.pool.execute("UPDATE document SET bound_to = 'kyc'")
    await browser.post(f"{LIST}/{row['file_id']}/delete")
    assert len(await rows(house)) == 1
    await house.context.database.pool.execute("UPDATE document SET bound_to = ''")
    await browser.post(f"{LIST}/{row['file_id']}/delete")
    assert await rows(house) == []


async def test_what_is_wrong_is_said_beside_the_field(house: House) -> None:
    browser = await house.entered()
    for part, words in (
        (("a.png", b"<html><script>1</script>", "image/png"), "a.png is none of PDF"),
        (("a.pdf", PDF + bytes(10_000_000), ""), "at most 10,000,000"),
    ):
        answer = await upload(browser, part)
        assert answer.status_code == 422
        assert words in errors_of(answer)
    assert "Choose a file" in errors_of(await upload(browser))
    assert "Title" in errors_of(await upload(browser, ("a.pdf", PDF, ""), title=""))
    huge = await upload(browser, *[("a.pdf", PDF + bytes(9_000_000), "")] * 6)
    assert huge.status_code == 413
    assert await rows(house) == []


async def test_R58_documents_stay_within_their_account_and_the_reviewers(house: House) -> None:
    grace, ada = await customer(house), await house.entered()
    await upload(grace, ("extract.pdf", PDF, ""))
    (row,) = await rows(house)
    for tail in ("view", "download", "rename"):
        assert (await ada.get(f"{LIST}/{row['file_id']}/{tail}")).status_code == 404
    assert (await ada.post(f"{LIST}/{row['file_id']}/delete")).status_code == 404
    assert (await grace.get(f"/approvals/documents/{row['id']}")).status_code == 403
    opened = await ada.get(f"/approvals/documents/{row['id']}")
    assert opened.content == PDF
    entry = await house.context.database.pool.fetchrow(
        "SELECT account_id, actor FROM audit_entry WHERE action = 'view document'"
    )
    assert entry is not None
    assert (entry["account_id"], entry["actor"]) == (row["account_id"], "operator ada@example.com")
    await house.add("sam", "support")
    sam = await house.entered("sam@example.com")
    assert (await sam.get(f"{LIST}/new")).status_code == 403


async def test_the_operator_decides_and_owner_and_uploader_are_told(house: House) -> None:
    grace, ada = await customer(house), await house.entered()
    for name in ("one.pdf", "two.pdf"):
        await upload(grace, (name, PDF, ""), title=name)
    first, second = await rows(house)
    page = await ada.get("/approvals", kind="document")
    assert "one.pdf" in page.text
    assert f"/approvals/documents/{first['id']}" in page.text
    await ada.post("/approvals", act=f"approve document:{first['id']}")
    await ada.post("/approvals", act=f"reject document:{second['id']}", reason="It cannot be read.")
    assert [(row["status"], row["reason"], row["decided_by"]) for row in await rows(house)] == [
        ("approved", "", "ada@example.com"), ("rejected", "It cannot be read.", "ada@example.com"),
    ]  # fmt: skip
    kinds = [(mail["kind"], mail["to"]) for mail in await house.mails()]
    assert ("document-approved", "grace@example.com") in kinds
    (told,) = await house.mails("document-rejected")
    assert "It cannot be read." in told["text"]
    assert "It cannot be read." in (await grace.get(LIST)).text
