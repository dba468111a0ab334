"""The home page in a browser: it follows what happens without being loaded again, and fits every width."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from playwright.async_api import expect

from strowger.foundation.notify import notify
from strowger.home.pages import pages as home_pages
from strowger.messaging.statuses import Status
from tests.browser.messaging.samples import Log

WIDTHS = (320, 768, 1280, 1920)


@pytest.fixture
def site_pages() -> list[Any]:
    return home_pages


@pytest.fixture
async def log(site: Any) -> Log:
    return Log(site.context.database, site.account.id, site.context.clock.now())


async def tell(site: Any, message_id: str) -> None:
    notice = {"topic": "messages", "account_id": site.account.id, "ids": [message_id]}
    text = msgspec.json.encode(notice).decode()

    async def work(connection: Any) -> None:
        await notify(connection, "live", text)

    await site.context.database.run(work)


async def test_U02_U30_steps_tick_and_figures_move_while_the_page_is_open(visit: Any, site: Any, log: Log) -> None:
    page = await visit("/")
    await expect(page.locator("#first-steps")).to_contain_text("0 of 5 done")
    await tell(site, await log.message(status=int(Status.DELIVERED), body="Grüße aus München"))
    await expect(page.locator("#first-steps")).to_contain_text("2 of 5 done")
    await expect(page.locator("#latest")).to_contain_text("Grüße aus München")
    await expect(page.locator("#home-traffic svg")).to_be_visible()


async def test_what_happens_while_the_page_is_on_its_way_is_caught_up_with(visit: Any, site: Any, log: Log) -> None:
    page = await visit("/sign-in", signed_in=False)
    await page.context.add_cookies([{"name": "strowger_session", "value": await site.token(), "url": site.url}])

    async def late(route: Any) -> None:
        """The message comes when the page is made but does not listen yet."""
        heard = site.app.state.live.stream(site.account.id, ["messages"])
        await anext(heard)
        await tell(site, await log.message(status=int(Status.DELIVERED), body="Zwischendurch"))
        await anext(heard)
        await route.continue_()

    await page.route("**/console/live?*", late, times=1)
    await page.goto(site.url + "/")
    await expect(page.locator("#latest")).to_contain_text("Zwischendurch")


async def test_U70_u74_it_is_accessible_and_fits(visit: Any, log: Log, axe: Any) -> None:
    for hours in range(20):
        for status in (Status.DELIVERED, Status.DELIVERED, Status.SENT, Status.UNDELIVERED):
            await log.message(ago=timedelta(hours=hours).total_seconds(), status=int(status))
    for theme in ("light", "dark"):
        page = await visit("/", theme=theme)
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 860})
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
        assert await axe(page) == []


async def test_U25_U79_the_chart_has_its_numbers_as_a_table(visit: Any, log: Log) -> None:
    await log.message(status=int(Status.DELIVERED))
    page = await visit("/")
    await page.get_by_role("button", name="Numbers").click()
    await expect(page.get_by_role("table", name="Outgoing messages, last 24 hours")).to_be_visible()
