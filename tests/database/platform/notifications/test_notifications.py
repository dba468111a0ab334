"""Notifications: set up in the console, made by the clock, mailed once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

from strowger.platform.notifications.jobs import NotificationJobs
from strowger.platform.reports.jobs import ReportJobs
from tests.people_kit import errors_of
from tests.report_kit import NOW, Desk, path_in

LIST = "/settings/notifications"
DAILY = {"frequency": "daily", "hour": "6", "recipients": "ada@example.com", "format": "csv"}
YESTERDAY = datetime(2026, 3, 20, 9, tzinfo=UTC)  # of the morning after NOW


async def work(desk: Desk) -> int:
    """What a worker does in one turn; returns how many schedules were due."""
    due = await NotificationJobs(desk.house.context).step()
    while await desk.jobs.step():
        pass
    return due


async def test_set_up_sent_switched_off_and_deleted(desk: Desk) -> None:
    await desk.message(YESTERDAY)
    await desk.pool.execute("INSERT INTO wallet (account_id, low_at) VALUES ($1, 5)", desk.account)
    browser = await desk.house.entered()
    page = (await browser.get(LIST)).text
    assert "SMS Count Report" in page
    assert "Balance below 5.00 EUR, to the owners" in page
    assert (await browser.get(f"{LIST}/sms-count")).status_code == 200
    answer = await browser.post(f"{LIST}/sms-count", **DAILY, filter_sender="ACME")
    assert answer.headers["location"] == LIST, errors_of(answer)
    assert await work(desk) == 0
    desk.house.clock.advance(18 * 3600)  # 21 March, six o'clock in the account's zone
    assert await work(desk) == 1
    assert await work(desk) == 0
    browser = await desk.house.entered()  # the session of yesterday is over
    (mail,) = await desk.house.mails("report-ready")
    assert mail["subject"] == "SMS Count Report, 2026-03-20: Ada Ltd"
    assert b"2026-03-20,ACME,1,1,1,0" in (await desk.public(path_in(mail))).content
    assert "ada@example.com" in (await browser.get(f"{LIST}/sms-count/history")).text
    assert "2026-03-20" in (await browser.get("/reports")).text
    await browser.post(f"{LIST}/sms-count/switch")
    desk.house.clock.advance(86_400)
    assert await work(desk) == 0
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-count/switch")  # on again, with the details as they were
    row = await desk.pool.fetchrow("SELECT * FROM notification")
    assert (row["enabled"], row["filters"], row["recipients"]) == (True, {"sender": "ACME"}, ["ada@example.com"])
    await browser.post(f"{LIST}/sms-count/delete")
    assert await desk.pool.fetchval("SELECT count(*) FROM notification") == 0
    assert "ada@example.com" in (await browser.get(f"{LIST}/sms-count/history")).text


async def test_two_workers_send_once(desk: Desk) -> None:
    await desk.message(YESTERDAY)
    browser = await desk.house.entered()
    for key in ("sms-count", "sms-by-sender", "sms-automated"):
        await browser.post(f"{LIST}/{key}", **DAILY)
    desk.house.clock.advance(18 * 3600)
    clocks = [NotificationJobs(desk.house.context) for _ in range(4)]
    due = await asyncio.gather(*(clock.step() for clock in clocks))
    assert sum(due) == 3
    workers = [desk.jobs, ReportJobs(desk.house.context, 2)]

    async def all_of(worker: ReportJobs) -> None:
        while await worker.step():
            pass

    await asyncio.gather(*(all_of(worker) for worker in workers))
    assert await desk.pool.fetchval("SELECT count(*) FROM report") == 3
    assert len(await desk.house.mails("report-ready")) == 3
    # Even a clock that is set back makes no second one of the same day.
    await desk.pool.execute("UPDATE notification SET next_at = $1", NOW + timedelta(hours=18))
    await work(desk)
    assert await desk.pool.fetchval("SELECT count(*) FROM report") == 3


async def test_nothing_is_mailed_of_empty_reports_unless_wanted(desk: Desk) -> None:
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-count", **DAILY)
    await browser.post(f"{LIST}/sms-by-sender", **DAILY, send_empty="on")
    desk.house.clock.advance(18 * 3600)
    assert await work(desk) == 2
    assert [mail["subject"] for mail in await desk.house.mails("report-ready")] == [
        "Daily Sender Wise Report, 2026-03-20: Ada Ltd"
    ]
    browser = await desk.house.entered()
    assert "nobody: it was empty" in (await browser.get(f"{LIST}/sms-count/history")).text


async def test_missed_days_are_made_up_for_but_not_for_ever(desk: Desk) -> None:
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-count", **DAILY)
    desk.house.clock.advance(18 * 3600 + 2 * 86_400)  # no worker for two days
    assert [await work(desk) for _ in range(4)] == [1, 1, 1, 0]
    days = await desk.pool.fetch("SELECT period FROM report ORDER BY period")
    assert [row["period"] for row in days] == [date(2026, 3, day) for day in (20, 21, 22)]
    desk.house.clock.advance(30 * 86_400)
    turns = 0
    while await work(desk):
        turns += 1
    assert turns == 8


async def test_weeks_months_and_types_that_are_only_daily(desk: Desk) -> None:
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-automated", **{**DAILY, "frequency": "weekly"})
    await browser.post(f"{LIST}/sms-by-day", **{**DAILY, "frequency": "monthly"})
    refused = await browser.post(f"{LIST}/sms-count", **{**DAILY, "frequency": "weekly"})
    assert refused.status_code == 422
    assert (await browser.post(f"{LIST}/sms-count", **{**DAILY, "recipients": "nobody"})).status_code == 422
    assert (await browser.post(f"{LIST}/sms-tabular", **DAILY)).status_code == 404
    desk.house.clock.advance(14 * 86_400)
    while await work(desk):
        pass
    rows = await desk.pool.fetch("SELECT type, params FROM report ORDER BY period")
    assert [(row["type"], row["params"]["first"], row["params"]["last"]) for row in rows] == [
        ("sms-by-day", "2026-03-01", "2026-03-31"),
        ("sms-automated", "2026-03-16", "2026-03-22"),
        ("sms-automated", "2026-03-23", "2026-03-29"),
    ]


async def test_without_recipients_the_owners_get_it_and_strangers_are_asked(desk: Desk) -> None:
    await desk.message(YESTERDAY)
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-count", **{**DAILY, "recipients": ""})
    await browser.post(f"{LIST}/sms-by-sender", **{**DAILY, "recipients": "max@elsewhere.test"})
    assert [mail["to"] for mail in await desk.house.mails("report-recipient")] == ["max@elsewhere.test"]
    assert "Waiting for their consent" in (await browser.get(f"{LIST}/sms-by-sender")).text
    desk.house.clock.advance(18 * 3600)
    await work(desk)
    assert [mail["to"] for mail in await desk.house.mails("report-ready")] == ["ada@example.com"]


async def test_roles_and_suspended_accounts(desk: Desk) -> None:
    await desk.house.add("sue", "support")
    sue = await desk.house.entered("sue@example.com")
    assert (await sue.get(LIST)).status_code == 200
    assert (await sue.post(f"{LIST}/sms-count", **DAILY)).status_code == 403
    assert (await sue.get(f"{LIST}/sms-blocked-countries")).status_code == 403
    browser = await desk.house.entered()
    await browser.post(f"{LIST}/sms-count", **DAILY)
    await desk.pool.execute("UPDATE account SET state = 'suspended'")
    desk.house.clock.advance(18 * 3600)
    assert await work(desk) == 0
