"""The request log in the console: found by id, masked, made again as curl; failures by code and endpoint; pages of codes."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.people_kit import House, open_house

from strowger import app as _every_code  # noqa: F401 - registers the codes of each area
from strowger.foundation.ids import uuid_floor
from strowger.messaging.pages import pages as message_pages
from strowger.messaging.statuses import TRACES
from strowger.messaging.words import trace_path
from strowger.platform.accounts import service
from strowger.platform.gateway import repository
from strowger.platform.gateway.errors import ERRORS
from strowger.platform.gateway.pages import error_page, errors_page
from strowger.platform.gateway.request_log import Entry, RequestBook
from strowger.platform.requests.pages import pages

NUMBER = "447700900123"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, [*pages, *message_pages, error_page, errors_page]) as house:
        yield house


async def log(
    house: House, status: int, code: str = "", ago: float = 60, account: int = 0, path: str = "messages", **params: Any
) -> UUID:
    """A request as the gateway writes it down; returns its id."""
    moment = house.clock.now() - timedelta(seconds=ago)
    request_id = UUID(int=uuid_floor(moment).int | (uuid4().int & 0xFFFF_FFFF))
    answer = b'{"code": "%s", "message": "No"}' % code.encode() if code else b'{"id": "x"}'
    whole = f"/v1/HXEU0000000001GB/{path}"
    book = RequestBook()
    book.note(
        Entry(request_id, account or house.account.id, None, "POST", whole, status, 12, "203.0.113.9", params, answer)
    )
    async with house.context.database.pool.acquire() as connection:
        await repository.write_log(connection, book.take_entries())
    return request_id


async def test_U50_a_request_is_found_by_the_id_that_its_answer_carries(house: House) -> None:
    mine = await log(house, 400, "E602", to=NUMBER)
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    theirs = await log(house, 400, "E602", account=other.id)
    browser = await house.entered()
    listed = (await browser.get("/requests", q=str(mine))).text
    assert f"/requests/{mine}" in listed
    assert str(theirs) not in (await browser.get("/requests")).text
    assert f"/requests/{mine}" in (await browser.get("/console/search", q=str(mine))).text
    assert str(theirs) not in (await browser.get("/console/search", q=str(theirs))).text
    for unknown in (theirs, uuid4()):
        assert (await browser.get(f"/requests/{unknown}")).status_code == 404
    support = await house.add("sam", "numbers-only")
    assert (await (await house.entered(support.email)).get("/requests")).status_code == 403


async def test_U31_U34_a_request_shows_what_was_asked_and_answered_masked_and_as_curl(house: House) -> None:
    request_id = await log(house, 400, "E602", to=NUMBER, body="Secret text", ref="it's")
    text = html.unescape((await (await house.entered()).get(f"/requests/{request_id}")).text)
    assert NUMBER not in text
    assert "Secret text" not in text
    assert ERRORS["E602"].remedy in text
    assert 'href="/docs/errors/E602"' in text
    assert "curl -X POST http" in text
    assert "/v1/HXEU0000000001GB/messages" in text
    assert """--data-urlencode 'ref=it'"'"'s'""" in text


async def test_the_list_is_narrowed(house: House) -> None:
    done = await log(house, 202, ago=30)
    refused = await log(house, 429, "E429", ago=7200, path="messages/sender")
    failed = await log(house, 500, "E500", ago=3 * 86_400)
    browser = await house.entered()
    for params, kept in (
        ({"class": "2"}, {done}), ({"class": ["4", "5"]}, {refused, failed}), ({"at": "1h"}, {done}),
        ({"error_code": "e429"}, {refused}), ({"path": "sender"}, {refused}), ({"method": "GET"}, set()),
        ({"endpoint": "/v1/messages"}, {done, failed}), ({"at_to": "9999-12-31T23:59"}, {done, refused, failed}),
        ({"at_from": "0001-01-01T00:00"}, {done, refused, failed}),
    ):  # fmt: skip
        text = (await browser.client.get("/requests", params=params)).text
        assert {one for one in (done, refused, failed) if f"/requests/{one}" in text} == kept, params
    assert "E429" in (await browser.get("/requests", export="csv")).text
    listed = (await browser.get("/requests")).text
    assert [listed.count(f"badge-status tone-{tone}") for tone in ("success", "warning", "danger")] == [1, 1, 1]


async def test_U33_failures_are_counted_by_code_and_endpoint(house: House) -> None:
    newest, *_ = [await log(house, 400, "E602", ago=ago) for ago in (60, 4000, 8000)]
    await log(house, 404, "E404", path=f"messages/{uuid4()}:1")
    await log(house, 404, "E404", path=f"messages/{uuid4()}:1")
    await log(house, 400, "E602", ago=5 * 86_400)
    await log(house, 202)
    browser = await house.entered()
    text = (await browser.get("/requests/errors")).text
    rows = text.split("<tr")[2:]
    assert len(rows) == 2
    assert ">3</a>" in rows[0]
    assert "POST /v1/messages<" in rows[0]
    assert 'href="/docs/errors/E602"' in rows[0]
    assert f"/requests/{newest}" in rows[0]
    assert rows[0].count("<rect") == 3
    assert "POST /v1/messages/{id}<" in rows[1]
    assert ">2</a>" in rows[1]
    link = html.unescape(rows[1].partition('class="num"><a href="')[2].partition('"')[0])
    assert (await browser.client.get(link)).text.count('href="/docs/errors/E404"') >= 2
    assert ">4</a>" in (await browser.get("/requests/errors", span="7d")).text
    quiet = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", quiet)
    assert "Nothing was refused" in (await (await house.entered(eve.email)).get("/requests/errors")).text


async def test_U34_each_code_has_a_page(house: House) -> None:
    browser = await house.entered()
    anyone = house.browser()
    for code, entry in ERRORS.items():
        text = html.unescape((await anyone.get(f"/docs/errors/{code}")).text)
        assert entry.explanation in text, code
        assert entry.remedy in text, code
    paths = {trace_path(code) for code in TRACES}
    assert len(paths) == len(TRACES)
    for code in ("NO-CREDITS", "ABSENT-SUB"):
        text = html.unescape((await browser.get(trace_path(code) or "")).text)
        assert TRACES[code].meaning in text
        assert TRACES[code].remedy in text
    assert (await browser.get("/errors/nonsense")).status_code == 404
    assert (await anyone.get("/docs/errors/E0")).status_code == 404
    assert "/errors/NO-CREDITS" in (await browser.get("/console/search", q="no-credits")).text
