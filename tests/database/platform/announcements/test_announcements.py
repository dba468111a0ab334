"""Announcements: written by the operator, above every page until dismissed (console.md 5.15)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.people_kit import Browser, House, errors_of, open_house

from strowger.platform.accounts import service as accounts
from strowger.platform.announcements import pages

LIST, NEWS = "/operator/announcements", "/announcements"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, pages.pages) as house:
        yield house


def form(house: House, **more: str) -> dict[str, str]:
    now = house.clock.now()
    return {
        "title": "Maintenance on Sunday", "body": "Sending pauses for a quarter of an hour.", "tone": "warning", "link": "",
        "starts_at": now.strftime(pages.TIME), "ends_at": (now + timedelta(days=2)).strftime(pages.TIME), **more,
    }  # fmt: skip


async def announce(house: House, browser: Browser, **more: str) -> None:
    answer = await browser.post(f"{LIST}/new", **form(house, **more))
    assert answer.status_code == 303, errors_of(answer)


async def shown(browser: Browser, path: str = "/profile") -> bool:
    return "Announcement: Maintenance" in (await browser.get(path)).text


async def test_everybody_sees_it_until_they_dismiss_it(house: House) -> None:
    operator = await house.entered()
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.entered((await house.add("eve", "numbers-only", other)).email)
    assert not await shown(eve)
    assert "Nothing new" in (await eve.get(NEWS)).text
    await announce(house, operator, link="https://status.example.com")
    for browser in (operator, eve):
        assert await shown(browser)
    assert not await shown(house.browser(), "/sign-in"), "for those who are signed in"
    number = await house.context.database.pool.fetchval("SELECT id FROM announcement")
    assert (await eve.client.post(f"{NEWS}/{number}/dismiss")).status_code == 403, "with the page's token"
    answer = await eve.post(f"{NEWS}/{number}/dismiss", back="//evil.example/")
    assert answer.headers["location"] == "/"
    await eve.post(f"{NEWS}/{number}/dismiss", back="/profile")
    assert not await shown(eve)
    assert await shown(operator), "each for themselves"
    assert "Sending pauses" in (await eve.get(NEWS)).text
    house.clock.advance(2 * 24 * 3600)
    assert not await shown(await house.entered())


async def test_it_is_planned_changed_ended_and_removed(house: House) -> None:
    operator = await house.entered()
    later = house.clock.now() + timedelta(hours=1)
    await announce(house, operator, starts_at=later.strftime(pages.TIME))
    assert not await shown(operator)
    assert "Nothing new" in (await operator.get(NEWS)).text, "planned ones stay between operators"
    assert "Planned" in (await operator.get(LIST)).text
    number = await house.context.database.pool.fetchval("SELECT id FROM announcement")
    assert (await operator.post(f"{LIST}/{number}", **form(house, title="Maintenance today"))).status_code == 303
    assert "Maintenance today" in (await operator.get("/profile")).text
    await operator.post(f"{LIST}/{number}/end")
    assert not await shown(operator)
    assert "Maintenance today" in (await operator.get(NEWS)).text
    await operator.post(f"{LIST}/{number}/remove")
    assert "Nothing new" in (await operator.get(NEWS)).text
    assert (await operator.get(f"{LIST}/{number}")).status_code == 404
    assert (await operator.post(f"{LIST}/{number}", **form(house))).status_code == 404


async def test_bad_input_and_other_accounts_announce_nothing(house: House) -> None:
    operator = await house.entered()
    wrong: tuple[dict[str, Any], ...] = (
        {"title": ""}, {"body": "x" * 1001}, {"tone": "loud"}, {"link": "javascript:alert(1)"}, {"link": "http://x.example"},
        {"link": "//evil.example"}, {"starts_at": "tomorrow"}, {"ends_at": "2020-01-01T00:00"},
    )  # fmt: skip
    for one in wrong:
        assert (await operator.post(f"{LIST}/new", **form(house, **one))).status_code == 422, one
    other = await accounts.create_account(house.context, "Other", "DE", "EUR")
    for browser in (
        await house.entered((await house.add("eve", "owner", other)).email),
        await house.entered((await house.add("bob", "admin")).email),
    ):
        assert (await browser.get(LIST)).status_code == 403
        assert (await browser.post(f"{LIST}/new", **form(house))).status_code == 403
    assert await house.context.database.pool.fetchval("SELECT count(*) FROM announcement") == 0
    await announce(house, operator, title="<script>alert(1)</script> Maintenance")
    assert "<script>alert(1)" not in (await operator.get("/profile")).text
