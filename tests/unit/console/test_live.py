"""The live feed hands notices to the right browsers, and the missed ones after a reconnect."""

from __future__ import annotations

from typing import Any

import msgspec

from strowger.console.live import KEPT, LiveHub


class HandMadeListener:
    """Stands where the process's listener stands; the test speaks for the database."""

    def __init__(self) -> None:
        self.say: Any = None

    def on(self, channel: str, handler: Any) -> None:
        assert channel == "live"
        self.say = handler


def notice(account_id: int, number: int, topic: str = "messages") -> str:
    return msgspec.json.encode({"topic": topic, "account_id": account_id, "id": number}).decode()


def parse(raw: bytes) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in raw.decode().strip().splitlines())


def hub_and_listener() -> tuple[LiveHub, HandMadeListener]:
    listener = HandMadeListener()
    hub = LiveHub(listener)  # type: ignore[arg-type]
    listener.say("")
    return hub, listener


async def test_only_own_account_and_topic() -> None:
    hub, listener = hub_and_listener()
    stream = hub.stream(1, ["messages"])
    assert parse(await anext(stream))["event"] == "hello"
    listener.say(notice(2, 1))
    listener.say(notice(1, 2, "callbacks"))
    listener.say(notice(1, 3))
    event = parse(await anext(stream))
    assert event["event"] == "messages"
    assert event["data"] == '{"id":3}'


async def test_U32_missed_notices_come_after_a_reconnect() -> None:
    hub, listener = hub_and_listener()
    stream = hub.stream(1, ["messages"])
    last = parse(await anext(stream))["id"]
    await stream.aclose()  # type: ignore[attr-defined]
    listener.say(notice(1, 1))
    listener.say(notice(1, 2))
    again = hub.stream(1, ["messages"], last)
    await anext(again)
    assert [parse(await anext(again))["data"] for _ in range(2)] == ['{"id":1}', '{"id":2}']


async def test_too_old_or_foreign_place_means_reset() -> None:
    hub, listener = hub_and_listener()
    last = parse(await anext(hub.stream(1, ["messages"])))["id"]
    for number in range(KEPT + 2):
        listener.say(notice(1, number))
    for place in (last, "other-1", "nonsense"):
        stream = hub.stream(1, ["messages"], place)
        await anext(stream)
        assert parse(await anext(stream))["event"] == "reset"


async def test_lost_connection_to_the_database_resets_browsers() -> None:
    hub, listener = hub_and_listener()
    stream = hub.stream(1, ["messages"])
    await anext(stream)
    listener.say("")
    assert parse(await anext(stream))["event"] == "reset"


async def test_slow_browser_is_told_and_memory_is_bounded() -> None:
    hub, listener = hub_and_listener()
    stream = hub.stream(1, ["messages"])
    await anext(stream)
    for number in range(5000):
        listener.say(notice(1, number))
    assert parse(await anext(stream))["event"] == "reset"


async def test_garbage_is_ignored_and_stop_ends() -> None:
    hub, listener = hub_and_listener()
    stream = hub.stream(1, ["messages"])
    await anext(stream)
    for text in ("x", "[]", "{}", '{"topic": "messages"}', '{"topic": "messages", "account_id": "x"}'):
        listener.say(text)
    hub.stop()
    assert [event async for event in stream] == []
