"""Signing up: who may, what a mail proves, what is made (console.md 5.2)."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from strowger.platform.access import sign_up
from strowger.platform.accounts import service
from tests.people_kit import PASSWORD, House, errors_of, open_house

FORM = {
    "name": "Grace Hopper", "email": "Grace@navy.example", "company": "Navy", "country": "DE", "password": PASSWORD, "terms": "on",
}  # fmt: skip


async def test_open_sign_up_from_form_to_trial_account(database_url: str, tmp_path: Path) -> None:
    async with open_house(database_url, tmp_path, signup="open") as house:
        browser = house.browser()
        assert 'href="/sign-up"' in (await browser.get("/sign-in")).text
        for wrong in ({"terms": ""}, {"password": "short"}, {"country": "XX"}, {"email": "x"}):
            given = {key: value for key, value in {**FORM, **wrong}.items() if value}
            assert (await browser.client.post("/sign-up", data=given)).status_code == 422
        assert await house.mails() == []
        assert (await browser.client.post("/sign-up", data=FORM)).status_code == 200
        assert (await browser.sign_in("grace@navy.example")).status_code == 422, (
            "nothing is made before the address is proven"
        )
        path = await house.mailed_path("verify-email")
        assert (await browser.get(path)).status_code == 200
        found = await asyncio.gather(*(house.browser().client.post(path) for _ in range(3)))
        assert sorted(answer.status_code for answer in found) == [303, 410, 410]
        row = await house.context.database.pool.fetchrow(
            "SELECT a.state, a.currency, a.settings, u.role, w.balance FROM account a JOIN app_user u ON u.account_id = a.id"
            " JOIN wallet w ON w.account_id = a.id WHERE u.email = 'grace@navy.example'"
        )
        assert row is not None
        assert (row["state"], row["currency"], row["role"], row["balance"]) == ("trial", "EUR", "owner", 0)
        assert (await house.browser().sign_in("grace@navy.example")).headers["location"].startswith("/sign-in/code")


async def test_news_are_mailed_to_who_agreed_and_as_long_as_they_do(database_url: str, tmp_path: Path) -> None:
    async with open_house(database_url, tmp_path, signup="open") as house:
        browser = house.browser()
        await browser.client.post("/sign-up", data={**FORM, "news": "on"})
        await browser.client.post(await house.mailed_path("verify-email"))
        listed = await service.list_people(house.context, None, only_news=True)
        assert [(one["email"], one["news"][:10]) for one in listed] == [("grace@navy.example", "2026-01-01")]
        assert len(await service.list_people(house.context, None, only_news=False)) == 2
        assert await service.list_people(house.context, house.account.id, only_news=True) == []
        assert re.search(r'name="news"[^>]* checked', (await browser.get("/profile")).text)
        house.clock.advance(86_400)
        await browser.sign_in("grace@navy.example")
        await browser.code(await house.mailed_code())
        for fields, agreed in (({"news": "on"}, "2026-01-01"), ({}, None), ({"news": "on"}, "2026-01-02")):
            answer = await browser.post("/profile", name="Grace Hopper", time_zone="UTC", **fields)
            assert answer.status_code == 303
            row = (await service.list_people(house.context, None, only_news=False))[1]
            assert (row["news"] or "")[:10] == (agreed or "")


async def test_R62_a_sign_up_link_ends_after_an_hour(database_url: str, tmp_path: Path) -> None:
    async with open_house(database_url, tmp_path, signup="open") as house:
        await house.browser().client.post("/sign-up", data=FORM)
        path = await house.mailed_path("verify-email")
        house.clock.advance(3600)
        assert (await house.browser().client.post(path)).status_code == 410


async def test_sign_up_does_not_tell_who_has_a_user_and_is_limited(database_url: str, tmp_path: Path) -> None:
    async with open_house(database_url, tmp_path, signup="open", require_work_email=True) as house:
        browser = house.browser()
        taken = {**FORM, "email": "ada@example.com"}
        answers = {(await browser.client.post("/sign-up", data=form)).text for form in (FORM, taken)}
        assert len(answers) == 1
        assert (await house.mails("verify-email"))[1]["subject"] == "You have an account already"
        assert "company" in errors_of(await browser.client.post("/sign-up", data={**FORM, "email": "x@gmail.com"}))
        for _ in range(8):
            house.clock.advance(61)
            await browser.client.post("/sign-up", data=FORM)
        assert len(await house.mails("verify-email")) == sign_up.MAILS_PER_DAY + 1


async def test_by_default_only_who_was_invited_opens_an_account(house: House) -> None:
    browser = house.browser()
    assert (await browser.get("/sign-up")).status_code == 404
    assert (await browser.client.post("/sign-up", data=FORM)).status_code == 404
    await sign_up.invite(house.context, "grace@navy.example")
    path = await house.mailed_path("sign-up-invitation")
    plain = path.replace("/invited", "")
    assert (await browser.client.post(plain)).status_code == 410, "it does not skip the form"
    given = {key: value for key, value in FORM.items() if key != "email"}
    assert (await browser.client.post(path, data={**given, "password": "short"})).status_code == 422
    assert (await browser.client.post(path, data=given)).status_code == 303
    assert await browser.is_in()
    assert (await browser.client.post(path, data=given)).status_code == 410


async def test_a_mobile_number_is_proven_before_the_account_opens(database_url: str, tmp_path: Path) -> None:
    async with open_house(database_url, tmp_path, signup="open") as house:
        browser = house.browser()
        form = {**FORM, "mobile": "+49 151 12345678"}
        assert "Mobile" in errors_of(await browser.client.post("/sign-up", data={**form, "mobile": "12"}))
        await browser.client.post("/sign-up", data=form)
        path = await house.mailed_path("verify-email")
        page = f"{path}/mobile"
        assert (await browser.client.post(page, data={"code": "000000"})).status_code == 410, "no code was sent yet"
        assert (await browser.client.post(path)).headers["location"] == page
        ((number, text),) = house.texts
        assert number == "4915112345678"
        for wrong in ("000000", "111111", "222222", "333333", "444444"):
            assert (await browser.client.post(page, data={"code": wrong})).status_code == 422
        assert (await browser.client.post(page, data={"code": text[:6]})).status_code == 422, (
            "five wrong ones burn a code"
        )
        await browser.client.post(f"{page}/again")
        house.clock.advance(301)
        assert (await browser.client.post(page, data={"code": house.texts[-1][1][:6]})).status_code == 422, "too old"
        await browser.client.post(f"{page}/again")
        await browser.client.post(f"{page}/again")
        assert (len(house.texts), (await browser.client.post(path)).status_code) == (3, 429), "three codes and no more"
        assert (await browser.client.post(page, data={"code": house.texts[-1][1][:6]})).status_code == 303
        row = await house.context.database.pool.fetchrow(
            "SELECT mobile, role FROM app_user WHERE email = 'grace@navy.example'"
        )
        assert row is not None
        assert (row["mobile"], row["role"]) == ("4915112345678", "owner")
        assert (await browser.client.post(page, data={"code": house.texts[-1][1][:6]})).status_code == 410


async def test_a_new_account_begins_with_a_sender(database_url: str, tmp_path: Path) -> None:
    from strowger.channels.sms import codes  # noqa: F401 - registers what new accounts begin with

    async with open_house(database_url, tmp_path, signup="open") as house:
        await house.browser().client.post("/sign-up", data=FORM)
        await house.browser().client.post(await house.mailed_path("verify-email"))
        row = await house.context.database.pool.fetchrow("SELECT sender, status, is_default FROM sender")
        assert row is not None
        assert tuple(row) == ("STRWGR", "Approved", True)
