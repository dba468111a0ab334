"""The guarded client over TCP: keep-alive, redirects hop by hop, time limits, and no way around the guard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from strowger.foundation.http_client import GuardedClient, HttpFailed, Refused
from strowger.foundation.settings import AllowList

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A receiver that answers each request with what ``answer`` gives, and keeps what it was sent."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: (\d+)", head)
                self.requests.append(head + (await reader.readexactly(int(length[1])) if length else b""))
                answer = self.answer(self.requests[-1])
                if answer is None:
                    await reader.read()
                    break
                writer.write(answer)
                if not answer or b"close" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: Callable[[bytes], bytes | None] = lambda _: OK) -> AsyncIterator[Server]:
    server = Server(answer)
    listener = await asyncio.start_server(server._serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    client = GuardedClient(AllowList(), allow_loopback=True)
    yield client
    await client.close()


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


async def test_requests_one_after_another_share_a_connection(client):
    async with serving() as server:
        for n in range(20):
            answer = await client.request(
                "POST", f"http://127.0.0.1:{server.port}/a?n={n}", headers={"X-Tag": "7"}, body=b"hi"
            )
            assert (answer.status, answer.body) == (200, b"ok")
        assert server.connections == 1
        assert server.requests[3].startswith(b"POST /a?n=3 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % server.port)
        assert b"X-Tag: 7\r\n" in server.requests[3]
        assert server.requests[3].endswith(b"Content-Length: 2\r\n\r\nhi")


async def test_user_info_in_the_url_becomes_basic_authentication(client):
    async with serving() as server:
        await client.request("GET", f"http://user:p%40ss@127.0.0.1:{server.port}/")
        assert b"Authorization: Basic dXNlcjpwQHNz\r\n" in server.requests[0]


async def test_a_kept_connection_that_the_receiver_closes_is_replaced_where_repeating_is_safe(client):
    async with serving() as server:
        url = f"http://127.0.0.1:{server.port}/"
        for options in ({"method": "GET"}, {"method": "POST", "repeatable": True}):
            server.answer = lambda _: OK
            await client.request("GET", url)
            kept = server.connections
            server.answer = lambda _, kept=kept: OK if server.connections > kept else b""
            assert (await client.request(url=url, **options)).status == 200
            assert server.connections == kept + 1


async def test_a_request_that_may_have_been_carried_out_is_not_repeated(client):
    async with serving() as server:
        url = f"http://127.0.0.1:{server.port}/"
        await client.request("GET", url)
        server.answer = lambda _: b""
        with pytest.raises(HttpFailed) as caught:
            await client.request("POST", url, body=b"x")
        assert caught.value.reason == "connection_lost"
        assert len(server.requests) == 2


async def test_R47_redirects_are_not_followed_unless_asked(client):
    async with serving(lambda _: redirect("/next")) as server:
        answer = await client.request("GET", f"http://127.0.0.1:{server.port}/")
        assert (answer.status, answer.headers["location"]) == (302, "/next")
        assert len(server.requests) == 1


async def test_R47_each_hop_of_a_redirect_is_checked(client):
    async with serving(lambda r: redirect("http://169.254.169.254/meta") if b"/first" in r else OK) as server:
        with pytest.raises(Refused):
            await client.request("GET", f"http://127.0.0.1:{server.port}/first", redirects=3)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://[::ffff:a00:1]/", "//10.0.0.1/", "http://127.1:22/"]
)
async def test_R47_a_redirect_out_of_bounds_is_refused(client, location):
    async with serving(lambda _: redirect(location)) as server:
        with pytest.raises(Refused):
            await client.request("GET", f"http://127.0.0.1:{server.port}/", redirects=1)


async def test_redirects_are_followed_as_often_as_asked_and_turn_a_post_into_a_get(client):
    async with serving(lambda r: redirect("/b?x=1", 303) if b" /a" in r else OK) as server:
        answer = await client.request("POST", f"http://127.0.0.1:{server.port}/a", body=b"data", redirects=1)
        assert answer.status == 200
        assert server.requests[1].startswith(b"GET /b?x=1 ")
        assert b"Content-Length" not in server.requests[1]
    async with serving(lambda _: redirect("/again", 307)) as server:
        answer = await client.request("POST", f"http://127.0.0.1:{server.port}/", body=b"data", redirects=4)
        assert (answer.status, len(server.requests)) == (307, 5)
        assert server.requests[4].endswith(b"data")


async def test_headers_meant_for_one_receiver_are_not_shown_to_another(client):
    async with serving() as second, serving(lambda _: redirect(f"http://127.0.0.1:{second.port}/")) as first:
        headers = {"Authorization": "Bearer secret", "X-Api-Key": "secret", "Accept": "text/plain"}
        await client.request("GET", f"http://127.0.0.1:{first.port}/", headers=headers, redirects=1)
        assert b"secret" in first.requests[0]
        assert b"secret" not in second.requests[0]
        assert b"Accept: text/plain" in second.requests[0]


async def test_R46_the_connection_goes_to_the_address_that_was_checked_and_to_no_other():
    """A name service that answers differently each time: the second answer is never used for the first connection."""
    answers = iter([["127.0.0.1"], ["10.255.255.1"]])

    async def names(_: str) -> list[str]:
        return next(answers)

    client = GuardedClient(AllowList(), allow_loopback=True, resolve=names)
    async with serving() as server:
        answer = await client.request("GET", f"http://turn.example:{server.port}/")
        assert answer.status == 200
        assert f"Host: turn.example:{server.port}".encode() in server.requests[0]
        with pytest.raises(Refused):
            await client.request("GET", "http://turn.example:9999/")
    await client.close()


async def test_R34_a_silent_receiver_is_left_after_the_time_limit(client):
    async with serving(lambda _: None) as server:
        with pytest.raises(HttpFailed) as caught:
            await client.request("GET", f"http://127.0.0.1:{server.port}/", timeout=0.05)
        assert caught.value.reason == "timeout"


async def test_R34_a_receiver_that_drips_is_left_after_the_time_limit(client):
    async with serving(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n1") as server:
        with pytest.raises(HttpFailed) as caught:
            await client.request("GET", f"http://127.0.0.1:{server.port}/", timeout=0.05)
        assert caught.value.reason == "timeout"


async def test_failures_are_told_apart(client):
    async with serving() as server:
        free = server.port
    with pytest.raises(HttpFailed) as caught:
        await client.request("GET", f"http://127.0.0.1:{free}/")
    assert caught.value.reason == "connection_refused"
    async with serving(lambda _: b"SSH-2.0 close\r\n\r\n") as server:
        with pytest.raises(HttpFailed) as caught:
            await client.request("GET", f"http://127.0.0.1:{server.port}/")
        assert caught.value.reason == "bad_answer"


async def test_a_receiver_that_does_not_speak_tls_is_told_apart(client):
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    listener = await asyncio.start_server(greet, "127.0.0.1", 0)
    with pytest.raises(HttpFailed) as caught:
        await client.request("GET", f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}/")
    assert caught.value.reason == "tls_failed"
    listener.close()


async def test_a_large_answer_is_cut_at_the_limit(client):
    async with serving(lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000) as server:
        answer = await client.request("GET", f"http://127.0.0.1:{server.port}/", max_response=2048)
        assert (len(answer.body), answer.truncated) == (2048, True)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X": "a\nb"}, {"X\r\nY": "a"}, {"Host": "x"}, {"X": "a\0"}])
async def test_headers_cannot_smuggle(client, headers):
    async with serving() as server:
        with pytest.raises(Refused):
            await client.request("GET", f"http://127.0.0.1:{server.port}/", headers=headers)
        assert server.requests == []


async def test_proxies_of_the_environment_are_not_used(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with serving() as server:
        assert (await client.request("GET", f"http://127.0.0.1:{server.port}/")).status == 200
