"""What a client may send before it is a request, over real sockets."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.installation import free_ports, until

from strowger.foundation import http_server


async def _echo(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    text = b"%s %d" % (scope["path"].encode(), len(body))
    if scope["path"] == "/who":
        text = f"{scope['client'][0]} {scope['scheme']}".encode()
    if scope["path"].startswith("/whole"):
        lines = b"content-length: %d\r\nx-own: yes\r\n" % len(text)
        if scope["extensions"][http_server.WHOLE_ANSWER]["send"](202, lines, text):
            return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": text})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    port, stop = free_ports(1), asyncio.Event()
    serving = asyncio.create_task(http_server.serve(_echo, "127.0.0.1", port, stop))

    async def listens() -> bool:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True

    await until(listens)
    yield port
    stop.set()
    await asyncio.wait_for(serving, 30)


async def _ask(port: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 30)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_R98_requests_in_pieces_and_large_bodies_are_served(port: int) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 300000\r\n"
    answer = await _ask(port, head[:20], head[20:], b"\r\n", b"x" * 150_000, b"x" * 150_000)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"/a 300000")


async def test_R98_a_head_without_end_is_cut_off(port: int) -> None:
    pieces = [b"GET / HTTP/1.1\r\nHost: x\r\n", *(b"X-Filler-%d: " % i + b"y" * 8000 + b"\r\n" for i in range(64))]
    answer = await _ask(port, *pieces)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


async def test_R98_a_head_that_comes_too_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(http_server, "HEAD_SECONDS", 0.05)
    assert await _ask(port, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""


async def test_whole_answers_keep_the_order_of_requests_sent_at_once_and_end_when_asked(port: int) -> None:
    again = b"POST /whole/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    other = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /whole/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = (await _ask(port, again + other + last)).split(b"HTTP/1.1 ")[1:]
    assert [(answer[:3], answer.rpartition(b"\r\n\r\n")[2]) for answer in answers] == [
        (b"202", b"/whole/1 3"), (b"200", b"/b 0"), (b"202", b"/whole/3 0"),
    ]  # fmt: skip
    assert [b"connection: close" in answer.lower() for answer in answers] == [False, False, True]
    assert all(b"\r\ndate: " in answer and b"\r\nx-own: yes" in answer for answer in (answers[0], answers[2]))


async def test_the_answer_to_HEAD_has_no_body(port: int) -> None:
    answer = await _ask(port, b"HEAD /whole HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("proxies", "told"),
    [((), b"127.0.0.1 http"), (("127.0.0.0/8",), b"203.0.113.9 https"), (("10.0.0.0/8",), b"127.0.0.1 http")],
)
async def test_only_trusted_proxies_say_who_the_client_is(proxies: tuple[str, ...], told: bytes) -> None:
    """A client that sends the header itself changes nothing: the proxy's own entry, the last one, counts."""
    port, stop = free_ports(1), asyncio.Event()
    serving = asyncio.create_task(http_server.serve(_echo, "127.0.0.1", port, stop, proxies))

    async def listens() -> bool:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True

    await until(listens)
    head = b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-Proto: https\r\n"
    answer = await _ask(port, head, b"X-Forwarded-For: 192.0.2.66, 203.0.113.9\r\n\r\n")
    stop.set()
    await asyncio.wait_for(serving, 30)
    assert answer.endswith(told), answer


async def test_R16_a_socket_that_systemd_holds_outlives_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kept connections are told to close; who comes while no server runs waits for the next one."""
    held = socket.create_server(("127.0.0.1", 0))
    port: int = held.getsockname()[1]

    def start(stop: asyncio.Event) -> asyncio.Task[None]:
        monkeypatch.setattr(http_server, "FIRST_GIVEN", held.dup().detach())
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        return asyncio.create_task(http_server.serve(_echo, "127.0.0.1", 1, stop))

    stop = asyncio.Event()
    serving = start(stop)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = b"GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"
    writer.write(request)
    assert b"connection: close" not in await asyncio.wait_for(reader.readuntil(b"/kept 0"), 30)
    stop.set()
    for _ in range(20):  # turns of the loop in which the server hears of it
        await asyncio.sleep(0)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 30)
    assert b"connection: close" in answer
    assert answer.endswith(b"/kept 0")
    await asyncio.wait_for(serving, 30)
    waiting = asyncio.create_task(_ask(port, b"GET /between HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    await asyncio.sleep(0)
    stop = asyncio.Event()
    serving = start(stop)
    assert (await asyncio.wait_for(waiting, 30)).endswith(b"/between 0")
    stop.set()
    await asyncio.wait_for(serving, 30)
    held.close()
