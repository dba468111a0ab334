"""Reports and notifications in a browser: from the request to the file and the mail; accessible and narrow."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, expect

from strowger.foundation.mail import Postman
from strowger.messaging.statuses import Status
from strowger.platform.files import pages as files
from strowger.platform.notifications import pages as notifications
from strowger.platform.reports import pages as reports
from strowger.platform.reports import types
from strowger.platform.reports.jobs import ReportJobs
from strowger.platform.reports.types import ReportColumn, ReportType
from strowger.simulators.mailbox import Mailbox
from strowger.wiring import wire
from tests.browser.conftest import Visit
from tests.browser.messaging.samples import Log
from tests.browser.site import Site

PATHS = ("/reports", "/reports/new", "/reports/new/sms-mt-summary", "/reports/upload", "/settings/notifications",
         "/settings/notifications/sms-automated", "/settings/notifications/sms-automated/history")  # fmt: skip
SHOTS = os.environ.get("STROWGER_SHOTS", "")


@pytest.fixture
def site_pages() -> list[Any]:
    wire()
    return [*reports.pages, *notifications.pages, *files.pages]


@contextlib.asynccontextmanager
async def working(site: Site) -> AsyncIterator[None]:
    """A worker's reports beside the site."""
    task = asyncio.create_task(ReportJobs(site.context, 1).run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def file_of(waiting: Any) -> str:
    """The text of a download."""
    path = await (await waiting.value).path()
    return (await asyncio.to_thread(Path(path).read_bytes)).decode("utf-8-sig")


async def fill_log(site: Site) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0)  # at midnight the minutes would belong to two days
    log = await Log(site.context.database, site.account.id, noon).prepare()
    for day in range(1, 7):
        for n in range(3 + day):
            ago = day * 86_400 + n * 60
            sent = {"sent_at": log.now - timedelta(seconds=ago - 1), "price": "0.05"}
            await log.message(ago, status=int(Status.DELIVERED), trace="DELIVERED", **sent)
        await log.message(day * 86_400, status=int(Status.UNDELIVERED), trace="ABSENT-SUB", **sent)
        await log.message(day * 86_400, status=int(Status.NOT_SENT), trace="OPT-OUT")


async def test_a_report_from_the_request_to_the_file(site: Site, visit: Visit) -> None:
    await fill_log(site)
    page = await visit("/reports")
    await expect(page.get_by_text("No reports yet")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Request a report").last.click()
    await page.get_by_role("link", name="SMS MT Summary Report").click()
    await expect(page.get_by_label("Send to")).to_have_value("ada@example.com")
    await page.get_by_role("button", name="Request the report").click()
    await expect(page.locator("#report-state")).to_contain_text("Queued")
    async with working(site):
        await expect(page.locator(".badge-status")).to_contain_text("Completed")
    await expect(page.get_by_role("figure")).to_contain_text("Messages by day and status")
    await expect(page.get_by_role("cell", name="ABSENT-SUB").first).to_be_visible()
    await shot(page, "report")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download").click()
    text = await file_of(waiting)
    assert text.startswith("Date,Sender,Category,Campaign Name,Destination Country,Status,Status Trace,Total SMS")
    assert len(text.splitlines()) == 19
    async with Mailbox() as box:
        assert await Postman(site.context, f"smtp://127.0.0.1:{box.port}?starttls=off").deliver_due() == 1
        mail = box.arrived[0].whole()["text"]
    stranger = await visit("/sign-in", signed_in=False)
    async with stranger.expect_download() as waiting:
        with contextlib.suppress(PlaywrightError):  # a download is no page
            await stranger.goto(re.findall(r"https?://\S+/files/\S+", mail)[0])
    assert await file_of(waiting) == text
    await page.goto(site.url + "/reports")
    await expect(page.get_by_role("row", name=re.compile("SMS MT Summary Report"))).to_contain_text("Completed")
    await shot(page, "list")


async def test_progress_is_seen_and_a_report_is_cancelled(site: Site, visit: Visit) -> None:
    go_on = asyncio.Event()

    async def rows(job: types.Job, span: types.Span) -> Any:
        yield [(span.label,)]
        if span.start.date() == job.query.last:
            await go_on.wait()

    types.register(ReportType("slow", "Slow report", "Tests", "Waits.", (ReportColumn("Day"),), rows))
    page = await visit("/reports/new/slow")
    await page.get_by_label("Time zone").fill("UTC")
    await page.get_by_role("button", name="Request the report").click()
    async with working(site):
        await expect(page.locator("#report-state")).to_contain_text("6 of 7 parts of the period")
        await expect(page.get_by_role("progressbar")).to_have_attribute("value", "86")
        await shot(page, "progress")
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator(".badge-status")).to_contain_text("Cancelled")
        go_on.set()


async def test_a_notification_is_set_up_and_switched_off(site: Site, visit: Visit) -> None:
    page = await visit("/settings/notifications")
    await page.get_by_role("link", name="Set up of SMS Automated Reports").click()
    await page.get_by_label("Frequency").select_option("weekly")
    await page.get_by_label("Hour").select_option("8")
    await page.get_by_role("button", name="Save").click()
    card = page.get_by_role("listitem").filter(has_text="SMS Automated Reports")
    await expect(card).to_contain_text("Weekly, on Monday, 08:00 (Europe/London), to ada@example.com")
    await shot(page, "notifications")
    await card.get_by_role("button", name="Switch off").click()
    await expect(card).to_contain_text("Off")


async def fits(page: Page, axe: Callable[[Page], Awaitable[list[str]]], name: str) -> None:
    await shot(page, name)
    assert await axe(page) == [], page.url
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(overflow) <= 0, page.url


@pytest.mark.parametrize("path", PATHS)
async def test_rooms_are_accessible_and_fit(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]], path: str
) -> None:
    name = re.sub(r"[^a-z]+", "-", path)[:40]
    await fits(await visit(path), axe, "wide" + name)
    await fits(await visit(path, width=320, height=640, theme="dark"), axe, "narrow" + name)


async def test_a_finished_report_is_accessible_and_fits(
    site: Site, visit: Visit, axe: Callable[[Page], Awaitable[list[str]]]
) -> None:
    await fill_log(site)
    page = await visit("/reports/new/sms-mt-summary")
    await page.get_by_role("button", name="Request the report").click()
    async with working(site):
        await expect(page.locator(".badge-status")).to_contain_text("Completed")
    await fits(page, axe, "wide-finished")
    narrow = await visit(page.url.removeprefix(site.url), width=320, height=640, theme="dark")
    await fits(narrow, axe, "narrow-finished")
