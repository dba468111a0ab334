"""Changing one's e-mail address: both mailboxes have a say, and nobody else gets the address meanwhile (console.md 5.6)."""

from __future__ import annotations

import asyncio
import html

import pytest

from strowger.platform.access import email_change, kept, links
from tests.people_kit import PASSWORD, Browser, House, errors_of

OLD, NEW = "ada@example.com", "ada@new.example"
DAY = 24 * 3600


async def ask(browser: Browser, email: str) -> None:
    answer = await browser.post("/profile/email", email=email, password=PASSWORD)
    assert answer.status_code == 303, errors_of(answer)


async def asked(house: House, browser: Browser, email: str = NEW) -> str:
    """Ask for another address; returns the path of the link in its mailbox."""
    await ask(browser, email)
    return await house.mailed_path("verify-email")


async def email_of(house: House) -> str:
    return str(await house.context.database.pool.fetchval("SELECT email FROM app_user WHERE id = $1", house.owner.id))


async def test_the_address_changes_when_the_new_mailbox_confirms(house: House) -> None:
    browser = await house.entered()
    for wrong in ({"password": "wrong"}, {"email": "nonsense"}, {"email": OLD}):
        answer = await browser.post("/profile/email", **{"email": NEW, "password": PASSWORD, **wrong})
        assert answer.status_code == 422
    assert await house.mails() == []
    path = await asked(house, browser)
    assert [(m["kind"], m["to"]) for m in await house.mails()] == [("verify-email", NEW), ("email-change", OLD)]
    assert NEW in (await browser.get("/profile/email")).text
    assert (await house.browser().get(path)).status_code == 200, "opening it, as scanners do, changes nothing"
    assert await email_of(house) == OLD
    found = await asyncio.gather(*(house.browser().client.post(path) for _ in range(3)))
    assert sorted(answer.status_code for answer in found) == [303, 410, 410]
    assert await email_of(house) == NEW
    assert (await house.browser().sign_in(OLD)).status_code == 422
    assert (await house.browser().sign_in(NEW)).status_code == 303
    assert await browser.is_in()
    entry = await house.context.database.pool.fetchrow("SELECT * FROM audit_entry WHERE action LIKE 'POST /email/%'")
    assert entry is not None
    assert entry["user_id"] == house.owner.id
    assert NEW in str(entry["changes"])
    assert path.rpartition("/")[2] not in str(dict(entry))


@pytest.mark.parametrize("confirmed", [False, True])
async def test_the_old_mailbox_stops_it_or_takes_it_back_for_some_days(house: House, confirmed: bool) -> None:
    browser = await house.entered()
    path = await asked(house, browser)
    first = await house.mailed_path("email-change")
    if confirmed:
        await browser.client.post(path)
        house.clock.advance((kept.UNDO_DAYS * DAY) - 60)
    undo = await house.mailed_path("email-change")
    assert (undo == first) is not confirmed
    guest = house.browser()
    assert (await guest.get(undo)).status_code == 200
    assert await email_of(house) == (NEW if confirmed else OLD)
    assert (await guest.client.post(undo)).status_code == 200
    assert await email_of(house) == OLD
    assert not await browser.is_in()
    assert (await house.browser().sign_in(OLD)).status_code == 422, "who knew the password does not come in again"
    for dead in (undo, first, path):
        assert (await house.browser().client.post(dead)).status_code == 410
    reset = await house.mailed_path("password-reset")
    assert (await house.mails("password-reset"))[-1]["to"] == OLD
    assert (await house.browser().client.post(reset, data={"password": "Another-Horse-10"})).status_code == 303


async def test_the_first_link_of_the_old_mailbox_works_after_the_change_too(house: House) -> None:
    browser = await house.entered()
    path = await asked(house, browser)
    first = await house.mailed_path("email-change")
    await browser.client.post(path)
    assert (await house.browser().client.post(first)).status_code == 200
    assert await email_of(house) == OLD


async def test_a_chain_of_changes_is_taken_back_as_a_whole(house: House) -> None:
    browser = await house.entered()
    await browser.client.post(await asked(house, browser))
    first = await house.mailed_path("email-change")
    await browser.client.post(await asked(house, browser, "ada@third.example"))
    third = await house.mailed_path("email-change")
    assert (await house.browser().client.post(first)).status_code == 200
    assert await email_of(house) == OLD
    assert (await house.browser().client.post(third)).status_code == 410


async def test_links_end_and_are_stored_as_hashes(house: House) -> None:
    browser = await house.entered()
    path = await asked(house, browser)
    stop = await house.mailed_path("email-change")
    row = await house.context.database.pool.fetchrow("SELECT * FROM email_change")
    assert row is not None
    for one in (path, stop):
        assert one.rpartition("/")[2] not in str(dict(row))
        swapped = "/email/" if "undo" in one else "/email/undo/"
        assert (await house.browser().client.post(swapped + one.rpartition("/")[2])).status_code == 410
    house.clock.advance(3600)
    for one in (path, stop):
        assert (await house.browser().client.post(one)).status_code == 410
    assert await email_of(house) == OLD
    await house.entered()
    again = await asked(house, await house.entered())
    await (await house.entered()).client.post(again)
    undo = await house.mailed_path("email-change")
    house.clock.advance(kept.UNDO_DAYS * DAY)
    assert (await house.browser().client.post(undo)).status_code == 410


async def test_an_address_in_use_or_kept_for_its_user_is_not_given_away(house: House) -> None:
    bob = await house.add("bob", "admin")
    browser = await house.entered()
    await ask(browser, bob.email)
    assert (await house.mails("verify-email"))[-1]["subject"] == "This address is in use already"
    assert bob.email in (await browser.get("/profile/email")).text, "all else is as for an unknown address"
    assert (await house.mails("email-change"))[-1]["to"] == OLD
    await browser.client.post(await asked(house, browser))
    theirs = await house.entered(bob.email)
    await ask(theirs, OLD)
    assert (await house.mails("verify-email"))[-1]["subject"] == "This address is in use already"
    answer = await browser.post("/settings/team/invite", name="Eve", email=OLD, role="support", hours="24")
    assert "take it back" in errors_of(answer)
    mine = await asked(house, browser, OLD)
    assert (await house.browser().client.post(mine)).status_code == 303, "its own user may have it again"


async def test_mailed_links_of_the_old_address_die_with_the_change(house: House) -> None:
    browser = await house.entered()
    path = await asked(house, browser)
    await house.browser().client.post("/password", data={"email": OLD})
    reset = await house.mailed_path(links.RESET)
    await browser.client.post(path)
    assert (await house.browser().get(reset)).status_code == 410


async def test_asking_is_limited_and_a_new_one_replaces_the_one_before(house: House) -> None:
    browser = await house.entered()
    first = await asked(house, browser, "one@new.example")
    await asked(house, browser, "two@new.example")
    assert (await house.browser().get(first)).status_code == 410
    for name in ("three", "four", "five"):
        last = await asked(house, browser, f"{name}@new.example")
    answer = await browser.post("/profile/email", email="six@new.example", password=PASSWORD)
    assert f"{email_change.PER_DAY} times a day" in errors_of(answer)
    await browser.post("/profile/email/cancel")
    assert (await house.browser().client.post(last)).status_code == 410


async def test_who_must_come_by_the_companys_provider_keeps_the_companys_address(house: House) -> None:
    await house.add("grace", "admin")
    browser = await house.entered("grace@example.com")
    await house.settings(sso_only=["example.com"])
    answer = await browser.post("/profile/email", email="grace@private.example", password=PASSWORD)
    assert "company's provider" in html.unescape(errors_of(answer))
    assert await house.mails("verify-email") == []
    await ask(await house.entered(), NEW)  # owners keep their password for the day when it fails
