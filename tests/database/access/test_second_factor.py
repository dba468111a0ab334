"""The second factor over HTTP, in virtual time: codes by mail and SMS, app, recovery codes, limits, lock (R-61, U-96)."""

from __future__ import annotations

import asyncio
import re

import pyotp
import pytest

from strowger.platform.access import sign_in as flow
from tests.people_kit import PASSWORD, Browser, House, errors_of

ADA = "ada@example.com"


async def set_up_app(house: House, browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    """Switch the app on as a person does; returns what the phone computes, and the recovery codes."""
    page = await browser.post("/profile/second-factor/app", password=PASSWORD)
    packed = re.search(r'name="secret" value="([^"]+)"', page.text)
    key = re.search(r'data-copy="([A-Z2-7]{32})"', page.text)
    assert packed
    assert key
    totp = pyotp.TOTP(key[1])
    wrong = await browser.post("/profile/second-factor/app/confirm", secret=packed[1], code="000000")
    assert wrong.status_code == 422
    done = await browser.post("/profile/second-factor/app/confirm", secret=packed[1], code=totp.at(house.clock.now()))
    return totp, re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", done.text.split("<pre")[1].split("</pre>")[0])


async def test_code_by_mail_lets_in_once_and_the_browser_is_known_for_five_hours(house: House) -> None:
    await house.settings(second_factor="email")
    browser = house.browser()
    asked = await browser.sign_in(ADA)
    assert asked.headers["location"].startswith("/sign-in/code")
    assert not await browser.is_in()
    code = await house.mailed_code()
    assert (await browser.code(code)).status_code == 303
    assert await browser.is_in()
    other = house.browser()
    other.client.cookies.set("strowger_step", browser.client.cookies.get("strowger_step", ""))
    assert (await other.code(code)).headers["location"] == "/sign-in"
    await browser.post("/sign-out")
    house.clock.advance(5 * 3600 - 60)
    assert (await browser.sign_in(ADA)).headers["location"] == "/"
    await browser.post("/sign-out")
    house.clock.advance(120)
    assert (await browser.sign_in(ADA)).headers["location"].startswith("/sign-in/code")
    assert (await house.history())[:2] == [("email", "success"), ("device", "success")]


async def test_a_code_is_stored_as_nothing_one_can_use(house: House) -> None:
    await house.settings(second_factor="email")
    await house.browser().sign_in(ADA)
    code = await house.mailed_code()
    row = await house.context.database.pool.fetchrow("SELECT * FROM sign_in_step")
    assert code not in str(dict(row))  # type: ignore[arg-type]


async def test_a_code_ends_after_five_minutes_and_after_five_wrong_tries(house: House) -> None:
    await house.settings(second_factor="email")
    browser = house.browser()
    await browser.sign_in(ADA)
    house.clock.advance(301)
    assert "too old" in errors_of(await browser.code(await house.mailed_code()))
    await browser.client.post("/sign-in/code/again")
    code = await house.mailed_code()
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        await browser.code(wrong)
        house.clock.advance(15)
    assert "does not count any more" in errors_of(await browser.code(code))


async def test_the_fourth_code_locks_the_user_for_a_day_and_an_owner_unlocks(house: House) -> None:
    await house.settings(second_factor="email")
    bob = await house.add("bob", "support")
    browser = house.browser()
    await browser.sign_in(bob.email)
    for _ in range(2):
        await browser.client.post("/sign-in/code/again")
    assert len(await house.mails("login-otp")) == 3
    locked = await browser.client.post("/sign-in/code/again")
    assert locked.headers["location"] == "/sign-in"
    assert len(await house.mails("login-otp")) == 3
    assert (await house.mails("locked"))[0]["to"] == bob.email
    refused = await browser.sign_in(bob.email)
    assert refused.status_code == 403
    assert "locked" in errors_of(refused)
    await flow.unlock(house.context, house.account.id, bob.id)
    assert (await browser.sign_in(bob.email)).status_code == 303
    assert ("email", "locked") in await house.history()


async def test_the_lock_ends_by_itself_after_a_day(house: House) -> None:
    await house.settings(second_factor="email")
    browser = house.browser()
    for _ in range(4):
        answer = await browser.sign_in(ADA)
    assert answer.status_code == 429
    house.clock.advance(24 * 3600 + 1)
    assert (await browser.sign_in(ADA)).status_code == 303


async def test_R61_codes_six_a_minute_twelve_an_hour(house: House) -> None:
    browser = await house.entered()
    totp, _ = await set_up_app(house, browser)
    guess = house.browser()
    await guess.sign_in(ADA)
    answers = [(await guess.code("12345")).status_code for _ in range(8)]
    assert answers == [422] * 6 + [429] * 2
    right = totp.at(house.clock.now())
    assert (await guess.code(right)).status_code == 429, "not even the right one"
    house.clock.advance(61)
    assert [(await guess.code("12345")).status_code for _ in range(7)] == [422] * 6 + [429]
    house.clock.advance(61)
    assert (await guess.code("12345")).status_code == 429, "twelve within the hour"
    house.clock.advance(3600)
    await guess.sign_in(ADA)
    assert (await guess.code(totp.at(house.clock.now()))).status_code == 303


async def test_R61_parallel_guesses_of_codes_count_too(house: House) -> None:
    browser = await house.entered()
    await set_up_app(house, browser)
    guess = house.browser()
    await guess.sign_in(ADA)
    answers = await asyncio.gather(*(guess.code(f"{i:06d}") for i in range(12)))
    assert sorted(answer.status_code for answer in answers) == [422] * 6 + [429] * 6


async def test_each_code_of_the_app_works_once(house: House) -> None:
    browser = await house.entered()
    totp, _ = await set_up_app(house, browser)
    house.clock.advance(30)
    code = totp.at(house.clock.now())
    for expected in (303, 422):
        other = house.browser()
        await other.sign_in(ADA)
        assert (await other.code(code)).status_code == expected
    house.clock.advance(60)
    other = house.browser()
    await other.sign_in(ADA)
    late = totp.at(house.clock.now())
    house.clock.advance(29)
    assert (await other.code(late)).status_code == 303, "a neighbouring step is accepted"


async def test_a_recovery_code_works_once_and_does_not_make_the_browser_known(house: House) -> None:
    browser = await house.entered()
    _, codes = await set_up_app(house, browser)
    assert len(codes) == 10
    for expected in (303, 422):
        other = house.browser()
        await other.sign_in(ADA)
        assert (await other.code(codes[0].upper().replace("-", " "))).status_code == expected
        assert "strowger_device" not in other.client.cookies
    assert "9 of 10 are left" in (await browser.get("/profile/second-factor")).text


async def test_switching_the_app_off_needs_the_password_and_is_told_by_mail(house: House) -> None:
    browser = await house.entered()
    await set_up_app(house, browser)
    assert (await browser.post("/profile/second-factor/app/off", password="wrong")).status_code == 422
    assert (await house.browser().sign_in(ADA)).headers["location"].startswith("/sign-in/code")
    assert (await browser.post("/profile/second-factor/app/off", password=PASSWORD)).status_code == 303
    assert (await house.browser().sign_in(ADA)).headers["location"] == "/"
    assert len(await house.mails("factor-changed")) == 2


async def test_anothers_secret_cannot_be_confirmed(house: House) -> None:
    bob = await house.add("bob", "support")
    page = await (await house.entered()).post("/profile/second-factor/app", password=PASSWORD)
    packed = re.search(r'name="secret" value="([^"]+)"', page.text)
    assert packed
    theirs = await house.entered(bob.email)
    answer = await theirs.post("/profile/second-factor/app/confirm", secret=packed[1], code="123456")
    assert answer.headers["location"] == "/profile/second-factor"
    assert (await house.browser().sign_in(bob.email)).headers["location"] == "/"


async def test_mobile_is_confirmed_by_code_and_then_gets_the_codes(house: House) -> None:
    browser = await house.entered()
    assert (await browser.post("/profile/second-factor/mobile", mobile="nonsense")).status_code == 422
    page = await browser.post("/profile/second-factor/mobile", mobile="+44 7700 900123")
    token = re.search(r'name="token" value="([^"]+)"', page.text)
    assert token
    assert (await browser.post("/profile/second-factor/mobile/confirm", token=token[1], code="xx")).status_code == 422
    code = house.texts[-1][1][:6]
    assert (await browser.post("/profile/second-factor/mobile/confirm", token=token[1], code=code)).status_code == 303
    await house.settings(second_factor="sms")
    other = house.browser()
    other.client.cookies.set("strowger_step", token[1])
    assert (await other.code(code)).headers["location"] == "/sign-in", "the token of a number opens no session"
    await other.sign_in(ADA)
    msisdn, text = house.texts[-1]
    assert msisdn == "447700900123"
    assert (await other.code(text[:6])).status_code == 303


async def test_U96_a_sign_in_from_a_new_place_is_told(house: House) -> None:
    await house.entered(address="192.0.2.1")
    await house.entered(address="192.0.2.77")
    assert await house.mails("new-login") == []
    await house.entered(address="198.51.100.9")
    await house.entered(address="192.0.2.1", agent="curl")
    assert [mail["to"] for mail in await house.mails("new-login")] == [ADA, ADA]


async def test_wrong_passwords_stand_in_the_history(house: House) -> None:
    browser = house.browser()
    for _ in range(11):
        await browser.sign_in(ADA, "wrong")
    assert await house.history() == [("password", "wrong-password")] * 10 + [("password", "locked")]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_foreign_forms_are_refused(house: House, headers: dict[str, str]) -> None:
    browser = house.browser()
    for path in ("/sign-in", "/sign-in/code", "/sign-in/code/again", "/password", "/sign-in/link"):
        answer = await browser.client.post(
            path, data={"email": ADA, "password": PASSWORD, "code": "1"}, headers=headers
        )
        assert answer.status_code == 403, path
