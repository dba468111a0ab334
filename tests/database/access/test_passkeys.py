"""Passkeys over HTTP with an authenticator in software: register, sign in alone and as second factor, and every misuse."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import httpx

from tests.passkey_kit import PRESENT, SoftKey
from tests.people_kit import PASSWORD, Browser, House, errors_of

ADA, HERE = "ada@example.com", "/profile/passkeys"


def options_in(answer: httpx.Response) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', answer.text)
    assert found, answer.text
    options: dict[str, Any] = json.loads(unescape(found[1]))
    return options


async def add(browser: Browser, key: SoftKey, name: str = "Laptop") -> httpx.Response:
    page = await browser.post(f"{HERE}/new", name=name, password=PASSWORD)
    return await browser.post(f"{HERE}/add", name=name, credential=key.create(options_in(page)))


def codes_in(answer: httpx.Response) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"\b[a-z2-9]{5}-[a-z2-9]{5}\b", answer.text.split("<pre")[1].split("</pre>")[0])


async def ask(browser: Browser) -> dict[str, Any]:
    options: dict[str, Any] = (await browser.client.post("/sign-in/passkey/options")).json()
    return options


async def enter(browser: Browser, credential: str) -> str:
    """Where signing in with a passkey leads."""
    answer = await browser.client.post("/sign-in/passkey", data={"credential": credential})
    return str(answer.headers["location"])


async def factor(browser: Browser, credential: str) -> str:
    return str(
        (await browser.client.post("/sign-in/code/passkey", data={"credential": credential})).headers["location"]
    )


async def ready(house: House) -> SoftKey:
    key = SoftKey()
    await add(await house.entered(), key)
    return key


async def test_a_passkey_signs_in_alone(house: House) -> None:
    key, ada = SoftKey(), await house.entered()
    assert "password is wrong" in errors_of(await ada.post(f"{HERE}/new", name="x", password="no"))
    added = await add(ada, key)
    assert len(codes_in(added)) == 10
    assert "Laptop" in (await ada.get(HERE)).text
    assert "was added" in (await house.mails("factor-changed"))[0]["text"]
    other = house.browser()
    options = await ask(other)
    assert (options["userVerification"], options["rpId"], options.get("allowCredentials", [])) == (
        "required",
        "localhost",
        [],
    )
    assert await enter(other, key.get(options)) == "/"
    assert await other.is_in()
    assert (await house.history())[-1] == ("passkey", "success")
    row = await house.context.database.pool.fetchrow("SELECT sign_count, last_used_at FROM passkey")
    assert row is not None
    assert (row["sign_count"], row["last_used_at"]) == (1, house.clock.now())


async def test_a_challenge_works_once_for_its_ceremony_and_five_minutes(house: House) -> None:
    key = await ready(house)
    browser = house.browser()
    credential = key.get(await ask(browser))
    assert await enter(browser, credential) == "/"
    replayed = house.browser()
    assert await enter(replayed, credential) == "/sign-in", "a replayed answer"
    own = {"challenge": "AAAA" * 10, "rpId": "localhost"}
    assert await enter(replayed, key.get(own)) == "/sign-in", "a challenge of somebody's own"
    late = key.get(await ask(replayed))
    house.clock.advance(301)
    assert await enter(replayed, late) == "/sign-in", "a late one"
    await replayed.sign_in(ADA)
    page = await replayed.get("/sign-in/code")
    assert await enter(house.browser(), key.get(options_in(page))) == "/sign-in", "one of another ceremony"
    assert not await replayed.is_in()


async def test_what_does_not_fit_lets_nobody_in(house: House) -> None:
    key = await ready(house)
    browser = house.browser()
    stranger = SoftKey(id=key.id, handle=key.handle)
    assert await enter(browser, stranger.get(await ask(browser))) == "/sign-in", "another key under a known id"
    phished = SoftKey(key.key, key.id, key.handle, key.count, origin="https://evil.example")
    assert await enter(browser, phished.get(await ask(browser))) == "/sign-in", "another site"
    silent = SoftKey(key.key, key.id, key.handle, key.count, flags=PRESENT)
    assert await enter(browser, silent.get(await ask(browser))) == "/sign-in", "a user who was not verified"
    swapped = SoftKey(key.key, key.id, "AAAA", key.count)
    assert await enter(browser, swapped.get(await ask(browser))) == "/sign-in", "another user's handle"
    key.count = 5
    assert await enter(browser, key.get(await ask(browser))) == "/"
    copy, again = SoftKey(key.key, key.id, key.handle, 2), house.browser()
    assert await enter(again, copy.get(await ask(again))) == "/sign-in", "a copied key, whose counter is behind"
    for nonsense in ("", "{}", "[" * 10_000, '{"rawId": "!", "response": {"clientDataJSON": "!"}}', "x" * 30_000):
        assert await enter(again, nonsense) == "/sign-in"
    assert not await again.is_in()
    headers = {"Origin": "https://evil.example"}
    for path in ("/sign-in/passkey", "/sign-in/passkey/options", "/sign-in/code/passkey"):
        assert (await again.client.post(path, data={"credential": "x"}, headers=headers)).status_code == 403


async def test_after_the_password_a_passkey_is_asked_for_in_place_of_codes(house: House) -> None:
    await house.settings(second_factor="email")
    ada, key = house.browser(), SoftKey()
    await ada.sign_in(ADA)
    await ada.code(await house.mailed_code())
    codes = codes_in(await add(ada, key))
    browser = house.browser(address="198.51.100.7")
    assert (await browser.sign_in(ADA)).headers["location"].startswith("/sign-in/code")
    assert len(await house.mails("login-otp")) == 1, "no code by mail, which would weaken it"
    page = await browser.get("/sign-in/code")
    assert "Send a new code" not in page.text
    stranger = SoftKey()
    assert await factor(browser, stranger.get(options_in(page))) == "/sign-in/code"
    page = await browser.get("/sign-in/code")
    assert await factor(browser, key.get(options_in(page))) == "/"
    assert await browser.is_in()
    third = house.browser()
    await third.sign_in(ADA)
    assert (await third.code(codes[0])).status_code == 303, "a recovery code when the device is lost"
    assert await factor(house.browser(), "{}") == "/sign-in/code"


async def test_a_locked_or_disabled_user_stays_out(house: House) -> None:
    key = await ready(house)
    browser = house.browser()
    await house.context.database.pool.execute("UPDATE app_user SET state = 'disabled'")
    assert await enter(browser, key.get(await ask(browser))) == "/sign-in"
    await house.context.database.pool.execute("UPDATE app_user SET state = 'active'")
    await house.settings(sign_in_addresses={"on": True, "networks": [{"network": "203.0.113.0/24", "label": ""}]})
    assert await enter(browser, key.get(await ask(browser))) == "/sign-in"
    assert (await house.history())[-1] == ("passkey", "address")


async def test_passkeys_are_renamed_and_removed_by_their_user_only(house: House) -> None:
    key, ada = SoftKey(), await house.entered()
    await add(ada, key)
    assert (await add(ada, key)).headers["location"] == HERE
    number = await house.context.database.pool.fetchval("SELECT number FROM passkey")
    await house.add("bob", "admin")
    bob = await house.entered("bob@example.com")
    for tail, fields in (("rename", {"name": "x"}), ("remove", {"password": PASSWORD})):
        assert (await bob.post(f"{HERE}/{number}/{tail}", **fields)).status_code == 404
    assert (await bob.get(f"{HERE}/{number}")).status_code == 404
    page = await bob.post(f"{HERE}/new", name="Bob", password=PASSWORD)
    assert (await ada.post(f"{HERE}/add", name="x", credential=SoftKey().create(options_in(page)))).headers[
        "location"
    ] == HERE
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM passkey") == 1, "a challenge is its user's"
    await ada.post(f"{HERE}/{number}/rename", name="Phone")
    assert "Phone" in (await ada.get(HERE)).text
    assert (await ada.post(f"{HERE}/{number}/remove", password="no")).status_code == 422
    assert (await ada.post(f"{HERE}/{number}/remove", password=PASSWORD)).status_code == 303
    counts = await house.context.database.pool.fetchrow(
        "SELECT (SELECT count(*) FROM passkey) AS keys, (SELECT count(*) FROM recovery_code) AS codes"
    )
    assert tuple(counts) == (0, 0)  # type: ignore[arg-type]
    browser = house.browser()
    assert await enter(browser, key.get(await ask(browser))) == "/sign-in"
    assert (await browser.sign_in(ADA)).headers["location"] == "/", "the password alone is enough again"
