"""Handsets over the HTTP control: what arrives, what is replied, what is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from raw_smpp_client import Delivered, RawClient, tlv, udh

from strowger.simulators.smsc import SimulatedSmsc

NUMBER = "447700900123"


class Control:
    """The HTTP control of an SMSC, as a program uses it."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def get(self, path: str) -> Any:
        async with self.session.get(path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json(content_type=None)

    async def post(self, path: str, body: Any, status: int = 200, **options: Any) -> Any:
        async with self.session.post(path, json=body, **options) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def messages(self, number: str = NUMBER) -> list[dict[str, Any]]:
        return (await self.get(f"/handsets/{number}/messages"))["messages"]


@pytest.fixture
async def control(smsc: SimulatedSmsc) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{smsc.http_port}") as session:
        yield Control(session)


@pytest.mark.parametrize(("text", "data_coding", "payload", "encoding", "flash"), [
    ("Price: 5€ [net] {ok}", 0, b"Price: 5\x1be \x1b<net\x1b> \x1b(ok\x1b)", "GSM7", False),
    ("@£$ è", 0, b"\x00\x01\x02 \x04", "GSM7", False),
    ("Grüße 👩‍👩‍👧 ok", 8, "Grüße 👩‍👩‍👧 ok".encode("utf-16-be"), "UCS2", False),
    ("שלום مرحبا", 8, "שלום مرحبا".encode("utf-16-be"), "UCS2", False),
    ("look up", 0x10, b"look up", "GSM7", True),
    ("blitz ⚡", 0x18, "blitz ⚡".encode("utf-16-be"), "UCS2", True),
    ("00ff10", 4, b"\x00\xff\x10", "binary", False),
    ("é", 3, b"\xe9", "other", False),
])  # fmt: skip
async def test_shows_what_a_phone_would_show(
    smsc: SimulatedSmsc, control: Control, text: str, data_coding: int, payload: bytes, encoding: str, flash: bool
) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        await client.submitted(NUMBER, payload, data_coding=data_coding)
    [message] = await control.messages()
    assert (message["text"], message["encoding"], message["flash"]) == (text, encoding, flash)
    assert (message["peer"], message["alphanumeric"], message["parts"]) == ("STROWG", True, 1)


@pytest.mark.parametrize("kind", ["udh", "sar"])
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
async def test_joins_parts_in_any_order_even_when_cut_through_a_character(
    smsc: SimulatedSmsc, control: Control, kind: str, order: tuple[int, ...]
) -> None:
    whole = ("Ωmega 😀 " * 3).encode("utf-16-be")
    cuts = {1: whole[:14], 2: whole[14:30], 3: whole[30:]}
    assert cuts[1][-2] & 0xFC == 0xD8
    async with RawClient(smsc.port) as client:
        await client.bind()
        for n in order:
            if kind == "udh":
                await client.submitted(NUMBER, udh(200, 3, n) + cuts[n], esm_class=0x40, data_coding=8)
            else:
                sar = tlv(0x20C, b"\x01\x02") + tlv(0x20E, b"\x03") + tlv(0x20F, bytes((n,)))
                await client.submitted(NUMBER, cuts[n], data_coding=8, tlvs=sar)
    [message] = await control.messages()
    assert (message["text"], message["parts"]) == (whole.decode("utf-16-be"), 3)


async def test_handsets_are_listed_bounded_and_deleted(smsc: SimulatedSmsc, control: Control) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        for n in range(205):
            client.submit(NUMBER, b"message %d" % n)
        client.submit("447700900124", b"other", source="447700900999", ton=1)
        await smsc.until_submitted(206)
    rows = (await control.get("/handsets"))["handsets"]
    assert [(row["number"], row["messages"]) for row in rows] == [("447700900124", 1), (NUMBER, 200)]
    assert rows[0]["last"]["alphanumeric"] is False
    assert (await control.messages())[0]["text"] == "message 5"
    async with control.session.delete(f"/handsets/{NUMBER}/messages") as answer:
        assert answer.status == 200
    assert await control.messages() == []


REPLIES = [
    ("Yes please", 1, 0),
    ("x" * 161, 2, 0),
    ("€" * 100, 2, 0),
    ("Ja 👍 " * 40, 4, 8),
]


def joined(parts: list[Delivered]) -> str:
    """Independent of the product's codec: enough of GSM 7-bit for these texts."""
    payload = b"".join(part.text[part.text[0] + 1 :] if part.esm_class & 0x40 else part.text for part in parts)
    if parts[0].data_coding == 8:
        return payload.decode("utf-16-be")
    return payload.replace(b"\x1be", b"\x80").decode("cp1252")


@pytest.mark.parametrize(("text", "count", "data_coding"), REPLIES)
async def test_a_reply_is_a_real_deliver_sm(
    smsc: SimulatedSmsc, control: Control, text: str, count: int, data_coding: int
) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        queued = await control.post(f"/handsets/{NUMBER}/reply", {"to": "56070", "text": text}, 202)
        parts = [await client.next_delivery() for _ in range(count)]
        assert {(p.source, p.destination, p.source_ton, p.dest_ton, p.data_coding) for p in parts} == {
            (NUMBER, "56070", 1, 3, data_coding)
        }
        assert joined(parts) == text
        assert all(len(part.text) <= 140 or data_coding == 0 for part in parts)
        if count > 1:
            assert {part.esm_class for part in parts} == {0x40}
            headers = [part.text[:6] for part in parts]
            assert headers == [bytes((5, 0, 3, headers[0][3], count, n + 1)) for n in range(count)]
        await smsc.until(lambda s: s.counters.replies_acked == count)
        [message] = await control.messages()
        assert (message["id"], message["status"], message["parts"]) == (queued["id"], "acknowledged", count)
        assert (message["direction"], message["text"]) == ("out", text)


async def test_a_reply_goes_to_who_wrote_and_waits_for_it(smsc: SimulatedSmsc, control: Control) -> None:
    async with RawClient(smsc.port) as writer, RawClient(smsc.port) as other:
        await writer.bind(2, "writer")
        await other.bind(9, "other")
        await writer.submitted(NUMBER, registered=0)
        await control.post(f"/handsets/{NUMBER}/reply", {"to": "STROWG", "text": "to you"}, 202)
        await other.call(0x15)
        assert other.drained()
        async with RawClient(smsc.port) as receiver:
            await receiver.bind(1, "writer")
            assert (await receiver.next_delivery()).text == b"to you"


async def test_a_reply_with_nobody_bound_goes_to_the_first_who_is(smsc: SimulatedSmsc, control: Control) -> None:
    await control.post(f"/handsets/{NUMBER}/reply", {"to": "56070", "text": "anyone?"}, 202)
    async with RawClient(smsc.port, ack_status=0x0B) as client:
        client.send(9, b"late\0\0\0\x34\0\0\0")
        assert (await client.next_delivery()).text == b"anyone?"
        await smsc.until(lambda s: s.counters.replies_nacked == 1)
    assert (await control.messages())[0]["status"] == "failed"


@pytest.mark.parametrize("body", [{"to": "", "text": "x"}, {"to": "5", "text": ""}, {"to": "ü", "text": "x"},
                                  {"to": "1" * 21, "text": "x"}, {"to": "5", "text": "x" * 40_000}])  # fmt: skip
async def test_refuses_a_reply_that_no_handset_could_send(control: Control, body: dict[str, str]) -> None:
    assert "error" in await control.post(f"/handsets/{NUMBER}/reply", body, 422)


async def test_events_tell_arrivals_and_replies(smsc: SimulatedSmsc, control: Control) -> None:
    async def event(stream: aiohttp.StreamReader) -> tuple[str, dict[str, Any]]:
        while not (line := await asyncio.wait_for(stream.readline(), 30)).startswith(b"event: "):
            pass
        data = await stream.readline()
        return line[7:].decode().strip(), json.loads(data[6:])

    async with RawClient(smsc.port) as client, control.session.get("/events", params={"handset": NUMBER}) as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        assert await events.content.readline() == b": open\n"
        await client.bind()
        await client.submitted("447700900999", b"not for this one")
        await client.submitted(NUMBER, b"hello")
        name, message = await event(events.content)
        assert (name, message["text"], message["handset"]) == ("message", "hello", NUMBER)
        await control.post(f"/handsets/{NUMBER}/reply", {"to": "56070", "text": "hi"}, 202)
        states = [await event(events.content) for _ in range(2)]
        assert [(name, message["status"]) for name, message in states] == [
            ("reply", "queued"),
            ("reply", "acknowledged"),
        ]


async def test_state_misbehaviours_and_reset(smsc: SimulatedSmsc, control: Control) -> None:
    async with RawClient(smsc.port) as client:
        await client.bind()
        body = {"name": "throttle", "on": True, "system_id": "test", "options": {"every": 1}}
        assert (await control.post("/misbehave", body))["active"][0]["options"] == {"every": 1}
        assert (await client.submitted(NUMBER)).status == 0x58
        state = await control.get("/state")
        assert (state["counters"]["submits"], state["counters"]["refused"]) == (1, 1)
        assert (state["sessions"][0]["system_id"], state["misbehaviours"][0]["count"]) == ("test", 1)
        assert "no misbehaviour" in (await control.post("/misbehave", {"name": "sulks"}, 422))["error"]
        await control.post("/misbehave", {"nam": "throttle"}, 400)
        await control.post("/reset", {})
        assert (await client.submitted(NUMBER)).status == 0
        async with control.session.get("/destinations") as answer:
            assert await answer.text() == f"{NUMBER} 1\n"
        assert len((await control.get("/misbehaviours"))["misbehaviours"]) == 25
        assert [row["digit"] for row in (await control.get("/outcomes"))["outcomes"]] == list(range(10))
        await control.post("/skip", {"seconds": 5})
        await control.post("/cut", {})
        await asyncio.wait_for(client.closed.wait(), 30)


async def test_no_web_page_may_use_the_control(smsc: SimulatedSmsc, control: Control) -> None:
    await control.post("/reset", {}, 403, headers={"Origin": "http://evil.example"})
    await control.post("/reset", {}, 403, headers={"Host": "evil.example"})
    async with control.session.post("/misbehave", data='{"name": "silent"}') as answer:
        assert answer.status == 415
