"""Callbacks in the console: what waits and fails, sending again, the signing secret, trying out a receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strowger.platform.callbacks.schemas import CallbackState
from tests.browser.messaging.samples import Log
from tests.database.messaging.console_client import PASSWORD, Room, add_person, csrf_of, open_room, sign_in_as


@pytest.fixture
async def room(database_url: str, tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(database_url, tmp_path) as room:
        yield room


@pytest.fixture
async def foreign(room: Room) -> Log:
    account, _ = await add_person(room.context, "eve")
    return await Log(room.context.database, account, room.log.now).prepare(name="other")


async def state_of(room: Room, callback_id: object) -> int:
    return int(await room.context.database.pool.fetchval("SELECT state FROM callback WHERE id = $1", callback_id))


async def test_U36_the_list_shows_what_waits_and_what_failed(room: Room, foreign: Log) -> None:
    message = await room.log.delivered()
    await room.log.callback(message, CallbackState.FAILED, tries=4)
    await room.log.callback(message, CallbackState.PENDING, url="https://crm.example.net/in")
    await foreign.callback(await foreign.delivered(), CallbackState.FAILED, url="https://secret.example.org/x")
    text = (await room.get("/callbacks")).text.replace("<wbr>", "")
    assert "https://hooks.example.com" in text
    assert "Answered 503" in text
    assert "secret.example.org" not in text
    failed = (await room.get("/callbacks", part=True, state="2")).text
    assert "crm.example.net" not in failed
    assert "crm.example.net" in (await room.get("/callbacks", part=True, q=message, host="crm")).text
    assert (await room.get("/callbacks", export="csv")).text.count("\n") == 3


@pytest.mark.parametrize("sort", ["id", "-host", "attempts", "-due_at"])
async def test_every_sort_of_the_queue_is_answered(room: Room, sort: str) -> None:
    await room.log.callback(await room.log.delivered(), CallbackState.FAILED)
    assert "hooks.example.com" in (await room.get("/callbacks", part=True, sort=sort)).text.replace("<wbr>", "")


@pytest.mark.parametrize(
    "params", [{}, {"sort": "-http_status"}, {"sort": "duration_ms"}, {"at": "7d", "outcome": "3"}]
)
async def test_U36_attempts_are_listed(room: Room, foreign: Log, params: dict[str, str]) -> None:
    await room.log.callback(await room.log.delivered(), CallbackState.FAILED, tries=2)
    await foreign.callback(await foreign.delivered(), CallbackState.FAILED, url="https://secret.example.org/x")
    text = (await room.get("/callbacks/attempts", part=True, **params)).text.replace("<wbr>", "")
    assert "https://hooks.example.com/sms" in text
    assert "secret.example.org" not in text


async def test_a_failed_callback_is_sent_again_and_the_reader_comes_back(room: Room) -> None:
    message = await room.log.delivered()
    failed = await room.log.callback(message, CallbackState.FAILED)
    answer = await room.post(f"/callbacks/{failed}/replay", {"back": f"/messages/{message}"})
    assert answer.headers["location"] == f"/messages/{message}"
    assert await state_of(room, failed) == CallbackState.PENDING
    assert (await room.post(f"/callbacks/{failed}/replay", {"back": "https://evil.example"})).status_code == 404


async def test_nothing_of_others_is_touched(room: Room, foreign: Log) -> None:
    message = await foreign.delivered()
    failed = await foreign.callback(message, CallbackState.FAILED)
    waiting = await foreign.callback(message, CallbackState.PENDING)
    assert (await room.post(f"/callbacks/{failed}/replay")).status_code == 404
    assert (await room.post(f"/callbacks/{waiting}/drop")).status_code == 404
    await room.post("/callbacks/replay", {"span": "7d"})
    assert await state_of(room, failed) == CallbackState.FAILED
    assert await state_of(room, waiting) == CallbackState.PENDING


async def test_acts_need_the_token_of_the_page(room: Room) -> None:
    failed = await room.log.callback(await room.log.delivered(), CallbackState.FAILED)
    assert (await room.client.post(f"/callbacks/{failed}/replay")).status_code == 403
    assert await state_of(room, failed) == CallbackState.FAILED


async def test_U36_all_that_failed_since_a_time_is_sent_again(room: Room) -> None:
    message = await room.log.delivered()
    old = await room.log.callback(message, CallbackState.FAILED, ago=7200)
    new = await room.log.callback(message, CallbackState.FAILED, ago=600)
    assert (await room.post("/callbacks/replay", {"span": "1h"})).headers["location"] == "/callbacks"
    assert await state_of(room, old) == CallbackState.FAILED
    assert await state_of(room, new) == CallbackState.PENDING
    await room.post("/callbacks/replay", {"span": "for ever"})
    assert await state_of(room, old) == CallbackState.FAILED


async def test_a_waiting_callback_can_be_dropped(room: Room) -> None:
    waiting = await room.log.callback(await room.log.delivered(), CallbackState.PENDING)
    await room.post(f"/callbacks/{waiting}/drop")
    assert await state_of(room, waiting) == CallbackState.DROPPED


async def test_the_secret_is_shown_for_the_password_only(room: Room) -> None:
    assert "whsec_" not in (await room.get("/callbacks/signing")).text
    wrong = await room.post("/callbacks/signing", {"password": "not-this-one"})
    assert wrong.status_code == 422
    assert "whsec_" not in wrong.text
    right = await room.post("/callbacks/signing", {"password": PASSWORD})
    assert right.text.count('data-copy="whsec_') == 1
    assert right.headers["cache-control"] == "no-store"


async def test_a_new_secret_leaves_the_old_one_valid_for_a_day(room: Room) -> None:
    def secrets(text: str) -> list[str]:
        return [piece.partition('"')[0] for piece in text.split('data-copy="')[1:] if piece.startswith("whsec_")]

    [old] = secrets((await room.post("/callbacks/signing", {"password": PASSWORD})).text)
    assert (await room.post("/callbacks/signing/rotate", {"password": "wrong"})).status_code == 422
    after = secrets((await room.post("/callbacks/signing/rotate", {"password": PASSWORD})).text)
    assert len(after) == 2
    assert after[1] == old != after[0]


async def test_who_only_reads_may_not_act(room: Room) -> None:
    failed = await room.log.callback(await room.log.delivered(), CallbackState.FAILED)
    _, token = await add_person(room.context, "sam", "support", room.account)
    room.client.cookies.clear()
    await sign_in_as(room.client, token)
    room.csrf = await csrf_of(room.context, token)
    assert (await room.get("/callbacks")).status_code == 200
    for path, fields in (
        (f"/callbacks/{failed}/replay", {}), ("/callbacks/signing", {"password": PASSWORD}),
        ("/callbacks/test", {"url": "https://example.com", "method": "POST"}),
    ):  # fmt: skip
        assert (await room.post(path, fields)).status_code == 403


async def test_U36_a_test_event_shows_request_and_answer(room: Room) -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 418 Teapot\r\nContent-Length: 9\r\nConnection: close\r\n\r\nno coffee")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    fields = {"url": f"http://127.0.0.1:{port}/in?s={{status}}", "method": "POST", "payload": '{"made": "<status>"}'}
    text = (await room.post("/callbacks/test", fields)).text
    server.close()
    assert heard[0].startswith(b"POST /in?s=DELIVERED ")
    assert "HTTP 418" in text
    assert "no coffee" in text
    assert "webhook-signature" in text


@pytest.mark.parametrize("url", ["ftp://example.com/x", "not a url", "https://"])
async def test_an_address_that_cannot_be_called_is_refused_beside_the_field(room: Room, url: str) -> None:
    answer = await room.post("/callbacks/test", {"url": url, "method": "POST"})
    assert answer.status_code == 422
    assert 'id="callback-test-url-error"' in answer.text
