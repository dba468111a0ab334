"""The figures of each SMS report, checked against messages that were put into the log."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from strowger.messaging.schemas import Direction
from strowger.messaging.statuses import Status
from tests.report_kit import DAY, Desk

MORNING = datetime(2026, 3, 10, 8, tzinfo=UTC)
FEE = """
INSERT INTO tariff (channel, currency, country, unit_price, fee, refund_undelivered) VALUES ('sms', 'EUR', 'IN', 0.04, 0.01, true)
"""


async def test_mt_summary(desk: Desk) -> None:
    await desk.pool.execute(FEE)
    for n in range(3):
        await desk.message(
            MORNING + timedelta(minutes=n), units=2, price=Decimal("0.10"), country="IN", campaign_name="Sale"
        )
    for n in range(2):
        await desk.message(MORNING + timedelta(minutes=10 + n), Status.UNDELIVERED, trace="ABSENT-SUB", country="IN",
                           campaign_name="Sale", units=1, price=Decimal("0.05"), refunded=n == 0)  # fmt: skip
    await desk.message(MORNING, Status.NOT_SENT, trace="NO-CREDITS", units=3, country="IN", type="OTP")
    await desk.message(MORNING - timedelta(days=1))  # the day before
    await desk.message(MORNING, direction=Direction.MO, status=Status.RECEIVED, type="MO")
    rows = await desk.made("sms-mt-summary")
    assert len(rows) == 3
    delivered = next(row for row in rows if row["Status"] == "Delivered")
    assert delivered == {
        "Date": "2026-03-10", "Sender": "ACME", "Category": "TXN", "Campaign Name": "Sale", "Destination Country": "India",
        "Status": "Delivered", "Status Trace": "DELIVERED", "Total SMS": "3", "Total Units": "6", "Units Charged": "6",
        "Units Refunded": "0", "Units Billable": "6", "Subtotal": "0.240000", "Non-refundable DLT Fees": "0.060000",
        "Amount Billable": "0.300000",
    }  # fmt: skip
    failed = next(row for row in rows if row["Status"] == "UnDelivered")
    assert (failed["Total SMS"], failed["Units Charged"], failed["Units Refunded"], failed["Units Billable"]) == (
        "2",
        "2",
        "1",
        "1",
    )
    assert (failed["Subtotal"], failed["Non-refundable DLT Fees"], failed["Amount Billable"]) == (
        "0.040000",
        "0.020000",
        "0.060000",
    )
    refused = next(row for row in rows if row["Status"] == "Not Sent")
    assert (refused["Category"], refused["Total Units"], refused["Units Charged"], refused["Amount Billable"]) == (
        "OTP", "3", "0", "0.000000",
    )  # fmt: skip
    assert (
        len(await desk.made("sms-mt-summary", filters={"status": [str(int(Status.DELIVERED))], "country": "in"})) == 1
    )
    assert await desk.made("sms-mt-summary", filters={"trace": "ABSENT-SUB", "sender": "OTHER"}) == []


async def test_days_weeks_and_months_begin_in_the_time_zone(desk: Desk) -> None:
    late = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)  # Monday in London, Tuesday in Kolkata
    await desk.message(late)
    await desk.message(MORNING)
    first, last = date(2026, 3, 1), date(2026, 3, 15)
    rows = await desk.made("sms-count", first, last)
    assert [(row["Date"], row["Total SMS"]) for row in rows] == [("2026-03-09", "1"), ("2026-03-10", "1")]
    rows = await desk.made("sms-count", first, last, zone="Asia/Kolkata")
    assert [(row["Date"], row["Total SMS"]) for row in rows] == [("2026-03-10", "2")]
    rows = await desk.made("sms-count", first, last, group="week")
    assert [(row["Date"], row["Total SMS"]) for row in rows] == [("2026-03-09", "2")]
    rows = await desk.made("sms-count", date(2026, 2, 20), last, group="month")
    assert [(row["Date"], row["Total SMS"]) for row in rows] == [("2026-03-01", "2")]


async def test_tabular_mt_and_mo(desk: Desk) -> None:
    options = {"template_id": "1107", "ref": "r0", "ref_custom": "c", "flash": True}
    message_id = await desk.message(
        MORNING, body="Your code is 1234", type="OTP", options=options, campaign_name="Login"
    )
    await desk.message(MORNING + timedelta(hours=1), Status.RECEIVED, direction=Direction.MO, type="MO", sender="447700900999",
                       recipient="4915550001", body="STOP", source="MO", trace="RECEIVED", sent_at=None, price=None)  # fmt: skip
    await desk.pool.execute("UPDATE message SET network = '23415' WHERE direction = 0")
    await desk.pool.execute(
        "INSERT INTO number_range (prefix, network, country, operator, batch) VALUES ('4477', '23415', 'GB', 'Test Net', 1)"
    )
    out, incoming = await desk.made("sms-tabular")
    assert (out["NETWORK_NAME"], incoming["NETWORK_NAME"]) == ("Test Net", "")
    assert (out["DIRECTION"], out["COUNTRY_NAME"], out["SENDER"], out["MOBILE"]) == (
        "MT",
        "United Kingdom",
        "ACME",
        "447700900123",
    )
    assert (out["STATUS"], out["STATUS_TRACE"], out["REFUNDED"], out["SOURCE"]) == (
        "Delivered",
        "DELIVERED",
        "0",
        "API",
    )
    assert (out["CREATED"], out["SENT_AT"]) == ("2026-03-10T08:00:00:000Z", "2026-03-10T08:00:01:000Z")
    assert (out["CHARGES"], out["CURRENCY"], out["MESSAGE_ID"], out["FLASH"]) == ("0.050000", "EUR", message_id, "1")
    assert (out["TEMPLATE_ID"], out["REF"], out["REF_CUSTOM"], out["SUBACCOUNT"]) == ("1107", "r0", "c", "Ada Ltd")
    assert "1234" not in out["BODY"]
    assert (incoming["DIRECTION"], incoming["MOBILE"], incoming["STATUS"], incoming["RECEIVER_NUMBER"]) == (
        "MO", "447700900999", "Sent", "4915550001",
    )  # fmt: skip
    assert (incoming["SENDER"], incoming["COUNTRY_NAME"], incoming["BODY"]) == ("", "", "STOP")
    only = await desk.made("sms-tabular-mt")
    assert [row["DIRECTION"] for row in only] == ["MT"]
    assert "RECEIVER_NUMBER" not in only[0]
    narrow = await desk.made("sms-tabular-mt", columns=["MOBILE", "STATUS"])
    assert list(narrow[0]) == ["MOBILE", "STATUS"]


async def test_mo_summary(desk: Desk) -> None:
    incoming = {"direction": Direction.MO, "status": Status.RECEIVED, "type": "MO", "sender": "447700900999", "source": "MO",
                "recipient": "4915550001", "sent_at": None, "price": None}  # fmt: skip
    ids = [
        await desk.message(MORNING + timedelta(minutes=n), body="JOIN now", units=n + 1, **incoming) for n in range(3)
    ]
    await desk.message(MORNING, **{**incoming, "recipient": "4915550002"})
    mails = [{"id": "m", "to": "a"}, {"to": "b", "why": "w"}]
    done = [
        {"reply": {"id": "x"}, "sms": {"id": "y", "to": ["1", "2"]}, "mails": mails},
        {"reply": {"why": "too-often"}},
    ]
    for message_id, one in zip(ids, done, strict=False):
        await desk.pool.execute(
            "INSERT INTO receive_log (account_id, request_id, source, number, keyword, done, at)"
            " VALUES ($1, $2, '447700900999', '4915550001', 'JOIN', $3, $4)",
            desk.account, message_id.split(":")[0], one, MORNING,
        )  # fmt: skip
    for message_id, outcome in ((ids[0], 2), (ids[0], 1), (ids[1], 3)):
        request_id = message_id.split(":")[0]
        await desk.pool.execute(
            "INSERT INTO callback_attempt (account_id, request_id, n, callback_id, event, attempt, at, duration_ms, outcome,"
            " method, url) VALUES ($1, $2, 1, $2, 'sms_mo', 1, $3, 5, $4, 'POST', 'https://x.test')",
            desk.account, request_id, MORNING, outcome,
        )  # fmt: skip
    rows = await desk.made("sms-mo-summary")
    assert [(row["Recipient Number"], row["Keyword"], row["Total MO"], row["Total Parts"]) for row in rows] == [
        ("4915550001", "", "1", "3"), ("4915550001", "JOIN", "2", "3"), ("4915550002", "", "1", "1"),
    ]  # fmt: skip
    joined = rows[1]
    assert (joined["Auto Replies"], joined["Forwards"], joined["Triggers OK"], joined["Triggers Failed"]) == (
        "1",
        "3",
        "1",
        "1",
    )
    assert len(await desk.made("sms-mo-summary", filters={"keyword": "join", "number": "+4915550001"})) == 1
    assert {row["KEYWORD"] for row in await desk.made("sms-tabular")} == {"JOIN", ""}


async def test_callbacks_and_money(desk: Desk) -> None:
    profile = await desk.pool.fetchval(
        "INSERT INTO callback_profile (id, account_id, pod, title, channel, method, url) VALUES (gen_random_uuid(), $1, 'EU',"
        " 'Hook', 'sms', 'POST', 'https://x.test') RETURNING id", desk.account,
    )  # fmt: skip
    made = (await desk.message(MORNING)).split(":")[0]
    for attempt, outcome, status in ((1, 2, 503), (2, 1, 200)):
        await desk.pool.execute(
            "INSERT INTO callback_attempt (account_id, request_id, n, callback_id, event, attempt, at, duration_ms, outcome,"
            " http_status, method, url, profile_id) VALUES ($1, $2, 1, $2, 'sms_send', $3, $4, 5, $5, $6, 'POST',"
            " 'https://x.test/hook', $7)", desk.account, made, attempt, MORNING, outcome, status, profile,
        )  # fmt: skip
    waiting = (await desk.message(MORNING + timedelta(minutes=1))).split(":")[0]
    await desk.pool.execute(
        "INSERT INTO callback (id, account_id, request_id, n, event, endpoint, target, variables, state, attempts, due_at,"
        " last_error, created_at) VALUES ($2, $1, $2, 1, 'sms_send', 'x', $3, '{}', 3, 0, $4, 'disabled', $4)",
        desk.account, waiting, {"profile": str(profile), "method": "POST", "url": "https://x.test"}, MORNING,
    )  # fmt: skip
    first, second = await desk.made("callback-requests")
    assert (first["PROFILE"], first["REFERENCE"], first["ATTEMPTS"], first["LAST HTTP CODE"], first["STATUS"]) == (
        "Hook", f"{made}:1", "2", "200", "Delivered",
    )  # fmt: skip
    assert (second["ATTEMPTS"], second["LAST ERROR"], second["STATUS"]) == ("0", "disabled", "Dropped")
    await desk.pool.execute(
        "INSERT INTO callback_tally (account_id, profile_id, hour, host, outcome, http_status, bucket, number, ms)"
        " VALUES ($1, $2, $3, 'x.test', 1, 200, 2, 4, 400)", desk.account, profile, MORNING,
    )  # fmt: skip
    (row,) = await desk.made("callbacks")
    assert (row["DATE"], row["TITLE"], row["ENDPOINT HOST"], row["CALLS"], row["SUCCESS"], row["AVG MS"]) == (
        "2026-03-10", "Hook", "x.test", "4", "4", "100",
    )  # fmt: skip
    await desk.pool.execute(
        "INSERT INTO ledger_entry (id, account_id, kind, amount, balance_after, reference, by_user, created_at)"
        " VALUES (gen_random_uuid(), $1, 'recharge', 50, 50, 'wire', 'Ada', $2), (gen_random_uuid(), $1, 'charge', 0, NULL, 'x',"
        " NULL, $2)", desk.account, MORNING,
    )  # fmt: skip
    (row,) = await desk.made("credit-history")
    assert row == {"Date-time": "2026-03-10T08:00:00+00:00", "Type": "Recharge", "Reference": "wire", "Amount": "50.000000",
                   "Balance after": "50.000000", "By": "Ada"}  # fmt: skip


async def test_by_template_and_by_campaign_with_clicks(desk: Desk) -> None:
    await desk.pool.execute(
        "INSERT INTO sms_template (account_id, title, content, template_id, purpose, iso_code, status)"
        " VALUES ($1, 'Welcome', 'Hi {name}', 'T1', 'TXN', 'GB', 1)", desk.account,
    )  # fmt: skip
    options = {"template_id": "T1"}
    clicked = await desk.message(MORNING, options=options, campaign_name="Spring")
    await desk.message(MORNING, Status.UNDELIVERED, options=options, campaign_name="Spring")
    await desk.message(MORNING, Status.NOT_SENT, options=options, campaign_name="Spring", trace="OPT-OUT")
    await desk.message(MORNING, Status.NOT_SENT, options=options, campaign_name="Spring", trace="INV-NUMBER")
    await desk.message(MORNING)
    await desk.pool.execute(
        "INSERT INTO short_link_token (account_id, link_id, token, request_id, n, recipient, clicks)"
        " VALUES ($1, 1, 'abc', $2, 1, '447700900123', 3)", desk.account, clicked.split(":")[0],
    )  # fmt: skip
    (row,) = await desk.made("sms-by-template")
    assert (row["Template ID"], row["Template Title"], row["Total SMS"], row["Delivered"]) == (
        "T1",
        "Welcome",
        "4",
        "1",
    )
    assert (row["Undelivered"], row["Not Sent"], row["Delivery %"], row["Clicks"], row["Unique clicks"]) == (
        "1",
        "2",
        "25.00",
        "3",
        "1",
    )
    assert row["Amount"] == "0.100000"
    (row,) = await desk.made("sms-by-campaign", DAY - timedelta(days=5), DAY)
    assert (row["Name"], row["Template"], row["Contacts"], row["Valid"], row["Invalid"]) == (
        "Spring",
        "T1",
        "4",
        "3",
        "1",
    )
    assert (row["Blocked"], row["Submitted"], row["Clicks"], row["Batches"]) == ("1", "2", "3", "4")
    campaign = await desk.pool.fetchval(
        "INSERT INTO campaign (account_id, id, channel, name, state, sender, type, total, valid, invalid, duplicates, blocked,"
        " pace, created_by, created_at, launched_at) VALUES ($1, gen_random_uuid(), 'sms', 'Spring', 'completed', 'ACME', 'TXN',"
        " 9, 4, 2, 2, 1, 10, 'Ada', $2, $2) RETURNING id", desk.account, MORNING - timedelta(hours=1),
    )  # fmt: skip
    (row,) = await desk.made("sms-by-campaign")
    assert (row["Campaign ID"], row["Created by"], row["Launched at"]) == (
        str(campaign),
        "Ada",
        "2026-03-10T07:00:00+00:00",
    )
    assert (row["Contacts"], row["Valid"], row["Duplicates"], row["Submitted"], row["Batches"]) == (
        "9",
        "4",
        "2",
        "2",
        "0",
    )
    assert (await desk.made("sms-tabular-mt", filters={"campaign": "Spring"}))[0]["CAMPAIGN_ID"] == str(campaign)
    (row,) = await desk.made("sms-by-campaign-day")
    assert (row["Campaign"], row["Recipients"], row["Submitted"], row["Delivered"], row["Failed"]) == (
        "Spring",
        "4",
        "2",
        "1",
        "3",
    )


async def test_links_and_their_clicks(desk: Desk) -> None:
    message_id = await desk.message(MORNING)
    request_id = message_id.split(":")[0]
    for slug, account in (("own", desk.account), ("idle", desk.account), ("eves", desk.account + 99)):
        link = await desk.pool.fetchval(
            "INSERT INTO short_link (account_id, slug, long_url, created_at) VALUES ($1, $2, 'https://x.test/', $3) RETURNING id",
            account, slug, MORNING,
        )  # fmt: skip
        if slug == "idle":
            continue
        token = await desk.pool.fetchval(
            "INSERT INTO short_link_token (account_id, link_id, token, request_id, n, recipient)"
            " VALUES ($1, $2, 'k1', $3, 1, '447700900123') RETURNING id", account, link, request_id,
        )  # fmt: skip
        for minute in range(3):
            await desk.pool.execute(
                "INSERT INTO short_link_click (account_id, link_id, token_id, at, ip, user_agent)"
                " VALUES ($1, $2, $3, $4, '203.0.113.5', 'curl/8.5.0')",
                account, link, token, MORNING + timedelta(minutes=minute),
            )  # fmt: skip
    (row,) = await desk.made("links-summary")
    assert row["TXTLY"].endswith("/own")
    assert (row["LONG URL"], row["VIEWS"], row["UNIQUE CLICKS"]) == ("https://x.test/", "3", "1")
    clicks = await desk.made("links-detailed")
    assert len(clicks) == 3
    assert (clicks[0]["MOBILE NUMBER"], clicks[0]["CLIENT IP"], clicks[0]["BROWSER"]) == (
        "447700900123",
        "203.0.113.5",
        "curl",
    )
    assert clicks[0]["SHORT_URL"].endswith("/own/k1")
    assert clicks[0]["MESSAGE ID"] == message_id


async def test_performance_location_days_and_senders(desk: Desk) -> None:
    for n in range(1, 11):
        sent = MORNING + timedelta(minutes=n)
        await desk.message(sent, sent_at=sent, final_at=sent + timedelta(seconds=n), network="Vodafone")
    await desk.message(MORNING, Status.UNDELIVERED, trace="ABSENT-SUB", network="Vodafone")
    await desk.message(
        MORNING, Status.SENT, trace="SENT - NO DLR", final_at=MORNING + timedelta(hours=72), network="Vodafone"
    )
    await desk.message(MORNING, Status.SENT, trace="AWAITED-DLR", network="Vodafone")
    (row,) = await desk.made("sms-performance")
    assert (row["Submitted"], row["Delivered"], row["Failed"], row["Pending"], row["Operator"]) == (
        "13",
        "10",
        "1",
        "1",
        "Vodafone",
    )
    assert (row["Median delivery seconds"], row["95th percentile delivery seconds"]) == ("5.5", "9.5")
    assert row["Top 3 traces"] == "DELIVERED (10), ABSENT-SUB (1), AWAITED-DLR (1)"
    (row,) = await desk.made("sms-location", DAY - timedelta(days=3), DAY)
    assert row == {"Country Name": "United Kingdom", "SENT-No DLR": "1", "Delivered": "10", "Undelivered": "1", "NOT-SENT": "0",
                   "Total Sent": "13"}  # fmt: skip
    (row,) = await desk.made("sms-by-day")
    assert (row["Date"], row["Channel"], row["Total"], row["Delivered"], row["Amount"]) == (
        "2026-03-10",
        "SMS",
        "13",
        "10",
        "0.650000",
    )
    (row,) = await desk.made("sms-by-sender")
    assert (row["Sender"], row["Category"], row["Total"], row["Units"], row["Failed"]) == (
        "ACME",
        "TXN",
        "13",
        "13",
        "1",
    )


async def test_sub_accounts_and_nobody_elses(desk: Desk) -> None:
    add = "INSERT INTO account (sid, name, country, currency, parent_id) VALUES ($1, $2, 'GB', 'EUR', $3) RETURNING id"
    child = await desk.pool.fetchval(add, "HXEU0000000007GB", "North", desk.account)
    other = await desk.pool.fetchval(add, "HXEU0000000008GB", "Eve Ltd", None)
    await desk.message(MORNING)
    await desk.message(MORNING, account_id=child)
    await desk.message(MORNING, Status.NOT_SENT, account_id=child, trace="BLOCKED-COUNTRY", country="CU")
    await desk.message(MORNING, account_id=other, sender="EVE")
    rows = await desk.made("sms-subaccounts")
    assert {row["Subaccount Name"] for row in rows} == {"North"}
    assert sum(int(row["Total SMS"]) for row in rows) == 2
    assert len(await desk.made("sms-subaccounts", filters={"subaccount": "south, north"})) == 2
    assert await desk.made("sms-subaccounts", filters={"subaccount": "Eve Ltd"}) == []
    (row,) = await desk.made("sms-blocked-countries")
    assert (row["Sub-account"], row["Country"], row["Attempts blocked"], row["Trace"]) == (
        "North",
        "Cuba",
        "1",
        "BLOCKED-COUNTRY",
    )
    for kind in ("sms-mt-summary", "sms-tabular", "sms-tabular-mt", "sms-count", "sms-by-day", "sms-performance"):
        assert "EVE" not in str(await desk.made(kind)), kind
    assert [row["Total"] for row in await desk.made("sms-by-day")] == ["1"]


async def test_a_day_reads_only_its_partitions(desk: Desk) -> None:
    """Every statement of a report is bounded by ids, so that the log's other days are not touched."""
    from strowger.channels.sms.reports import repository, rows
    from strowger.platform.reports.types import Span

    span = Span(MORNING, MORNING + timedelta(days=1), "2026-03-10")
    values = [desk.account, *repository.bounds(span), *repository.MessageFilter().values()]
    for name in ("message_20260308", "message_20260312"):
        start = datetime(2026, 3, int(name[-2:]), tzinfo=UTC)
        low, high = repository.uuid_floor(start), repository.uuid_floor(start + timedelta(days=1))
        await desk.pool.execute(f"CREATE TABLE {name} PARTITION OF message FOR VALUES FROM ('{low}') TO ('{high}')")
    statements = [rows.SUMMARY.statement(), rows.CAMPAIGN.statement(), repository.PERFORMANCE]
    for statement in statements:
        plan = str(await desk.pool.fetch(f"EXPLAIN {statement}", *values))
        assert "message_20260308" not in plan
        assert "message_20260312" not in plan


async def test_numbers_of_people_are_masked_for_roles_without_the_right(desk: Desk) -> None:
    """Made by such a role: masked. Made by others: not shown to it, neither as a file nor on the page nor by mail."""
    await desk.message(MORNING, recipient="4917012345678")
    owner = await desk.house.entered()
    asked = {
        "first": "2026-03-10",
        "last": "2026-03-10",
        "zone": "UTC",
        "format": "csv",
        "recipients": "",
        "columns": "MOBILE",
    }
    whole = (await owner.post("/reports/new/sms-tabular-mt", **asked)).headers["location"]
    assert await desk.jobs.step()
    await desk.pool.execute("""UPDATE account SET settings = settings || '{"hide_numbers": true}'""")
    await desk.house.add("sue", "support")
    sue = await desk.house.entered("sue@example.com")
    page = (await sue.get(whole)).text
    assert "whole numbers" in page
    assert "4917012345678" not in page
    assert f"{whole}/download" not in page
    assert (await sue.get(f"{whole}/download")).headers["location"] == whole
    refused = await sue.post(f"{whole}/mail", recipients="sue@example.com")
    assert refused.status_code == 422
    again = (await sue.post(f"{whole}/again")).headers["location"]
    assert await desk.jobs.step()
    file = (await sue.get(f"{again}/download")).text
    assert "491********78" in file
    assert "4917012345678" not in file
    assert "4917012345678" in (await owner.get(f"{whole}/download")).text
