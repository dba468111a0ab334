"""What a client may send before it is a request, over real sockets."""

from __future__ import annotations

import asyncio
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
    await asyncio.wait_for(serving, 20)


async def _ask(port: int, *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        return await asyncio.wait_for(reader.read(), 10)
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
    await asyncio.wait_for(serving, 20)
    assert answer.endswith(told), answer
