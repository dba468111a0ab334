"""Short links in messages: made with the send, opened, counted (sms.md 3.15)."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from strowger.engagement.links.jobs import forget_clicks
from strowger.foundation.clock import FrozenClock
from strowger.platform.callbacks.profiles.service import ProfileService
from tests.api_kit import Api, add_customer, client_of

LONG = "https://shop.example/spring?a=1&b=%20x#top"
BASE = "http://localhost:8080/s"


def paths(text: str) -> list[str]:
    """The short links of a text, as paths of this server."""
    return [
        found.removeprefix("http://localhost:8080") for found in re.findall(r"http://localhost:8080/s/[\w/-]+", text)
    ]


async def clicks(api: Api) -> list[Any]:
    return await api.context.database.pool.fetch("SELECT * FROM short_link_click ORDER BY id")


async def open_it(api: Api, path: str, method: str = "GET") -> httpx.Response:
    return await api.client.request(method, path, headers={"user-agent": "Phone/1.0", "accept-language": "de"})


async def test_a_link_takes_the_place_and_leads_on(api: Api) -> None:
    answer = await api.send(body="Look: {URL}!", url_data={"shorten_url": 1, "url": LONG, "slug": "spring"})
    assert answer.status_code == 202
    assert answer.json()["body"] == "Look: {URL}!"
    (row,) = await api.stored()
    assert row["body"] == f"Look: {BASE}/spring!"
    opened = await open_it(api, "/s/spring")
    assert (opened.status_code, opened.headers["location"]) == (302, LONG)
    assert opened.headers["cache-control"] == "no-store"
    (click,) = await clicks(api)
    assert (click["account_id"], click["user_agent"], click["language"]) == (api.customer.account_id, "Phone/1.0", "de")
    assert await api.context.database.pool.fetchval("SELECT clicks FROM short_link") == 1


async def test_each_recipient_has_a_link_of_their_own_when_tracked(api: Api) -> None:
    wanted = {"shorten_url": "1", "url": LONG, "slug": "spring", "track_user": "1"}
    await api.send(to="447700900123,447700900124", body="Go to {url}", url_data=json.dumps(wanted))
    first, second = await api.stored()
    assert first["body"] != second["body"]
    assert len(first["body"]) == len(second["body"])
    (path,) = paths(second["body"])
    assert re.fullmatch(r"/s/spring/\w{6}", path)
    for _ in range(2):
        assert (await open_it(api, path)).status_code == 302
    counted = await api.context.database.pool.fetch("SELECT n, recipient, clicks FROM short_link_token ORDER BY n")
    assert [tuple(row) for row in counted] == [(1, "447700900123", 0), (2, "447700900124", 2)]


async def test_every_link_of_a_text_is_shortened_when_none_is_named(api: Api) -> None:
    text = "See https://a.example/x?y=1, then (http://b.example). Again https://a.example/x?y=1"
    await api.send(body=text, url_data={"shorten_url": True})
    (row,) = await api.stored()
    one, two, three = paths(row["body"])
    assert one == three != two
    assert re.fullmatch(r"See \S+, then \(\S+\)\. Again \S+", row["body"])
    assert (await open_it(api, one)).headers["location"] == "https://a.example/x?y=1"
    assert (await open_it(api, two)).headers["location"] == "http://b.example"


async def test_without_shortening_the_long_url_takes_the_place(api: Api) -> None:
    await api.send(body="Go to {URL}", url_data={"shorten_url": 0, "url": LONG})
    assert (await api.stored())[0]["body"] == f"Go to {LONG}"
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link") == 0


async def test_nodes_have_links_of_their_own(api: Api) -> None:
    nodes = [
        {"to": "447700900123", "url_data": {"shorten_url": 1, "url": "https://a.example/1"}},
        {"to": "447700900124"},
        {"to": "447700900125", "url_data": {"url": "ftp://bad"}},
    ]
    document = {
        "from": "STROWG", "body": "Go to {URL}", "sms": nodes, "url_data": {"url": "https://a.example/all", "track_user": 1},
    }  # fmt: skip
    answer = await api.client.post(f"{api.base}/sms/json", json=document, headers=api.customer.headers)
    assert answer.status_code == 202
    rows = await api.stored()
    targets = [(await open_it(api, path)).headers["location"] for row in rows for path in paths(row["body"])]
    assert targets == ["https://a.example/1", "https://a.example/all"]
    assert rows[2]["options"]["refused"] == "URL-NOT-ALLOWED"


async def test_the_same_slug_and_url_are_the_same_link(api: Api) -> None:
    wanted = {"url": LONG, "slug": "spring", "track_user": 1}
    for number in ("447700900123", "447700900124"):
        assert (await api.send(to=number, body="{URL}", url_data=wanted)).status_code == 202
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link") == 1
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link_token") == 2


async def test_a_slug_that_leads_elsewhere_is_taken_and_nothing_is_sent(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring"})
    for url in ("https://other.example/", LONG):
        if url == LONG:  # another account
            other = await add_customer(api.context.database, "HXEU0000000002GB")
            answer = await api.client.post(
                f"/v1/{other.sid}/sms", headers=other.headers,
                json={"to": "447700900123", "sender": "STROWG", "body": "{URL}", "url_data": {"url": url, "slug": "spring"}},
            )  # fmt: skip
        else:
            answer = await api.send(body="{URL}", url_data={"url": url, "slug": "spring"})
        assert (answer.status_code, answer.json()["code"]) == (409, "E618")
    assert len(await api.stored()) == 1
    assert (await open_it(api, "/s/spring")).headers["location"] == LONG


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("{URL}", {"shorten_url": 1}),
        ("no place", {"shorten_url": 1, "url": LONG}),
        ("no link", {"shorten_url": 1}),
        ("{URL}", {"url": "javascript:alert(1)"}),
        ("{URL}", {"url": "//example.net"}),
        ("{URL}", {"url": "https://"}),
        ("{URL}", {"url": "https://[::1"}),
        ("{URL}", {"url": "https://example.net/a b"}),
        ("{URL}", {"url": "https://example.net/" + "x" * 5000}),
        ("{URL}", {"url": LONG, "slug": "a/b"}),
        ("{URL}", {"url": LONG, "slug": "ab"}),
        ("{URL}", {"url": LONG, "shorten_url": "maybe"}),
        ("{URL}", {"url": LONG, "track_user": 7}),
        ("{URL}", {"url": LONG, "expiry": "soon"}),
        ("{URL}", {"url": LONG, "expiry": "2025-01-01T00:00:00Z"}),
        ("https://a.example https://b.example", {"slug": "abc"}),
        ("{URL}", [LONG]),
        ("{URL}", "not json"),
    ],
)
async def test_what_cannot_be_shortened_is_refused(api: Api, body: str, wanted: Any) -> None:
    answer = await api.send(body=body, url_data=wanted)
    assert (answer.status_code, answer.json()["code"]) == (400, "E617")
    assert answer.json()["error"]["url_data"]
    assert await api.stored() == []
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link") == 0


async def test_the_text_with_its_link_may_be_too_long(api: Api) -> None:
    answer = await api.send(body="x" * 1590 + "{URL}", url_data={"url": LONG})
    assert answer.json()["code"] == "E607"
    assert await api.stored() == []


async def test_a_link_past_its_time_and_a_link_that_never_was(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "soon", "expiry": "2026-01-02T00:00:00+00:00"})
    assert (await open_it(api, "/s/soon")).status_code == 302
    api.context.clock.advance(86_400)  # type: ignore[attr-defined]
    assert (await open_it(api, "/s/soon")).status_code == 410
    for path in ("/s/other", "/s/soon/abcdef", "/s/%00", "/s/" + "x" * 2000):
        assert (await open_it(api, path)).status_code == 404
    assert len(await clicks(api)) == 1


async def test_a_look_ahead_is_not_a_click(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring"})
    assert (await open_it(api, "/s/spring", "HEAD")).status_code == 302
    assert await clicks(api) == []


async def test_a_click_is_called_back(api: Api) -> None:
    hook = "https://hook.example/c?m={key_value}&s={shorty_id}&i={message_id}"
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring", "track_user": 1, "callback_url": hook})
    (row,) = await api.stored()
    await open_it(api, paths(row["body"])[0])
    (queued,) = await api.context.database.pool.fetch("SELECT * FROM callback")
    assert (queued["event"], queued["request_id"], queued["n"]) == ("link_click", row["request_id"], 1)
    assert queued["variables"]["key_value"] == "447700900123"
    assert queued["variables"]["shorty_id"] == "spring"
    assert queued["target"]["url"] == hook
    refused = await api.send(body="{URL}", url_data={"url": LONG, "callback_url": "ftp://x"})
    assert refused.json()["code"] == "E615"


async def test_a_link_cannot_break_the_header_it_travels_in(api: Api) -> None:
    url = "https://shop.example/ü\u2028x?q=ñ"
    answer = await api.send(body="{URL}", url_data={"url": url, "slug": "odd"})
    if answer.status_code == 202:
        async with client_of(api.app) as client:
            location = (await client.get("/s/odd")).headers["location"]
        assert location.isascii()
        assert "\n" not in location


async def test_clicks_are_forgotten_past_retention_and_counts_stay(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring"})
    await open_it(api, "/s/spring")
    assert await forget_clicks(api.context) == 0
    api.context.clock.advance(181 * 86_400)  # type: ignore[attr-defined]
    assert await forget_clicks(api.context) == 1
    assert await clicks(api) == []
    assert await api.context.database.pool.fetchval("SELECT clicks FROM short_link") == 1


async def set_account(api: Api, **settings: Any) -> None:
    await api.context.database.pool.execute(
        "UPDATE account SET settings = $2 WHERE id = $1", api.customer.account_id, settings
    )
    api.app.state.gateway.keys.forget()


async def test_kadvanced_after_a_short_link_of_ones_own_becomes_the_recipients_link(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring"})
    text = f"Yours: {BASE}/spring/{{kadvanced}}."
    answer = await api.send(to="447700900123,447700900124", body=text)
    assert answer.status_code == 202
    _, first, second = await api.stored()
    assert first["body"] != second["body"]
    (path,) = paths(second["body"])
    assert re.fullmatch(r"/s/spring/\w{6}", path)
    assert (await open_it(api, path)).headers["location"] == LONG
    counted = await api.context.database.pool.fetch(
        "SELECT recipient, clicks FROM short_link_token WHERE token IS NOT NULL"
    )
    assert sorted(map(tuple, counted)) == [("447700900123", 0), ("447700900124", 1)]
    nodes = [
        {"to": "447700900123"},
        {"to": "447700900124"},
        {"to": "447700900125", "body": f"{BASE}/none/{{kadvanced}}"},
    ]
    document = {"from": "STROWG", "body": text, "sms": nodes}
    answer = await api.client.post(f"{api.base}/sms/json", json=document, headers=api.customer.headers)
    assert answer.status_code == 202
    rows = (await api.stored())[3:]
    assert len({path for row in rows for path in paths(row["body"])} - {"/s/none/"}) == 2
    assert rows[2]["options"]["refused"] == "URL-NOT-ALLOWED"
    assert await api.context.database.pool.fetchval("SELECT count(*) FROM short_link") == 1


async def test_kadvanced_without_a_short_link_of_ones_own_is_refused(api: Api) -> None:
    await api.send(body="{URL}", url_data={"url": LONG, "slug": "spring", "expiry": "2026-01-01T01:00:00Z"})
    other = await add_customer(api.context.database, "HXEU0000000002GB")
    foreign = await api.client.post(
        f"/v1/{other.sid}/sms", headers=other.headers,
        json={"to": "447700900123", "sender": "STROWG", "body": f"{BASE}/spring/{{kadvanced}}"},
    )  # fmt: skip
    assert (foreign.status_code, foreign.json()["code"]) == (400, "E617")
    for text in (
        "{kadvanced}",
        f"{BASE}/other/{{kadvanced}}",
        f"{BASE}/spring/{{kadvanced}} {{kadvanced}}",
        "https://x.example/{kadvanced}",
    ):
        answer = await api.send(body=text)
        assert (answer.status_code, answer.json()["code"]) == (400, "E617"), text
    assert isinstance(api.context.clock, FrozenClock)
    api.context.clock.advance(7200)
    assert (await api.send(body=f"{BASE}/spring/{{kadvanced}}")).json()["code"] == "E617", "past its time"
    assert len(await api.stored()) == 1


async def test_the_account_can_have_every_link_shortened(api: Api) -> None:
    await set_account(api, shorten_links=True)
    for body in ("See https://a.example/x.", "No link", "Take {URL}", f"{BASE}/abc is short already"):
        assert (await api.send(to="447700900123,447700900124", body=body)).status_code == 202, body
    await api.send(body="Plain https://a.example/x", url_data={"shorten_url": 0})
    rows = await api.stored()
    bodies = [row["body"] for row in rows]
    assert bodies[0] != bodies[1]
    assert all(re.fullmatch(rf"See {BASE}/\w{{7}}/\w{{6}}\.", body) for body in bodies[:2])
    assert bodies[2:] == [
        "No link", "No link", "Take {URL}", "Take {URL}", *[f"{BASE}/abc is short already"] * 2, "Plain https://a.example/x",
    ]  # fmt: skip
    await set_account(api, shorten_links=True, track_links=False)
    await api.send(to="447700900123,447700900124", body="See https://a.example/x")
    one, two = (await api.stored())[-2:]
    assert one["body"] == two["body"] != "See https://a.example/x"


async def test_clicks_are_told_to_a_callback_profile(api: Api) -> None:
    service = ProfileService(api.context)
    given = {
        "title": "clicks",
        "channel": "url_shortener",
        "http_method": "POST",
        "url": "https://93.184.216.34/c",
        "body": {"n": "<key_value>"},
    }
    mine = await service.create(api.customer.account_id, given)
    wrong = await service.create(api.customer.account_id, {**given, "title": "dlr", "channel": "sms"})
    for name in (wrong.name, "EU_00000000-0000-4000-8000-000000000001", "x"):
        answer = await api.send(body="{URL}", url_data={"url": LONG, "callback_profile_id": name})
        assert (answer.status_code, answer.json()["code"]) == (400, "E616"), name
    answer = await api.send(body="{URL}", url_data={"url": LONG, "track_user": 1, "callback_profile_id": mine.name})
    assert answer.status_code == 202
    (path,) = paths((await api.stored())[0]["body"])
    await open_it(api, path)
    (row,) = await api.context.database.pool.fetch("SELECT * FROM callback")
    assert (row["profile_id"], row["event"], row["variables"]["key_value"]) == (mine.id, "link_click", "447700900123")
    await service.delete(api.customer.account_id, mine.id)
