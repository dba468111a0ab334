"""The rooms about messages in a browser: they follow what happens, keep what the reader opened, and read well everywhere."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from playwright.async_api import expect

from strowger.messaging.pages import pages
from strowger.messaging.statuses import EventKind, Status
from strowger.platform.callbacks.schemas import CallbackState
from tests.browser.conftest import WAIT, Visit
from tests.browser.messaging.samples import Log, key_of
from tests.browser.promptly import SECOND, promptly
from tests.browser.site import Site


@pytest.fixture
def site_pages() -> list[Any]:
    return pages


@pytest.fixture
async def log(site: Site) -> Log:
    return await Log(site.context.database, site.account.id, site.context.clock.now()).prepare()


async def tell(log: Log, *ids: str, account: int | None = None) -> None:
    """What the journal tells after its commit."""
    notice = {"topic": "messages", "account_id": account or log.account, "ids": list(ids)}
    await log.database.pool.execute("SELECT pg_notify('live', $1)", msgspec.json.encode(notice).decode())


async def deliver(log: Log, message: str) -> None:
    request_id, n = key_of(message)
    await log.event(message, 2, EventKind.RECEIPT, Status.DELIVERED, "DELIVERED", operator_id="7F3B0001")
    await log.database.pool.execute(
        "UPDATE message SET status = $3, trace = 'DELIVERED', final_at = now() WHERE request_id = $1 AND n = $2",
        request_id, n, int(Status.DELIVERED),
    )  # fmt: skip


async def live_feed(site: Site, readers: int = 1) -> None:
    """Wait until the page's feed is open."""
    async with asyncio.timeout(WAIT / 1000):
        while len(site.app.state.live._subscribers) < readers:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_new_messages_are_counted_and_shown_ones_renewed(visit: Visit, site: Site, log: Log) -> None:
    sent = await log.sent()
    page = await visit("/messages")
    await live_feed(site)
    row = page.locator(f'tr[data-href="/messages/{sent}"]')
    await expect(row).to_contain_text("Sent")
    await deliver(log, sent)
    fresh = [await log.delivered(1), await log.delivered(2)]
    await tell(log, sent, *fresh)
    await expect(page.get_by_role("button", name="2 new")).to_be_visible()
    await expect(row).to_contain_text("Delivered")
    assert await page.locator("tbody tr").count() == 1
    await page.get_by_role("button", name="2 new").click()
    await expect(page.locator("tbody tr")).to_have_count(3)
    await expect(page.locator("[data-fresh-show]")).to_be_hidden()


async def test_the_first_message_appears_on_an_empty_list(visit: Visit, site: Site, log: Log) -> None:
    page = await visit("/messages")
    await live_feed(site)
    await tell(log, await log.sent())
    await page.get_by_role("button", name="1+ new").click()
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_a_message_page_follows_its_message_and_keeps_what_is_open(visit: Visit, site: Site, log: Log) -> None:
    sent = await log.sent()
    page = await visit(f"/messages/{sent}")
    await live_feed(site)
    await expect(page.get_by_text("Waiting for the delivery report")).to_be_visible()
    await page.get_by_text("Show as JSON").click()
    await deliver(log, sent)
    await tell(log, sent)
    await expect(page.get_by_text("Waiting for the delivery report")).to_have_count(0)
    await expect(page.get_by_label("Status", exact=True)).to_contain_text("Delivered")
    await expect(page.locator("#raw-events")).to_have_attribute("open", "")


async def test_U35_a_failed_callback_is_sent_again_from_its_message(visit: Visit, log: Log) -> None:
    message = await log.delivered()
    await log.callback(message, CallbackState.FAILED, tries=2)
    page = await visit(f"/messages/{message}")
    await page.get_by_text("Attempt 2").click()
    await expect(page.get_by_text("Service unavailable").last).to_be_visible()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("The callback is sent again.")).to_be_visible()
    await expect(page.get_by_role("region", name="Callback 1")).to_contain_text("Waiting")


async def test_the_tail_shows_a_message_within_a_second(visit: Visit, log: Log) -> None:
    page = await visit("/live")
    await expect(page.locator("[data-live-state]")).to_have_text("Live")

    async def shown(number: int) -> None:
        message = await log.sent(body=f"Light {number}")
        await tell(log, message)
        row = page.locator(".live-row", has_text=f"Light {number}")
        await expect(row).to_be_visible(timeout=SECOND)
        await expect(row).to_contain_text("Sent")
        await deliver(log, message)
        await tell(log, message)
        await expect(row).to_contain_text("Delivered", timeout=SECOND)
        await expect(row).to_have_count(1)

    await promptly(shown)


async def test_the_tail_pauses_filters_and_stays_bounded(visit: Visit, log: Log) -> None:
    incoming, refused = await log.incoming(), await log.refused()
    page = await visit("/live")
    rows = page.locator(".live-row:visible")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Incoming").click()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("tomorrow")
    await page.get_by_role("button", name="Incoming").click()
    await page.get_by_label("Filter the feed").fill("no-credits")
    await expect(rows).to_contain_text("NO-CREDITS")
    await page.get_by_label("Filter the feed").fill("")
    await page.get_by_role("button", name="Pause").click()
    many = [await log.delivered(number) for number in range(210)]
    for start in range(0, 210, 20):
        await tell(log, *many[start : start + 20])
    await expect(page.locator("[data-live-state]")).to_contain_text("waiting")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Resume").click()
    await expect(rows).to_have_count(200)
    assert incoming != refused


async def test_notices_of_other_accounts_are_not_heard(visit: Visit, log: Log) -> None:
    page = await visit("/live")
    await expect(page.locator("[data-live-state]")).to_have_text("Live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "ids=" in request.url else None)
    theirs = "00000000-0000-7000-8000-000000000000:1"
    await tell(log, theirs, account=log.account + 1)
    mine = await log.sent(body="Mine")
    async with page.expect_request(lambda request: "ids=" in request.url):  # the row may come with the first load, too
        await tell(log, mine)
    await expect(page.locator(".live-row", has_text="Mine")).to_be_visible()
    assert len(asked) == 1
    assert theirs not in unquote(asked[0])


@pytest.mark.parametrize(("width", "theme"), [(320, "light"), (768, "dark"), (1280, "light"), (1920, "dark")])
async def test_rooms_are_accessible_and_fit(
    visit: Visit, site: Site, log: Log, axe: Any, width: int, theme: str
) -> None:
    made = await log.believable()
    await log.database.pool.execute("UPDATE carrier_link SET state = 'down', detail = 'connection refused'")
    paths = [
        "/messages", *(f"/messages/{made[name]}" for name in ("long", "waiting", "undelivered", "otp")), "/live",
        "/callbacks", "/callbacks/attempts", "/callbacks/signing", "/callbacks/test", "/errors",
    ]  # fmt: skip
    problems: list[str] = []
    page = await visit("/messages", width=width, theme=theme)
    for path in paths:
        await page.goto(site.url + path)
        await expect(page.locator("h1")).to_be_visible()
        problems += [f"{path}: {line}" for line in await axe(page)]
        over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            problems.append(f"{path}: {over} px too wide")
    assert not problems, "\n".join(problems)
