"""The proof of work: when it is asked for, what counts, and that it tells nothing (console.md 5.2, "captcha hook")."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strowger.platform.access import links, proof
from tests.database.access.test_sign_up import FORM
from tests.people_kit import PASSWORD, House, errors_of, open_house

ADA = "ada@example.com"


@pytest.fixture
async def guarded(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, captcha=True, signup="open") as house:
        yield house


@pytest.fixture(autouse=True)
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python hashes slower than a browser."""
    monkeypatch.setattr(proof, "MOST", dict.fromkeys(proof.MOST, 2_000))


def solved(page: str) -> dict[str, str]:
    """What a browser sends, once it has computed."""
    salt, wanted, most, token = (
        re.search(pattern, page)[1]  # type: ignore[index]
        for pattern in (
            r'data-salt="(\w+)"',
            r'data-hash="(\w+)"',
            r'data-most="(\d+)"',
            r'name="proof_token" value="([^"]+)"',
        )
    )
    number = next(n for n in range(int(most)) if hashlib.sha256(f"{salt}{n}".encode()).hexdigest() == wanted)
    return {"proof": str(number), "proof_token": token}


async def test_signing_up_asks_for_a_proof_that_counts_once(guarded: House) -> None:
    browser = guarded.browser()
    page = (await browser.get("/sign-up")).text
    given = solved(page)
    wrong = (
        {}, {"proof": "", "proof_token": given["proof_token"]}, {**given, "proof": str(int(given["proof"]) + 1)},
        {**given, "proof_token": given["proof_token"][:-8] + "AAAAAAA="}, {**given, "proof_token": "nonsense"},
    )  # fmt: skip
    for one in wrong:
        answer = await browser.client.post("/sign-up", data={**FORM, **one})
        assert answer.status_code == 422
        assert "check below" in errors_of(answer)
    assert await guarded.mails() == []
    assert (await browser.client.post("/sign-up", data={**FORM, **given})).status_code == 200
    assert len(await guarded.mails("verify-email")) == 1
    again = await browser.client.post("/sign-up", data={**FORM, "email": "eve@navy.example", **given})
    assert again.status_code == 422, "used up"
    late = solved(again.text)
    guarded.clock.advance(proof.LIVES.total_seconds())
    assert (
        await browser.client.post("/sign-up", data={**FORM, "email": "eve@navy.example", **late})
    ).status_code == 422


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
async def test_signing_in_asks_for_it_after_three_failures_with_an_address(guarded: House, email: str) -> None:
    for n in range(3):
        browser = guarded.browser(address=f"198.51.{n}.7")
        answer = await browser.sign_in(email, "wrong")
        assert answer.status_code == 422
        assert ("data-proof" in answer.text) is (n == 2)
    browser = guarded.browser(address="203.0.113.9")
    assert "data-proof" not in (await browser.get("/sign-in")).text
    asked = await browser.sign_in(email)
    assert "check below" in errors_of(asked)
    assert await guarded.context.database.pool.fetchval("SELECT failed_logins FROM app_user") == (
        3 if email == ADA else 0
    )
    answer = await browser.client.post("/sign-in", data={"email": email, "password": PASSWORD, **solved(asked.text)})
    assert answer.status_code == (303 if email == ADA else 422)


async def test_it_is_asked_for_after_three_failures_from_a_network_and_forgotten_later(guarded: House) -> None:
    browser = guarded.browser(address="198.51.100.7")
    for n in range(3):
        await browser.sign_in(f"guess{n}@example.com", "wrong")
    neighbour = guarded.browser(address="198.51.100.200")
    page = (await neighbour.get("/sign-in")).text
    assert "data-proof" in page
    assert (await neighbour.sign_in(ADA)).status_code == 422
    wrong_purpose = solved((await neighbour.get("/sign-up")).text)
    refused = await neighbour.client.post("/sign-in", data={"email": ADA, "password": PASSWORD, **wrong_purpose})
    assert refused.status_code == 422
    sent = {"email": ADA, "password": PASSWORD, **solved(page)}
    assert (await neighbour.client.post("/sign-in", data=sent)).status_code == 303
    assert "data-proof" not in (await guarded.browser(address="203.0.113.9").get("/sign-in")).text
    guarded.clock.advance(proof.WINDOW.total_seconds())
    assert "data-proof" not in (await guarded.browser(address="198.51.100.7").get("/sign-in")).text
    guarded.clock.advance(3600)
    await links.purge(guarded.context)
    for table in ("sign_in_failure", "spent_proof"):
        assert await guarded.context.database.pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_the_operator_switches_it_off(house: House) -> None:
    browser = house.browser()
    for _ in range(5):
        assert "data-proof" not in (await browser.sign_in(ADA, "wrong")).text
    assert (await browser.sign_in(ADA)).status_code == 303
