"""Reports from the request to the file and the mail: claims, dead workers, cancelling, failures, other accounts."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from python_calamine import CalamineWorkbook

from strowger.platform.accounts import service
from strowger.platform.reports import jobs, types
from strowger.platform.reports.jobs import ReportJobs
from strowger.platform.reports.schemas import ReportProblem, ReportRefused
from strowger.platform.reports.types import ReportColumn, ReportType
from tests.people_kit import PASSWORD, errors_of
from tests.report_kit import DAY, Desk, path_in

MORNING = datetime(2026, 3, 10, 8, tzinfo=UTC)
OTHER = "HXEU0000000009GB"


async def add_account(desk: Desk) -> int:
    """Eve's, which has nothing to do with Ada's."""
    statement = "INSERT INTO account (sid, name, country, currency) VALUES ($1, 'Eve Ltd', 'GB', 'EUR') RETURNING id"
    other = int(await desk.pool.fetchval(statement, OTHER))
    await service.create_user(desk.house.context, other, "eve@example.com", "Eve", PASSWORD)
    return other


async def test_a_report_is_asked_for_made_seen_and_downloaded(desk: Desk) -> None:
    await desk.message(MORNING)
    await desk.message(MORNING + timedelta(hours=1), sender="OTHER")
    browser = await desk.house.entered()
    assert "SMS MT Summary Report" in (await browser.get("/reports/new")).text
    fields = {"first": "2026-03-09", "last": "2026-03-10", "zone": "UTC", "group": "day", "format": "csv",
              "recipients": "ada@example.com", "filter_sender": "ACME"}  # fmt: skip
    answer = await browser.post("/reports/new/sms-mt-summary", **fields)
    assert answer.status_code == 303, errors_of(answer)
    path = answer.headers["location"]
    assert "Queued" in (await browser.get(path)).text
    assert (await browser.get(f"{path}/download")).status_code == 404
    assert await desk.jobs.step()
    assert not await desk.jobs.step()
    page = (await browser.get(path)).text
    assert "Completed" in page
    assert "Messages by day and status" in page
    assert "OTHER" not in page
    file = await browser.get(f"{path}/download")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [(row["Date"], row["Sender"], row["Total SMS"]) for row in rows] == [("2026-03-10", "ACME", "1")]
    assert "sms-mt-summary-report-20260309-20260310.csv" in file.headers["content-disposition"]
    row = await desk.row(UUID(path.rsplit("/", 1)[-1]))
    assert (row["spans"], row["done_spans"], row["rows"], row["size"]) == (2, 2, 1, len(file.content))
    (mail,) = await desk.house.mails("report-ready")
    assert mail["to"] == "ada@example.com"
    assert (await desk.public(path_in(mail))).content == file.content
    desk.house.clock.advance(7 * 86_400 + 1)
    assert (await desk.public(path_in(mail))).status_code == 404
    await desk.jobs.expire()
    assert (await desk.row(row["id"]))["state"] == "expired"


async def test_what_cannot_be_asked_for_says_why_and_queues_nothing(desk: Desk) -> None:
    for field, wish in (
        ("first", {"first": DAY, "last": DAY - timedelta(days=1)}),
        ("last", {"last": DAY + timedelta(days=30)}),
        ("last", {"first": DAY - timedelta(days=92)}),
        ("first", {"first": DAY - timedelta(days=400), "last": DAY - timedelta(days=400)}),
        ("group", {"group": "hour"}),
        ("format", {"format": "pdf"}),
        ("zone", {"zone": "../etc/passwd"}),
        ("columns", {"columns": ["Price"]}),
        ("filters", {"filters": {"account_id": "2"}}),
        ("status", {"filters": {"status": ["1 OR 1=1"]}}),
    ):
        with pytest.raises(ReportRefused) as refused:
            await desk.ask("sms-mt-summary", **wish)
        assert refused.value.field == field
    with pytest.raises(ReportRefused):
        await desk.ask("sms-tabular", first=DAY - timedelta(days=31))
    browser = await desk.house.entered()
    answer = await browser.post("/reports/new/sms-mt-summary", first="yesterday", last="2026-03-10", zone="Mars/Base",
                                group="day", format="csv", recipients="nobody")  # fmt: skip
    assert answer.status_code == 422
    assert "Enter a day" in errors_of(answer)
    assert "nobody is no e-mail address" in errors_of(answer)
    assert (await browser.get("/reports/new/nothing")).status_code == 404
    assert await desk.pool.fetchval("SELECT count(*) FROM report") == 0


async def test_R99_no_cell_is_a_formula(desk: Desk) -> None:
    for sign in ("=", "+", "-", "@", "\t", "\r"):
        await desk.message(MORNING, body=f"{sign}HYPERLINK(1)", campaign_name=f"{sign}1+1")
    rows = await desk.made("sms-tabular-mt")
    assert {row["BODY"][:1] for row in rows} == {"'"}
    assert {row["CAMPAIGN_NAME"][:1] for row in rows} == {"'"}
    report_id = await desk.ask("sms-tabular-mt", format="xlsx")
    await desk.jobs.step()
    book = CalamineWorkbook.from_filelike(io.BytesIO(await desk.content(report_id)))
    sheet = book.get_sheet_by_index(0).to_python()
    place = sheet[0].index("BODY")
    assert all(str(line[place]).startswith("'") for line in sheet[1:])
    assert len(sheet) == 7


async def test_another_accounts_report_does_not_exist(desk: Desk) -> None:
    await desk.message(MORNING)
    report_id = await desk.ask("sms-count")
    await desk.jobs.step()
    await add_account(desk)
    eve = await desk.house.entered("eve@example.com")
    assert str(report_id) not in (await eve.get("/reports")).text
    for path in ("", "/download", "/mail"):
        assert (await eve.get(f"/reports/{report_id}{path}")).status_code == 404
    for path in ("/cancel", "/again", "/delete", "/mail"):
        assert (await eve.post(f"/reports/{report_id}{path}", recipients="eve@example.com")).status_code == 404
    assert (await desk.row(report_id))["state"] == "done"
    assert await desk.pool.fetchval("SELECT count(*) FROM report") == 1
    reader = await desk.house.add("nora", "numbers-only")
    assert reader.role == "numbers-only"
    nora = await desk.house.entered("nora@example.com")
    assert (await nora.get(f"/reports/{report_id}/download")).status_code == 403


async def test_strangers_are_asked_before_they_are_mailed(desk: Desk) -> None:
    await desk.message(MORNING)
    report_id = await desk.ask(
        "sms-count", recipients=["ada@example.com", "max@elsewhere.test", "colleague@example.com"]
    )
    await desk.ask("sms-count", recipients=["max@elsewhere.test"])
    (asked,) = await desk.house.mails("report-recipient")
    assert asked["to"] == "max@elsewhere.test"
    assert await desk.jobs.step()
    assert {mail["to"] for mail in await desk.house.mails("report-ready")} == {
        "ada@example.com",
        "colleague@example.com",
    }
    page = await desk.public(path_in(asked))
    assert "Ada Ltd" in page.text
    assert "max@elsewhere.test" in page.text
    assert (await desk.public(path_in(asked)[:-3])).status_code == 404
    agreed = await desk.public(path_in(asked), answer="agree")
    assert "are mailed to max@elsewhere.test" in agreed.text
    assert [mail["to"] for mail in await desk.house.mails("report-ready")].count("max@elsewhere.test") == 1
    assert "max@elsewhere.test" in (await desk.row(report_id))["mailed"]
    assert await desk.jobs.step()  # the second report goes to him at once
    assert [mail["to"] for mail in await desk.house.mails("report-ready")].count("max@elsewhere.test") == 2
    await desk.public(path_in(asked), answer="refuse")
    await desk.ask("sms-count", recipients=["max@elsewhere.test"])
    await desk.jobs.step()
    assert len(await desk.house.mails("report-recipient")) == 1
    assert [mail["to"] for mail in await desk.house.mails("report-ready")].count("max@elsewhere.test") == 2


async def test_an_account_asks_at_most_fifty_strangers_a_day(desk: Desk) -> None:
    for turn in range(4):
        await desk.ask("sms-count", recipients=[f"n{turn}-{n}@elsewhere.test" for n in range(20)])
    assert len(await desk.house.mails("report-recipient")) == 50
    desk.house.clock.advance(86_401)
    await desk.ask("sms-count", recipients=["n3-19@elsewhere.test", "n0-0@elsewhere.test"])
    assert len(await desk.house.mails("report-recipient")) == 51


async def test_a_public_mail_domain_makes_no_colleagues(desk: Desk) -> None:
    await desk.pool.execute("UPDATE app_user SET email = 'ada@gmail.com' WHERE id = $1", desk.house.owner.id)
    await desk.ask("sms-count", recipients=["stranger@gmail.com"])
    assert [mail["to"] for mail in await desk.house.mails("report-recipient")] == ["stranger@gmail.com"]


async def test_R05_what_a_dead_worker_held_is_made_once_by_another(desk: Desk) -> None:
    await desk.message(MORNING)
    report_id = await desk.ask("sms-count", recipients=["ada@example.com"])
    dead, alive = desk.jobs, ReportJobs(desk.house.context, 2)
    held = await dead.claim()
    assert held is not None
    assert await alive.claim() is None
    assert await alive.release_dead() == 1
    assert await alive.step()
    await dead.make(held)  # it was not dead after all, only slow
    assert (await desk.row(report_id))["state"] == "done"
    assert len(await desk.house.mails("report-ready")) == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM stored_file") == 1


def a_type(rows: Any) -> ReportType:
    kind = ReportType("test-type", "Test", "Tests", "", (ReportColumn("A"),), rows)
    types.register(kind)
    return kind


async def test_two_workers_make_each_report_once(desk: Desk) -> None:
    await desk.message(MORNING)
    for _ in range(6):
        await desk.ask("sms-count", recipients=["ada@example.com"])
    other = ReportJobs(desk.house.context, 2)

    async def all_of(worker: ReportJobs) -> None:
        while await worker.step():
            pass

    await asyncio.gather(all_of(desk.jobs), all_of(other))
    assert len(await desk.house.mails("report-ready")) == 6


async def test_no_account_takes_all_turns(desk: Desk) -> None:
    for _ in range(7):
        await desk.ask("sms-count")
    claimed = [await desk.jobs.claim() for _ in range(6)]
    assert [one is not None for one in claimed] == [True] * 5 + [False]


async def test_cancelled_while_it_is_made(desk: Desk) -> None:
    began = asyncio.Event()

    async def slow(job: types.Job, span: types.Span) -> Any:
        began.set()
        while True:
            yield [("x",)]
            await asyncio.sleep(0)
            desk.house.clock.advance(1)

    a_type(slow)
    report_id = await desk.ask("test-type", recipients=["ada@example.com"])
    making = asyncio.create_task(desk.jobs.step())
    await began.wait()
    browser = await desk.house.entered()
    assert (await browser.post(f"/reports/{report_id}/delete")).headers["location"].endswith(str(report_id))
    await browser.post(f"/reports/{report_id}/cancel")
    await asyncio.wait_for(making, 20)
    assert (await desk.row(report_id))["state"] == "cancelled"
    assert await desk.pool.fetchval("SELECT count(*) FROM stored_file") == 0
    assert not await desk.house.mails("report-ready")
    await browser.post(f"/reports/{report_id}/delete")
    assert await desk.row(report_id) is None


async def test_a_failure_is_tried_again_and_then_told(desk: Desk) -> None:
    async def broken(job: types.Job, span: types.Span) -> Any:
        yield [("x",)]
        raise RuntimeError("a bug")

    a_type(broken)
    report_id = await desk.ask("test-type")
    for _ in range(jobs.TRIES):
        assert await desk.jobs.step()
        assert not await desk.jobs.step()
        desk.house.clock.advance(31)
    row = await desk.row(report_id)
    assert (row["state"], row["attempts"]) == ("failed", 3)
    assert "a bug" not in row["problem"]
    assert [mail["to"] for mail in await desk.house.mails("report-failed")] == ["ada@example.com"]

    async def hopeless(job: types.Job, span: types.Span) -> Any:
        yield [("x",)]
        raise ReportProblem("Choose a shorter time.")

    a_type(hopeless)
    report_id = await desk.ask("test-type")
    await desk.jobs.step()
    assert (await desk.row(report_id))["problem"] == "Choose a shorter time."
    browser = await desk.house.entered()
    answer = await browser.post(f"/reports/{report_id}/again")
    assert answer.headers["location"] != f"/reports/{report_id}"
    assert await desk.pool.fetchval("SELECT count(*) FROM report WHERE state = 'queued'") == 1


async def test_nothing_is_written_by_what_reads(desk: Desk) -> None:
    async def writes(job: types.Job, span: types.Span) -> Any:
        await job.connection.execute("DELETE FROM message")
        yield [("x",)]

    await desk.message(MORNING)
    a_type(writes)
    await desk.ask("test-type")
    await desk.jobs.step()
    assert await desk.pool.fetchval("SELECT count(*) FROM message") == 1


async def test_large_files_are_split_and_packed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import zipfile

    from strowger.platform.reports import writing

    monkeypatch.setattr(writing, "PART_ROWS", 3)

    async def rows(job: types.Job, span: types.Span) -> Any:
        yield [(str(n),) for n in range(7)]

    a_type(rows)
    report_id = await desk.ask("test-type")
    await desk.jobs.step()
    with zipfile.ZipFile(io.BytesIO(await desk.content(report_id))) as archive:
        assert [len(archive.read(name).splitlines()) for name in archive.namelist()] == [4, 4, 2]
    report_id = await desk.ask("test-type", format="xlsx")
    await desk.jobs.step()
    book = CalamineWorkbook.from_filelike(io.BytesIO(await desk.content(report_id)))
    assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names] == [4, 4, 2]


async def test_the_operator_puts_a_file_among_the_reports(desk: Desk) -> None:
    other = await add_account(desk)
    eve = await desk.house.entered("eve@example.com")
    assert (await eve.get("/reports/upload")).status_code == 403
    browser = await desk.house.entered()  # of the first account, which runs the installation
    page = await browser.get("/reports/upload")
    assert page.status_code == 200
    token = page.text.split('name="csrf" content="')[1].split('"')[0]

    async def send(name: str, data: bytes, kind: str, sid: str = OTHER) -> Any:
        form = {"csrf": token, "sid": sid, "title": "Archived logs of 2025"}
        return await browser.client.post("/reports/upload", data=form, files={"file": (name, data, kind)})

    assert (await send("page.csv", b"<html><script>1</script>", "text/csv")).status_code == 422
    assert (await send("logs.csv", b"a,b\n1,2\n", "text/csv", "HXNOBODY")).status_code == 422
    assert (await send("logs.csv", b"a,b\n1,2\n", "text/csv")).status_code == 303
    row = await desk.pool.fetchrow("SELECT * FROM report")
    assert row["account_id"] == other
    assert "Archived logs of 2025" in (await eve.get("/reports")).text
    assert "Archived logs of 2025" in (await eve.get(f"/reports/{row['id']}")).text
    assert (await eve.get(f"/reports/{row['id']}/download")).content == b"a,b\n1,2\n"
    assert (await browser.get(f"/reports/{row['id']}/download")).status_code == 404
