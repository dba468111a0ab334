"""The rooms of Receive Message: what they keep, what they refuse, what the log tells."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from strowger.channels.sms.pipeline import SmsRules
from strowger.messaging.outcomes import Incoming
from strowger.messaging.service import Pipeline
from strowger.platform.numbers.service import create_number
from tests.database.channels.sms.test_screening_pages import filled
from tests.database.home.test_home import Visit, add_person, visit
from tests.database.messaging.console_client import csrf_of, sign_in_as

__all__ = ["visit"]
OWN, PERSON, COLLEAGUE = "447700900555", "447700900123", "447700900999"


async def give_number(visit: Visit, msisdn: str = OWN, account: int = 0) -> None:
    await visit.context.database.run(lambda c: create_number(c, account or visit.account, msisdn))


async def rows(visit: Visit, table: str = "receive_configuration") -> list[Any]:
    found: list[Any] = await visit.context.database.pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
    return found


def expiry(visit: Visit) -> str:
    return f"{visit.context.clock.now() + timedelta(days=30):%Y-%m-%dT%H:%M:%S}"


async def make(visit: Visit, **fields: str) -> str:
    """Create a configuration; returns its page."""
    given = {"number": OWN, "keyword": "DEMO", "expires_at": expiry(visit), "consent": "", "method": "POST", **fields}
    answer = await visit.post("/receive/new", **given)
    assert answer.status_code == 303, re.findall(r"field-error.*?</p>", answer.text)
    return answer.headers["location"]


async def test_the_way_of_a_configuration(visit: Visit) -> None:
    assert "No numbers yet" in await visit.page("/receive")
    await give_number(visit)
    assert "No configurations yet" in await visit.page("/receive")
    page = await make(
        visit, keyword="BOOK {date}", reply_text="Booked for {date}", reply_sender="ACME", forward_numbers="+44 7700 900999",
        forward_emails="a@example.org\nb@example.org", callback="https://a.example/mo?from={source}", method="GET",
        consent="subscribe",
    )  # fmt: skip
    shown = await visit.page(page)
    for text in (
        "BOOK {date}",
        "Active",
        "Booked for {date}",
        "a@example.org, b@example.org",
        "GET https://a.example/mo",
    ):
        assert text in shown, text
    assert "Reply, SMS, E-mail, URL, Subscribe" in await visit.page("/receive")
    assert "BOOK" in await visit.page("/receive", state="Active", msisdn=OWN, q="book")
    form = filled((await visit.client.get(f"{page}/edit")).text, "receive")
    assert form["reply_sender"] == ["ACME"]
    answer = await visit.post(
        f"{page}/edit", **{name: values[0] for name, values in form.items() if values and name != "csrf"}
    )
    assert answer.status_code == 303
    (kept,) = await rows(visit)
    assert (kept["forward_numbers"], kept["consent"], kept["callback"]["method"]) == ([COLLEAGUE], "subscribe", "GET")
    copied = filled((await visit.client.get("/receive/new", params={"copy": page.rsplit("/", 1)[1]})).text, "receive")
    assert (copied["keyword"], copied["reply_text"], copied["number"]) == ([""], ["Booked for {date}"], [OWN])
    for act, active in (("disable", False), ("enable", True)):
        assert (await visit.post(f"{page}/{act}")).status_code == 303
        assert (await rows(visit))[0]["active"] is active
    audited = await visit.context.database.pool.fetchval(
        "SELECT count(*) FROM audit_entry WHERE action LIKE '%/receive/%'"
    )
    assert audited == 4
    assert (await visit.post(f"{page}/delete")).status_code == 303
    assert await rows(visit) == []
    assert (await visit.client.get(page)).status_code == 404


REFUSED = [
    ("keyword", {"keyword": ""}, "A keyword is needed"),
    ("keyword", {"keyword": "demo"}, "has this keyword already"),
    ("keyword", {"keyword": "{x} y"}, "begins with a word"),
    ("keyword", {"keyword": "A" * 31}, "at most 30"),
    ("expires_at", {"expires_at": ""}, "needs a moment"),
    ("expires_at", {"expires_at": "2020-01-01T00:00"}, "is over"),
    ("expires_at", {"expires_at": "soon"}, "A date and time"),
    ("number", {"number": "447700900556"}, "Choose one of the listed"),
    ("reply_text", {"reply_text": "Hi {name}"}, "the keyword has no names"),
    ("reply_sender", {"reply_sender": "FOREIGN"}, "Choose one of the listed"),
    ("reply_minutes", {"reply_minutes": "1e3"}, "Enter a whole number"),
    ("forward_numbers", {"forward_numbers": "12"}, "is no number"),
    ("forward_numbers", {"forward_numbers": "\n".join(f"+44770090000{i}" for i in range(6))}, "At most 5"),
    ("forward_numbers", {"forward_numbers": OWN}, "would come in again"),
    ("forward_emails", {"forward_emails": "a@b.org%0d%0aBcc:c@d.org"}, "is no e-mail address"),
    ("forward_emails", {"forward_emails": "x:a@b.org;"}, "is no e-mail address"),
    ("callback", {"callback": "ftp://a.example/x"}, "url"),
    ("callback", {"callback": "https://user:pw@a.example/x"}, "user name"),
    ("profile", {"profile": "00000000-0000-0000-0000-000000000000"}, "Choose one of the listed"),
    ("smpp_user", {"smpp_user": "1"}, "Choose one of the listed"),
]  # fmt: skip


async def test_bad_input_is_said_beside_its_field_and_changes_nothing(visit: Visit) -> None:
    await give_number(visit)
    other, _ = await add_person(visit.context, "eve")
    await give_number(visit, "447700900556", other)
    await make(visit)
    before = await rows(visit)
    good = {"number": OWN, "keyword": "NEW", "expires_at": expiry(visit), "consent": "", "method": "POST"}
    for field, change, words in REFUSED:
        answer = await visit.post("/receive/new", **{**good, **change})
        assert answer.status_code == 422, change
        text = re.sub(r"\s+", " ", answer.text)
        beside = re.search(rf'id="receive-{field}-error">(.*?)</p>', text)
        assert beside, change
        assert words.lower() in beside[1].lower(), (change, beside[1])
    assert await rows(visit) == before
    await make(visit, is_default="on")
    answer = await visit.post("/receive/new", **{**good, "is_default": "on"})
    assert "has a default configuration already" in answer.text


async def test_R55_people_of_another_account_find_nothing(visit: Visit) -> None:
    await give_number(visit)
    page = await make(visit)
    before = await rows(visit)
    _, token = await add_person(visit.context, "eve")
    await sign_in_as(visit.client, token)
    visit.csrf = await csrf_of(visit.context, token)
    assert "DEMO" not in await visit.page("/receive")
    for path in (page, f"{page}/edit", f"/receive/new?copy={page.rsplit('/', 1)[1]}"):
        answer = await visit.client.get(path)
        assert answer.status_code in (303, 404), path  # somebody without numbers is led to the list
        assert "DEMO" not in answer.text
    for act in ("edit", "enable", "disable", "delete"):
        assert (await visit.post(f"{page}/{act}")).status_code == 404
    answer = await visit.post("/receive/logs/019b76da-a800-7000-8000-5a1d3c9e0f42/trigger")
    assert answer.status_code == 404
    assert await rows(visit) == before


@pytest.fixture
async def pipeline(visit: Visit) -> Pipeline:
    return Pipeline(visit.context, 1, SmsRules(visit.context.secrets))


async def come_in(visit: Visit, pipeline: Pipeline, *texts: str) -> None:
    import asyncio

    at = visit.context.clock.now()
    tasks = [asyncio.create_task(pipeline.journal.report(Incoming(1, PERSON, OWN, text, at))) for text in texts]
    await asyncio.sleep(0)
    await pipeline.journal.flush()
    await asyncio.gather(*tasks)


async def test_the_log_tells_what_was_done_and_calls_again(visit: Visit, pipeline: Pipeline) -> None:
    await give_number(visit)
    url = "https://a.example/mo"
    await make(visit, reply_text="Hello", forward_numbers=COLLEAGUE, forward_emails="a@example.org", callback=url)
    assert "Nothing received yet" in await visit.page("/receive/logs")
    await come_in(visit, pipeline, "demo <b>yes</b>", "something else", "STOP")
    text = await visit.page("/receive/logs")
    for words in (
        "+447700900123", "demo &lt;b&gt;yes&lt;/b&gt;", "Queued", "SMS: Queued; Mail: 1 queued", "Waiting", "Opted out", "(none)"
    ):  # fmt: skip
        assert words in text, words
    assert "something else" not in await visit.page("/receive/logs", keyword="demo")
    assert "something else" in await visit.page("/receive/logs", source="7700900123", number=OWN, at="24h", q="+4477")
    csv = (await visit.client.get("/receive/logs", params={"export": "csv"})).text
    assert "DEMO,demo <b>yes</b>" in csv
    entry = await visit.context.database.pool.fetchrow("SELECT * FROM receive_log WHERE keyword = 'DEMO'")
    shown = await visit.page(f"/messages/{entry['request_id']}:1")
    assert "What was done" in shown
    assert "SMS: Queued; Mail: 1 queued" in shown
    answer = await visit.post(f"/receive/logs/{entry['request_id']}/trigger")
    assert answer.status_code == 303
    made = await visit.context.database.pool.fetch(
        "SELECT target ->> 'url' AS url, variables FROM callback ORDER BY id"
    )
    assert [row["url"] for row in made] == [url, url]
    assert made[0]["variables"] == made[1]["variables"]
    other = await visit.context.database.pool.fetchval("SELECT request_id FROM receive_log WHERE keyword = ''")
    assert (await visit.post(f"/receive/logs/{other}/trigger")).headers["location"] == "/receive/logs"
    assert (await visit.post("/receive/logs/x/trigger")).status_code == 404
