"""KYC from the trial to the approval, over HTTP: what is asked for, handed in, decided, and told by mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from strowger.foundation.settings import SettingsError
from strowger.platform.accounts import service as accounts
from strowger.platform.accounts.models import Account
from strowger.platform.approvals import pages as approvals
from strowger.platform.documents import pages as documents
from strowger.platform.kyc import pages as kyc
from strowger.platform.kyc.profiles import _read, profile_of
from tests.people_kit import CSRF, PASSWORD, Browser, House, errors_of, open_house

PDF = b"%PDF-1.4 proof"
HERE = "/settings/kyc"
COMPANY = {
    "company": "Grace GmbH", "address": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115", "state": "",
    "register_number": "hrb 12345", "vat_id": "de123456789", "representative": "Grace Hopper", "phone": "+4915112345678",
}  # fmt: skip


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages=[*documents.pages, *kyc.pages, *approvals.pages]) as house:
        yield house


async def customer(house: House, country: str = "DE") -> tuple[Browser, Account]:
    account = await accounts.create_account(house.context, "Grace GmbH", country, "EUR", state="trial")
    await accounts.create_user(house.context, account.id, "grace@example.com", "Grace", PASSWORD)
    return await house.entered("grace@example.com"), account


async def upload(browser: Browser, key: str, data: bytes = PDF, name: str = "proof.pdf") -> httpx.Response:
    found = CSRF.search((await browser.get("/profile")).text)
    assert found
    return await browser.client.post(
        f"{HERE}/documents/{key}", data={"csrf": found[1]}, files=[("file", (name, data, ""))]
    )


async def hand_in(browser: Browser) -> None:
    assert (await browser.post(f"{HERE}/company", **COMPANY)).headers["location"] == f"{HERE}/documents"
    for key in ("register_extract", "signatory_id"):
        assert (await upload(browser, key)).status_code == 303
    assert (await browser.post(f"{HERE}/review", declared="on")).headers["location"] == HERE


async def row(house: House, account: Account) -> Any:
    return await house.context.database.pool.fetchrow(
        "SELECT k.*, a.state AS account_state FROM account a LEFT JOIN kyc_case k ON k.account_id = a.id WHERE a.id = $1",
        account.id,
    )


async def statuses(house: House) -> list[tuple[str, str]]:
    rows = await house.context.database.pool.fetch("SELECT status, bound_to FROM document ORDER BY id")
    return [(found["status"], found["bound_to"]) for found in rows]


async def test_a_trial_ends_with_the_approval(house: House) -> None:
    (grace, account), ada = await customer(house), await house.entered()
    assert "trial account" in (await grace.get(HERE)).text
    await hand_in(grace)
    found = await row(house, account)
    assert (found["state"], found["submitted_by"], found["submitted_ip"]) == (
        "submitted",
        "grace@example.com",
        "192.0.2.1",
    )
    assert found["details"]["register_number"] == "HRB 12345"
    assert await statuses(house) == [("pending", "kyc")] * 2
    invoice = await house.context.database.pool.fetchrow("SELECT company, tax_id, country FROM billing_profile")
    assert tuple(invoice) == ("Grace GmbH", "DE123456789", "DE")  # type: ignore[arg-type]
    document = await house.context.database.pool.fetchval("SELECT file_id FROM document LIMIT 1")
    await grace.post(f"/settings/documents/{document}/delete")
    assert len(await statuses(house)) == 2, "nobody takes a proof away from the reviewer"
    assert (await grace.get(f"{HERE}/company")).status_code == 404, "what waits is not changed"
    queue = await ada.get("/approvals")
    assert f"/approvals/kyc/{account.id}" in queue.text
    assert "document:" not in queue.text, "a case's documents are decided with it"
    assert "HRB 12345" in (await ada.get(f"/approvals/kyc/{account.id}")).text
    assert (await row(house, account))["state"] == "in_review"
    await grace.post(f"{HERE}/withdraw")
    assert (await row(house, account))["state"] == "in_review", "it is too late to take it back"
    assert (await ada.post(f"/approvals/kyc/{account.id}", decision="approve")).status_code == 303
    found = await row(house, account)
    assert (found["state"], found["account_state"], found["reviewer"]) == ("approved", "active", "ada@example.com")
    assert await statuses(house) == [("approved", "kyc")] * 2
    (mail,) = await house.mails("kyc-approved")
    assert mail["to"] == "grace@example.com"
    assert (
        (await ada.post(f"/approvals/kyc/{account.id}", decision="reject", code="mismatch"))
        .headers["location"]
        .endswith("kyc")
    )
    assert (await row(house, account))["state"] == "approved"


async def test_a_rejection_tells_the_reason_and_the_case_can_be_corrected(house: House) -> None:
    (grace, account), ada = await customer(house), await house.entered()
    await hand_in(grace)
    path = f"/approvals/kyc/{account.id}"
    assert "Say why" in errors_of(await ada.post(path, decision="reject"))
    await ada.post(path, decision="reject", code="unreadable", text="Page 2.")
    found = await row(house, account)
    assert (found["state"], found["account_state"], found["reason"]) == (
        "rejected",
        "trial",
        "A document cannot be read. Page 2.",
    )
    assert "Page 2." in (await house.mails("kyc-rejected"))[0]["text"]
    assert "Page 2." in (await grace.get(HERE)).text
    assert await statuses(house) == [("rejected", "")] * 2
    assert "Still missing" in errors_of(await grace.post(f"{HERE}/review", declared="on"))
    for key in ("register_extract", "signatory_id"):
        await upload(grace, key)
    await grace.post(f"{HERE}/review", declared="on")
    await grace.post(f"{HERE}/withdraw")
    assert (await row(house, account))["state"] == "draft"
    await grace.post(f"{HERE}/review", declared="on")
    await ada.post(path, decision="more", text="Who owns the company?")
    found = await row(house, account)
    assert (found["state"], found["reason"]) == ("draft", "Who owns the company?")
    assert "Who owns" in (await house.mails("kyc-more"))[0]["text"]
    await grace.post(f"{HERE}/review", declared="on")
    await ada.post("/approvals", act=f"approve kyc:{account.id}")
    assert (await row(house, account))["account_state"] == "active"
    await ada.post(path, text="The extract is two years old.")
    found = await row(house, account)
    assert (found["state"], found["account_state"]) == ("expired", "active"), "whoever was approved goes on sending"
    assert len(await house.mails("kyc-renewal")) == 1


async def test_details_and_documents_are_checked(house: House) -> None:
    grace, account = await customer(house)
    for wrong, label in (
        ({"vat_id": "FR123"}, "VAT ID"),
        ({"register_number": ""}, "register"),
        ({"phone": "12"}, "Mobile"),
    ):
        answer = await grace.post(f"{HERE}/company", **{**COMPANY, **wrong})
        assert (answer.status_code, label in errors_of(answer)) == (422, True)
    assert "not complete" in errors_of(await grace.post(f"{HERE}/review", declared="on"))
    assert "needed" in errors_of(await grace.post(f"{HERE}/review"))
    assert (await upload(grace, "unknown")).status_code == 404
    disguised = await upload(grace, "signatory_id", b"<html><script>1</script>", "passport.png")
    assert disguised.status_code == 422
    assert "none of PDF" in disguised.text
    assert (await row(house, account))["state"] is None
    await house.add("sam", "support", account)
    sam = await house.entered("sam@example.com")
    assert (await sam.get(f"{HERE}/company")).status_code == 403
    assert (await grace.get(f"/approvals/kyc/{account.id}")).status_code == 403


async def test_india_shows_its_own_numbers(house: House) -> None:
    grace, account = await customer(house, "IN")
    values = {
        "company": "Ada Pvt", "address": "MG Road", "city": "Pune", "representative": "Ada L", "phone": "+919876543210",
        "pan": "abcde1234f", "tan": "abcd12345e", "gstin": "",
    }  # fmt: skip
    assert "PAN" in errors_of(await grace.post(f"{HERE}/company", **{**values, "pan": "12345"}))
    assert (await grace.post(f"{HERE}/company", **values)).status_code == 303
    assert await house.context.database.pool.fetchval("SELECT tan FROM billing_profile") == "ABCD12345E"
    for key in ("id_proof", "address_proof", "pan_copy"):
        await upload(grace, key)
    await grace.post(f"{HERE}/review", declared="on")
    assert (await row(house, account))["state"] == "submitted", "without a GST number no certificate is needed"


async def test_the_operators_file_replaces_the_profiles(house: House, tmp_path: Path) -> None:
    path = tmp_path / "profiles.json"
    path.write_text('[{"countries": [], "name": "All", "identifiers": [], "documents": []}]')
    assert [len(profile.documents) for profile in _read(str(path))] == [0]
    assert profile_of(house.context.settings, "BR").name == "Other countries"
    path.write_text("[]")
    _read.cache_clear()
    with pytest.raises(SettingsError, match="STROWGER_KYC_PROFILES"):
        _read(str(path))
