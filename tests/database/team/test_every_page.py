"""U-03, U-14: generated from the pages: each opens, has a title and heading of its own, and an empty list says what it is for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from strowger import app
from strowger.console import setup as console
from strowger.console.rights import PAGES, PUBLIC
from strowger.platform.accounts import pages as accounts
from strowger.platform.audit import pages as audit
from strowger.platform.billing.repository import open_wallet
from strowger.platform.settings import pages as settings
from strowger.platform.team import pages as team
from tests.people_kit import House, open_house

STREAMS = ("/phone/feed", "/console/live")  # answers without an end


@pytest.fixture
async def everything(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    """All pages of the product."""
    taken = {id(p) for p in [*console.pages, *accounts.pages, *audit.pages, *settings.pages, *team.pages]}
    async with open_house(database_url, tmp_path, [p for p in app.PAGES if id(p) not in taken]) as house:
        yield house


async def test_U03_U14_every_page_opens_with_a_title_of_its_own(everything: House) -> None:
    await everything.context.database.run(lambda c: open_wallet(c, everything.account.id, Decimal(0)))
    browser = await everything.entered()
    titles: dict[str, list[str]] = defaultdict(list)
    wrong: list[str] = []
    for item in PAGES:
        shown = "GET" in item.methods and "{" not in item.path and item.permission != PUBLIC
        if not shown or "strowger." not in item.handler[:9] or item.path in STREAMS:
            continue
        answer = await browser.client.get(item.path)
        if answer.status_code >= 500:
            wrong.append(f"{item.path}: {answer.status_code}")
        title = re.search(r"<title>([^<]+)</title>", answer.text)
        if answer.status_code != 200 or title is None:
            continue  # leads elsewhere, is closed to this account, or is a part of a page
        titles[title[1]].append(item.path)
        if (number := len(re.findall(r"<h1[ >]", answer.text))) != 1:
            wrong.append(f"{item.path}: {number} headings of the first level")
        wrong += [
            f"{item.path}: an empty list that does not say what it is for"
            for empty in re.findall(r'<div class="empty">(.*?)</h2>(.*?)</div>', answer.text, re.DOTALL)
            if "<p>" not in empty[1]
        ]
    wrong += [f"{title}: {sorted(set(paths))}" for title, paths in titles.items() if len(set(paths)) > 1]
    assert len(titles) > 70
    assert not wrong, wrong
