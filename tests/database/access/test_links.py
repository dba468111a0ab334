"""R-62: links by mail work once, for an hour at most, and are stored as hashes."""

from __future__ import annotations

import asyncio

import pytest

from strowger.platform.access import links
from tests.people_kit import PASSWORD, House, errors_of

ADA = "ada@example.com"
NEW = "Another-Horse-10"


async def reset_path(house: House) -> str:
    await house.browser().client.post("/password", data={"email": ADA})
    return await house.mailed_path("password-reset")


async def test_R62_reset_works_once_and_ends_every_session(house: House) -> None:
    inside = await house.entered()
    path = await reset_path(house)
    browser = house.browser()
    assert (await browser.get(path)).status_code == 200
    weak = await browser.client.post(path, data={"password": "short"})
    assert "characters" in errors_of(weak)
    assert (await browser.client.post(path, data={"password": NEW})).status_code == 303
    assert await browser.is_in()
    assert not await inside.is_in()
    assert (await house.browser().client.post(path, data={"password": PASSWORD})).status_code == 410
    assert (await house.browser().get(path)).status_code == 410
    assert (await house.browser().sign_in(ADA)).status_code == 422
    assert (await house.browser().sign_in(ADA, NEW)).status_code == 303
    assert len(await house.mails("password-changed")) == 1


@pytest.mark.parametrize("purpose", list(links.LIVES))
async def test_R62_no_link_lives_longer_than_an_hour(house: House, purpose: str) -> None:
    assert links.LIVES[purpose].total_seconds() <= 3600
    async with house.context.database.session() as session:
        token = await links.make(session, house.context, house.owner.id, purpose)
    assert (await links.look(house.context, token, purpose)).id == house.owner.id
    house.clock.advance(links.LIVES[purpose].total_seconds())
    with pytest.raises(links.LinkGone):
        await links.look(house.context, token, purpose)


async def test_R62_links_are_stored_hashed_and_for_one_purpose(house: House) -> None:
    path = await reset_path(house)
    token = path.rpartition("/")[2]
    row = await house.context.database.pool.fetchrow("SELECT * FROM one_time_link")
    assert token not in str(dict(row))  # type: ignore[arg-type]
    for other in (f"/invitation/{token}", f"/sign-in/link/{token}"):
        assert (await house.browser().client.post(other, data={"name": "Eve", "password": NEW})).status_code == 410


async def test_R62_of_parallel_uses_one_wins(house: House) -> None:
    path = await reset_path(house)
    found = await asyncio.gather(
        *(house.browser().client.post(path, data={"password": f"{NEW}-{i}"}) for i in range(4))
    )
    assert sorted(answer.status_code for answer in found) == [303, 410, 410, 410]


async def test_a_new_link_makes_the_old_one_worthless(house: House) -> None:
    first = await reset_path(house)
    await reset_path(house)
    assert (await house.browser().get(first)).status_code == 410


async def test_asking_does_not_tell_who_has_a_user_and_is_limited(house: House) -> None:
    browser = house.browser()
    answers = {(await browser.client.post("/password", data={"email": e})).text for e in (ADA, "nobody@example.com")}
    assert len(answers) == 1
    for _ in range(9):
        await browser.client.post("/password", data={"email": ADA})
    assert len(await house.mails("password-reset")) == links.MAILS_PER_HOUR


async def test_sign_in_link_replaces_the_password_not_the_second_factor(house: House) -> None:
    browser = house.browser()
    await browser.client.post("/sign-in/link", data={"email": ADA})
    path = await house.mailed_path("sign-in")
    assert (await browser.get(path)).status_code == 200, "opening it, as scanners do, does not use it up"
    assert (await browser.client.post(path)).headers["location"] == "/"
    assert (await browser.client.post(path)).status_code == 410
    await house.settings(second_factor="email")
    other = house.browser()
    await other.client.post("/sign-in/link", data={"email": ADA})
    answer = await other.client.post(await house.mailed_path("sign-in"))
    assert answer.headers["location"].startswith("/sign-in/code")
    assert not await other.is_in()
