"""Campaigns through the console and the worker's expander: states, contacts, texts, price, replay, misuse."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import xlsxwriter

from strowger.channels.sms.senders.service import create_sender
from strowger.messaging.statuses import Status
from tests.database.engagement.campaigns.conftest import ROWS, Desk
from tests.database.messaging.console_client import add_person, csrf_of, sign_in_as


async def test_a_file_becomes_messages_with_their_own_values(desk: Desk) -> None:
    rows = ROWS + "447700900100,Again,X\nnonsense,Bob,Y\n447700900199,,Z\n447700900198,Blocked,Z\n"
    add = "INSERT INTO blocklist_entry (account_id, channel, address, source, created_at) VALUES ($1, 'sms', $2, 'x', now())"
    await desk.pool.execute(add, desk.visit.account, "447700900198")
    path = await desk.ready("Hi {first_name}: {code}", rows, default_first_name="friend")
    row = await desk.campaign(path)
    assert (row["total"], row["valid"], row["invalid"], row["duplicates"], row["blocked"]) == (9, 6, 1, 1, 1)
    assert row["columns"] == ["mobile", "first_name", "code"]
    left_out = await desk.visit.client.get(f"{path}/contacts/list?export=csv&state=1&state=2&state=3")
    assert [line.split(",")[:3] for line in left_out.text.splitlines()[1:]] == [
        ["10", "447700900198", "Blocked"], ["8", "nonsense", "Not a number"], ["7", "447700900100", "Duplicate"],
    ]  # fmt: skip
    shown = await desk.text(f"{path}/review")
    assert "6 " in shown
    assert "0.30 EUR" in shown
    assert (await desk.launch(path)).status_code == 303
    assert (await desk.campaign(path))["state"] == "processing"
    await desk.run()
    messages = await desk.messages()
    assert [m["body"] for m in messages] == [*(f"Hi Name{i}: C{i}" for i in range(5)), "Hi friend: Z"]
    assert {(m["source"], m["campaign_name"], m["type"]) for m in messages} == {("campaign", "Spring sale", "MKT")}
    assert await desk.pool.fetchval("SELECT DISTINCT priority FROM submission") == 2
    row = await desk.campaign(path)
    assert (row["state"], row["accepted"], row["next_at"]) == ("submitted", 6, None)
    await desk.run(times=3)
    assert len(await desk.messages()) == 6


async def test_without_value_and_default_a_contact_is_not_sent_to(desk: Desk) -> None:
    path = await desk.ready("Hi {first_name}", "mobile;first name\n447700900100;Ada\n447700900101;\n")
    await desk.launch(path)
    await desk.run()
    good, bad = await desk.messages()
    assert good["options"] is None
    assert bad["options"]["refused"] == "INV-TEMPLATE-MATCH"


async def test_pasted_numbers_take_the_prefix(desk: Desk) -> None:
    path = await desk.begin()
    fields = {"numbers": "07700900100, 07700900101;07700900102\n07700900100", "prefix": "+44", "unique": "on"}
    assert (await desk.visit.post(f"{path}/contacts", **fields, recent_days="0", then="read")).status_code == 303
    row = await desk.campaign(path)
    assert (row["source"], row["valid"], row["duplicates"]) == ("paste", 3, 1)
    many = await desk.visit.post(f"{path}/contacts", numbers="447700900100\n" * 10_001, recent_days="0", then="read")
    assert many.status_code == 422
    assert "at most 10,000" in many.text
    assert (await desk.campaign(path))["valid"] == 3


async def test_xlsx_is_read_and_another_column_can_be_chosen(desk: Desk) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate([("Phone", "Second"), ("447700900100", "447700900200")]):
            sheet.write_row(place, 0, cells)
    path = await desk.begin()
    assert (await desk.upload(path, file.getvalue(), "list.xlsx")).status_code == 303
    first = "SELECT recipient FROM campaign_contact"
    assert await desk.pool.fetchval(first) == "447700900100"
    assert (await desk.visit.post(f"{path}/contacts/column", mobile="Second")).status_code == 303
    assert await desk.pool.fetchval(first) == "447700900200"
    assert (await desk.visit.client.get(f"{path}/file")).content == file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "file is empty"), (b"\xd0\xcf\x11\xe0old", "not a readable"), (b"PK\x03\x04x", "not a readable XLSX"),
     (b"a,b\n", "no row below"), (b"mobile\nx\n", "can be sent to"), (b"a\0b\n", "neither a CSV")],
)  # fmt: skip
async def test_unreadable_files_change_nothing(desk: Desk, content: bytes, said: str) -> None:
    path = await desk.begin()
    await desk.upload(path)
    answer = await desk.upload(path, content)
    assert answer.status_code == 422
    assert said in answer.text
    assert (await desk.campaign(path))["valid"] == 5


async def test_what_is_missing_stands_in_the_way(desk: Desk) -> None:
    path = await desk.begin()
    answer = await desk.visit.post(f"{path}/launch")
    assert answer.status_code == 422
    assert "no contacts yet" in answer.text
    await desk.upload(path)
    for fields, said in (
        ({"body": "Hi {surname}"}, "no column surname"),
        ({"body": "Hi {#var#}"}, "in place of each"),
        ({"body": "Look {URL}"}, "no link is given"),
        ({"body": "Look", "url": "https://example.net/"}, "Write {URL}"),
        ({"body": "Hi", "template_id": "1107161234567890123"}, "not approved"),
    ):
        answer = await desk.visit.post(f"{path}/message", unicode="Auto", then="next", **fields)
        assert answer.status_code == 422, fields
        assert said in answer.text
    taken = await desk.visit.post("/campaigns/new", name="Spring sale", sender="ACME", type="MKT")
    assert "a campaign of this name" in taken.text
    assert "3 to 100" in (await desk.visit.post("/campaigns/new", name="a/b", sender="ACME", type="MKT")).text


async def test_the_price_must_be_covered(desk: Desk) -> None:
    rows = "mobile\n" + "".join(f"447700{i:06}\n" for i in range(60))
    path = await desk.ready("Hello", rows)
    assert "3.00 EUR" in await desk.text(f"{path}/review")
    answer = await desk.launch(path)
    assert answer.status_code == 422
    assert (await desk.campaign(path))["state"] == "draft"


async def test_the_estimate_counts_parts_of_each_text(desk: Desk) -> None:
    rows = f"mobile,text\n447700900100,{'a' * 161}\n447700900101,short\n447700900102,“q”\n"
    path = await desk.ready("{text}", rows)
    answer = await desk.visit.post(f"{path}/message/measure", body="{text}", unicode="Auto")
    assert "0.20 EUR" in answer.text
    assert "Unicode" in answer.text
    assert "<dd>4</dd>" in answer.text


async def test_links_are_the_recipients_own_and_clicks_choose_a_replay(desk: Desk) -> None:
    path = await desk.ready("See {URL}", url="https://example.net/spring", slug="spring", track="on")
    await desk.launch(path)
    await desk.run()
    texts = [m["body"] for m in await desk.messages()]
    assert len(set(texts)) == 5
    assert all("/s/spring/" in text for text in texts)
    opened = await desk.visit.client.get("/s/" + texts[1].split("/s/")[1])
    assert opened.headers["location"] == "https://example.net/spring"
    assert "1 recipients" in await desk.text(path)
    await desk.later(25 * 3600)
    await desk.visit.post(f"{path}/replay", name="Clicked", chosen="clicked")
    chosen = "SELECT recipient FROM campaign_contact k JOIN campaign c ON c.id = k.campaign_id WHERE c.name = 'Clicked'"
    assert await desk.pool.fetchval(chosen) == "447700900101"


async def test_a_link_of_another_account_keeps_its_name(desk: Desk) -> None:
    other, _ = await add_person(desk.visit.context, "bob")
    add = "INSERT INTO short_link (account_id, slug, long_url, created_at) VALUES ($1, 'spring', 'https://bob.example/', now())"
    await desk.pool.execute(add, other)
    path = await desk.begin()
    await desk.upload(path)
    fields = {"body": "See {URL}", "url": "https://example.net/", "slug": "spring", "unicode": "Auto", "then": "next"}
    answer = await desk.visit.post(f"{path}/message", **fields)
    assert answer.status_code == 422
    assert "taken by another link" in answer.text
    assert await desk.pool.fetchval("SELECT long_url FROM short_link") == "https://bob.example/"


async def test_a_schedule_in_batches_runs_batch_by_batch(desk: Desk) -> None:
    path = await desk.ready()
    later = [desk.clock.now() + timedelta(hours=hours) for hours in (1, 2, 3)]
    times = [f"{moment:%Y-%m-%dT%H:%M}" for moment in later]
    plan = {"split": "percent", "size_1": "40", "at_1": times[0], "size_2": "20", "at_2": times[1], "at_3": times[2]}
    assert (await desk.launch(path, **plan)).status_code == 303
    assert (await desk.campaign(path))["state"] == "scheduled"
    rows = await desk.pool.fetch("SELECT contacts, first_row, last_row FROM campaign_batch ORDER BY n")
    assert [tuple(row) for row in rows] == [(2, 1, 2), (1, 3, 3), (2, 4, 5)]
    await desk.run()
    assert await desk.messages() == []
    await desk.later(3600)
    await desk.run()
    assert len(await desk.messages()) == 2
    assert (await desk.campaign(path))["state"] == "partial"
    assert (await desk.visit.post(f"{path}/batches/2/delete")).status_code == 303
    moved = f"{desk.clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M}"
    assert (await desk.visit.post(f"{path}/batches/3/move", at=moved)).status_code == 303
    assert "Only a scheduled" in (await desk.visit.client.get(f"{path}/reschedule", follow_redirects=True)).text
    await desk.run(4 * 3600, times=2)
    assert len(await desk.messages()) == 2
    desk.clock.advance(2 * 86_400)
    await desk.run()
    assert [m["recipient"][-1] for m in await desk.messages()] == ["0", "1", "3", "4"]
    assert (await desk.campaign(path))["state"] == "submitted"


async def test_rescheduling_and_deleting_what_has_not_begun(desk: Desk) -> None:
    path = await desk.ready()
    await desk.launch(path, at=f"{desk.clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    for at, said in (("2020-01-01T10:00", "5 minutes to 60 days"), ("2090-01-01T10:00", "5 minutes to 60 days")):
        answer = await desk.visit.post(f"{path}/reschedule", zone="UTC", split="none", at=at)
        assert answer.status_code == 422
        assert said in answer.text
    assert (await desk.visit.post(f"{path}/reschedule", zone="UTC", split="none", at="")).status_code == 303
    assert (await desk.campaign(path))["state"] == "processing"
    await desk.visit.post(f"{path}/delete")
    assert await desk.campaign(path) is not None
    await desk.run()
    assert len(await desk.messages()) == 5
    other = await desk.ready(name="Other")
    await desk.launch(other, at=f"{desk.clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    await desk.visit.post(f"{other}/delete")
    assert await desk.campaign(other) is None
    assert await desk.pool.fetchval("SELECT count(*) FROM stored_file") == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM campaign_contact") == 5


async def test_replay_takes_those_whose_messages_ended_so(desk: Desk) -> None:
    path = await desk.ready("Hi {first_name}")
    await desk.launch(path)
    await desk.run()
    await desk.pool.execute("UPDATE message SET status = $1 WHERE n IN (2, 4)", int(Status.UNDELIVERED))
    early = await desk.visit.post(f"{path}/replay", name="Again", chosen="undelivered")
    assert early.status_code == 422
    assert "one day after" in early.text
    await desk.later(25 * 3600)
    assert "Undelivered (2)" in await desk.text(f"{path}/replay")
    nobody = await desk.visit.post(f"{path}/replay", name="Again", chosen="expired")
    assert "No contact has such an outcome" in nobody.text
    answer = await desk.visit.post(f"{path}/replay", name="Spring sale - replay 1", chosen="undelivered")
    assert answer.status_code == 303, answer.text
    again = answer.headers["location"].removesuffix("/message")
    await desk.launch(again)
    await desk.run()
    assert [m["body"] for m in (await desk.messages())[5:]] == ["Hi Name1", "Hi Name3"]
    await desk.later(31 * 86_400)
    late = await desk.visit.post(f"{path}/replay", name="Late", chosen="undelivered")
    assert "one month after" in late.text


async def test_who_was_messaged_recently_is_left_out_when_asked(desk: Desk) -> None:
    first = await desk.ready(rows="mobile,first name\n447700900101,Ada\n")
    await desk.launch(first)
    await desk.run()
    await desk.later(3600)
    second = await desk.begin("Second")
    await desk.upload(second, recent_days="7")
    await desk.visit.post(f"{second}/message", body="Hello", unicode="Auto", then="next")
    await desk.launch(second)
    await desk.run()
    assert [m["recipient"][-1] for m in (await desk.messages())[1:]] == ["0", "2", "3", "4"]
    row = await desk.campaign(second)
    assert (row["recent"], row["valid"], row["accepted"]) == (1, 4, 4)


async def test_without_credits_at_its_time_it_fails_and_can_be_duplicated(desk: Desk) -> None:
    path = await desk.ready()
    await desk.launch(path, at=f"{desk.clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    await desk.pool.execute("UPDATE wallet SET balance = 0")
    await desk.later(90_000)
    await desk.run()
    row = await desk.campaign(path)
    assert (row["state"], row["reason"]) == ("failed", "There were no credits when it began.")
    answer = await desk.visit.post(f"{path}/duplicate")
    copy = await desk.campaign(answer.headers["location"].removesuffix("/setup"))
    assert (copy["name"], copy["state"], copy["valid"], copy["content"]) == (
        "Spring sale copy",
        "draft",
        5,
        row["content"],
    )


async def test_a_link_may_open_an_uploaded_file(desk: Desk) -> None:
    path = await desk.begin()
    await desk.upload(path)
    data = {"csrf": desk.visit.csrf, "body": "See {URL}", "unicode": "Auto", "then": "next"}
    wrong = {"file": ("offer.pdf", b"<html><script>1</script>", "application/pdf")}
    assert "none of PDF" in (await desk.visit.client.post(f"{path}/message", data=data, files=wrong)).text
    right = {"file": ("offer.pdf", b"%PDF-1.4 offer", "application/pdf")}
    assert (await desk.visit.client.post(f"{path}/message", data=data, files=right)).status_code == 303
    await desk.launch(path)
    await desk.run()
    (text,) = {m["body"] for m in await desk.messages()}
    opened = await desk.visit.client.get("/s/" + text.split("/s/")[1])
    desk.visit.client.cookies.clear()
    file = await desk.visit.client.get(urlsplit(opened.headers["location"]).path)
    assert file.content == b"%PDF-1.4 offer"


async def test_in_a_country_with_a_registry_a_template_is_needed_and_must_fit(desk: Desk) -> None:
    await desk.pool.execute("UPDATE account SET country = 'IN'")
    add = """INSERT INTO sms_template (account_id, title, content, template_id, purpose, iso_code, status, author, version)
             VALUES ($1, 'Sale', 'Dear {#var#}, use {#var#} today.', '1107161234567890123', 'MKT', 'IN', 1, 'x', 1)"""
    await desk.pool.execute(add, desk.visit.account)
    path = await desk.begin()
    await desk.upload(path)
    assert "Dear {#var#}, use {#var#} today." in await desk.visit.page(
        f"{path}/message", template="1107161234567890123"
    )
    for fields, said in (
        ({"body": "Hello"}, "needs an approved template"),
        ({"body": "Hello {first_name}", "template_id": "1107161234567890123"}, "does not fit the template"),
    ):
        answer = await desk.visit.post(f"{path}/message", unicode="Auto", then="next", **fields)
        assert answer.status_code == 422
        assert said in answer.text
    body = "Dear {first_name}, use {code} today."
    fields = {"body": body, "template_id": "1107161234567890123"}
    assert (await desk.visit.post(f"{path}/message", unicode="Auto", then="next", **fields)).status_code == 303
    desk.clock.advance(-((desk.clock.now().hour - 20) % 24) * 3600)
    assert "Outside the hours for marketing" in await desk.text(f"{path}/review")
    await desk.launch(path)
    await desk.run()
    first = (await desk.messages())[0]
    assert (first["body"], first["options"]) == ("Dear Name0, use C0 today.", {"template_id": "1107161234567890123"})


async def test_a_test_goes_to_at_most_five_numbers(desk: Desk) -> None:
    path = await desk.ready("Hi {first_name}")
    assert (await desk.visit.post(f"{path}/test", numbers="447700900001, 447700900002")).status_code == 303
    assert [(m["recipient"], m["body"], m["source"]) for m in await desk.messages()] == [
        ("447700900001", "Hi Name0", "campaign test"), ("447700900002", "Hi Name0", "campaign test"),
    ]  # fmt: skip
    many = ",".join(f"44770090000{i}" for i in range(6))
    assert (await desk.visit.post(f"{path}/test", numbers=many)).status_code == 422
    assert (await desk.visit.post(f"{path}/test", numbers="12")).status_code == 422


async def test_details_and_report_tell_what_became_of_it(desk: Desk) -> None:
    path = await desk.ready()
    await desk.launch(path)
    await desk.run()
    await desk.pool.execute("UPDATE message SET status = $1, trace = 'DELIVERED', price = 0.05 WHERE n < 4", 90)
    shown = await desk.text(path)
    assert "5 of 5 handed over" in shown
    assert "0.15 EUR" in shown
    assert "60 %" in shown
    report = await desk.visit.client.get(f"{path}/report?export=csv")
    assert report.text.count("Delivered,DELIVERED") == 3
    assert "Spring sale" in await desk.text("/campaigns")
    assert "Spring sale" not in await desk.text("/campaigns?q=autumn")
    assert "Spring sale" not in await desk.text("/campaigns?state=draft")


async def test_R56_another_accounts_campaign_does_not_exist(desk: Desk) -> None:
    path = await desk.ready()
    other, token = await add_person(desk.visit.context, "bob")
    await desk.visit.context.database.run(lambda c: create_sender(c, other, "BOBS"))
    await sign_in_as(desk.visit.client, token)
    csrf = await csrf_of(desk.visit.context, token)
    for ending in ("", "/setup", "/contacts", "/contacts/list", "/message", "/schedule", "/review", "/now", "/report",
                   "/replay", "/reschedule", "/file", "/batches/1/move"):  # fmt: skip
        assert (await desk.visit.client.get(path + ending)).status_code == 404, ending
    fields: dict[str, Any] = {"csrf": csrf, "body": "x", "numbers": "447700900100", "name": "abc", "chosen": "sent"}
    for ending in ("/setup", "/contacts", "/contacts/column", "/message", "/message/measure", "/schedule", "/launch", "/test",
                   "/cancel", "/delete", "/duplicate", "/replay", "/reschedule", "/batches/1/delete"):  # fmt: skip
        assert (await desk.visit.client.post(path + ending, data=fields)).status_code == 404, ending
    assert "Spring sale" not in (await desk.visit.client.get("/campaigns")).text
    assert (await desk.campaign(path))["state"] == "draft"
    assert await desk.messages() == []


async def test_support_reads_and_changes_nothing(desk: Desk) -> None:
    path = await desk.ready()
    await desk.launch(path)
    await desk.run()
    _, token = await add_person(desk.visit.context, "sue", "support", desk.visit.account)
    await sign_in_as(desk.visit.client, token)
    csrf = await csrf_of(desk.visit.context, token)
    assert (await desk.visit.client.get(path)).status_code == 200
    assert (await desk.visit.client.post(f"{path}/duplicate", data={"csrf": csrf})).status_code == 403
