"""The message list and the page of a message: whose rows are shown, what is found, what a reader learns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from strowger.messaging.statuses import TRACES
from strowger.platform.callbacks.schemas import CallbackState
from tests.browser.messaging.samples import LONG, Log
from tests.database.messaging.console_client import Room, add_person, open_room

DAY = 86_400


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(database_url, tmp_path) as room:
        yield room


@pytest.fixture
async def foreign(room: Room) -> Log:
    account, _ = await add_person(room.context, "eve")
    return await Log(room.context.database, account, room.log.now).prepare(name="other")


async def test_an_empty_list_says_how_to_begin(room: Room) -> None:
    text = (await room.get("/messages")).text
    assert "No messages yet" in text
    assert 'href="/send"' in text
    assert "curl -X POST" in text


async def test_an_account_whose_messages_are_older_is_led_to_them(room: Room) -> None:
    await room.log.delivered(2 * DAY)
    text = (await room.get("/messages")).text
    assert "No messages in the last 24 hours" in text
    assert "created_at=30d" in text


async def test_the_list_shows_own_messages_only_as_text(room: Room, foreign: Log) -> None:
    mine = await room.log.refused(body="<script>alert(1)</script>")
    theirs = await foreign.delivered(10)
    rows = await room.rows()
    assert f"/messages/{mine}" in rows
    assert theirs not in rows
    assert "&lt;script&gt;" in rows
    assert "<script" not in rows


async def test_search_by_id_request_number_and_text(room: Room) -> None:
    old = await room.log.delivered(20 * DAY, recipient="447700900999")
    new = await room.log.delivered(60, recipient="447700900123", body="Hello 100% sure")
    for text, found in (
        (old, old), (old.partition(":")[0], old), ("+44 7700 900999", old), ("447700900123", new), ("0123", new),
        ("100% SURE", new), ("acme", new),
    ):  # fmt: skip
        rows = await room.rows(q=text)
        assert [one for one in (old, new) if one in rows] == [found], text
    assert "Nothing matches" in await room.rows(q=str(uuid4()))
    assert "Nothing matches" in await room.rows(q="100_ sure")


async def test_an_incoming_message_is_found_by_its_sender(room: Room) -> None:
    incoming = await room.log.incoming()
    assert incoming in await room.rows(q="+447700900456")


async def test_filters_narrow_the_list(room: Room) -> None:
    made = await room.log.believable()
    for params, kept in (
        ({"status": "70"}, {"refused"}),
        ({"status": ["70", "80"]}, {"refused", "undelivered"}),
        ({"direction": "1"}, {"incoming"}),
        ({"trace": "NO-CREDITS"}, {"refused"}),
        ({"type": "OTP"}, {"otp"}),
        ({"country": "fr"}, {"sent"}),
        ({"sender": "4477"}, {"incoming"}),
    ):
        rows = await room.rows(created_at="24h", **params)
        assert {name for name, one in made.items() if one in rows} == kept, params


async def test_the_log_has_every_column_and_filter_of_the_reference(room: Room) -> None:
    """sms.md 7.3: also network, template id, reference, refund; narrowed by source, campaign, number and template."""
    options = {"template_id": "1107000000000000001", "ref": "order-7"}
    one = await room.log.delivered(
        60, recipient="447700900321", source="MSEXCEL", campaign_name="spring", options=options, network="Test Net", refunded=True,
    )  # fmt: skip
    other = await room.log.delivered(50, recipient="447700900322")
    for params in (
        {"recipient": "+44 7700 900321"}, {"recipient": "321"}, {"source": "msexcel"}, {"campaign_name": "spring"},
        {"template_id": "1107000000000000001"},
    ):  # fmt: skip
        rows = await room.rows(**params)
        assert one in rows, params
        assert other not in rows, params
    wanted = ("id", "network", "template_id", "ref", "refunded", "delivered_at")
    rows = await room.rows(cols=",".join(wanted), sort="network")
    for text in ("Test Net", "1107000000000000001", "order-7", "yes"):
        assert text in rows


async def test_pages_follow_one_another_without_gaps(room: Room) -> None:
    made = [await room.log.delivered(number) for number in range(60, 0, -1)]
    first = await room.get("/messages", part=True, size=25)
    seen: list[str] = []
    text = first.text
    for _ in range(3):
        seen += [one for one in made if one in text]
        link = text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        if link:
            text = (await room.client.get(link, headers={"HX-Request": "true"})).text
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("sort", ["status", "-price", "sender", "-final_at", "country", "units"])
async def test_every_sort_is_answered(room: Room, sort: str) -> None:
    made = await room.log.believable()
    rows = await room.rows(sort=sort, size=100)
    assert all(one in rows for one in made.values())


async def test_times_at_the_edge_of_the_calendar_are_taken(room: Room) -> None:
    await room.log.delivered(10)
    for start, end in (("0001-01-01T00:00", ""), ("", "9999-12-31T23:59"), ("9999-12-31T23:59", "")):
        assert (await room.get("/messages", created_at_from=start, created_at_to=end)).status_code == 200


async def test_the_export_hides_one_time_passwords_and_formulas(room: Room) -> None:
    await room.log.delivered(10, type="OTP", body="483920 is your code")
    await room.log.delivered(20, body="=1+1")
    answer = await room.get("/messages", export="csv")
    assert "•••••• is your code" in answer.text
    assert "483920" not in answer.text
    assert "'=1+1" in answer.text
    assert (await room.get("/messages", export="xlsx")).content.startswith(b"PK")


async def test_an_account_may_show_its_one_time_passwords(room: Room) -> None:
    await room.log.delivered(60, type="OTP", body="Your code is 4711")
    assert "4711" not in await room.rows()
    assert "4711" not in (await room.get("/live/rows")).text
    await room.context.database.pool.execute("""UPDATE account SET settings = '{"show_codes": true}'""")
    assert "Your code is 4711" in await room.rows()


async def test_U30_a_message_page_tells_the_whole_story(room: Room) -> None:
    message = await room.log.delivered(40, parts=2, body=LONG, campaign_name="parcels-may", options={"ref": "4471-AC"})
    await room.log.callback(message, None, tries=2)
    text = (await room.get(f"/messages/{message}")).text
    for words in (
        "Submitted to northern-telecom, part 2 of 2", "0x00000000 ESME_ROK", "Delivered, part 1 of 2", "7F3A0002",
        "parcels-may", "4471-AC", "0.045 EUR", "HTTP 503", "HTTP 200", "X-Callback-Id", f"/messages/{message} \\",
        "in 3.4 s",
    ):  # fmt: skip
        assert words in text, words


async def test_U30_U34_a_failed_message_says_what_to_do(room: Room) -> None:
    text = (await room.get(f"/messages/{await room.log.undelivered()}")).text
    assert TRACES["ABSENT-SUB"].remedy in text
    assert 'href="/errors/ABSENT-SUB"' in text
    assert "ESME_RTHROTTLED" in text
    assert 'href="/send?to=447700900123&amp;sender=ACME&amp;body=' in text
    for other in (await room.log.delivered(), await room.log.undelivered(type="OTP")):
        assert "Send again" not in (await room.get(f"/messages/{other}")).text


async def test_U30_a_waiting_message_says_why(room: Room) -> None:
    message = await room.log.waiting(due=30)
    assert "asked to wait" in (await room.get(f"/messages/{message}")).text
    await room.context.database.pool.execute("UPDATE carrier_link SET worker_id = NULL, detail = 'connection refused'")
    text = (await room.get(f"/messages/{message}")).text
    assert "northern-telecom is not connected" in text
    assert "connection refused" in text
    assert "every 5s" in text


async def test_an_unchanged_message_is_not_sent_again(room: Room) -> None:
    message = await room.log.sent()
    text = (await room.get(f"/messages/{message}")).text
    version = text.partition("?version=")[2].partition('"')[0]
    assert (await room.get(f"/messages/{message}", part=True, version=version)).status_code == 204
    await room.log.callback(message, CallbackState.PENDING)
    changed = await room.get(f"/messages/{message}", part=True, version=version)
    assert changed.status_code == 200
    assert "<html" not in changed.text


async def test_foreign_and_unknown_ids_get_the_same_answer(room: Room, foreign: Log) -> None:
    theirs = await foreign.delivered(10)
    request_id = theirs.partition(":")[0]
    answers = [
        await room.get(f"/messages/{one}")
        for one in (theirs, f"{uuid4()}:1", request_id, str(uuid4()), "x", f"{request_id}:99999")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


async def test_U11_a_request_leads_to_its_messages(room: Room) -> None:
    message = await room.log.delivered(10)
    request_id = message.partition(":")[0]
    assert (await room.get(f"/messages/{request_id}")).headers["location"] == f"/messages/{message}"
    await room.log.message(10, request_id=room.log.made[request_id], n=2)
    assert (await room.get(f"/messages/{request_id}")).headers["location"] == f"/messages?q={request_id}"


async def test_U11_the_palette_finds_a_message(room: Room, foreign: Log) -> None:
    message, theirs = await room.log.delivered(10), await foreign.delivered(10)
    for text in (message, message.partition(":")[0], "447700900123"):
        found = (await room.get("/console/search", q=text)).text
        assert f"/messages/{message}" in found
        assert theirs not in found


async def test_live_rows_are_the_accounts_own(room: Room, foreign: Log) -> None:
    mine, theirs = await room.log.delivered(10), await foreign.delivered(10)
    some = (await room.get("/live/rows", ids=f"{mine},{theirs},nonsense")).text
    latest = (await room.get("/live/rows")).text
    for text in (some, latest):
        assert mine in text
        assert theirs not in text
    assert (await room.get("/live/rows", ids="nonsense")).text.strip() == ""


async def test_U34_every_trace_has_its_entry(room: Room) -> None:
    text = (await room.get("/errors")).text
    for trace in TRACES.values():
        assert f">{trace.code}</a>" in text
    assert 'href="/docs/errors"' in text


async def test_nobody_sees_anything_without_signing_in(room: Room) -> None:
    room.client.cookies.clear()
    for path in ("/messages", "/live", "/live/rows", "/callbacks", "/callbacks/signing", "/callbacks/test", "/errors"):
        answer = await room.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
