"""The files of deploy/nginx and deploy/caddy in the real programs, with TLS, before web processes (make test-peers)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.installation import Installation, installation, until
from tests.system.peers.proxies import NAME, Proxy, running_proxy

CLIENT, OTHER = "127.0.0.5", "127.0.0.6"  # where clients come from; the proxy itself comes from 127.0.0.1
PHONE = "447700900123"
MEGABYTE = 1_000_000


@dataclass(slots=True)
class House:
    """An installation whose web processes stand behind a proxy."""

    place: Installation
    proxy: Proxy
    webs: Webs

    def client(self, source: str = CLIENT, **headers: str) -> aiohttp.ClientSession:
        return self.proxy.client(source, **headers)

    def api(self, source: str = CLIENT, **headers: str) -> aiohttp.ClientSession:
        return self.client(source, **{"api-key": self.place.credentials["api_key"], **headers})

    @property
    def messages(self) -> str:
        return f"{self.proxy.url}/v1/{self.place.credentials['sid']}/messages"

    def body(self, **more: Any) -> dict[str, Any]:
        return {"to": PHONE, "sender": self.place.credentials["sender"], "body": "Hello", **more}

    @contextlib.asynccontextmanager
    async def signed_in(self, source: str = CLIENT, **headers: str) -> AsyncIterator[aiohttp.ClientSession]:
        async with self.client(source, **headers) as session:
            status = await self.sign_in(session)
            assert status == 303, self.proxy.log()
            yield session

    async def sign_in(self, session: aiohttp.ClientSession) -> int:
        """As a browser sends the form."""
        known = self.place.credentials
        form = {"email": known["console_email"], "password": known["console_password"]}
        headers = {"Origin": self.proxy.url, "Sec-Fetch-Site": "same-origin"}
        path = f"{self.proxy.url}/sign-in"
        async with session.post(path, data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status


# What systemd does for a service whose socket it holds.
HAND_OVER = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "strowger.cli", "serve", "web"])
"""


class Webs:
    """`strowger-web@1` and `@2`: web processes on a socket that outlives them."""

    def __init__(self, place: Installation) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self._environ = {
            **place.environ, "STROWGER_DATABASE_URL": (place.data_dir / "database.url").read_text().strip(),
        }  # fmt: skip
        self._logs = place.data_dir / "logs"
        self._running: dict[int, asyncio.subprocess.Process] = {}

    async def start(self, number: int) -> None:
        """Return when it answers; it is asked under a port of its own only in that its log says so."""
        log = self._logs / f"web-{number}.log"
        log.unlink(missing_ok=True)
        descriptor = self._socket.fileno()
        self._running[number] = await asyncio.create_subprocess_exec(
            sys.executable, "-c", HAND_OVER, str(descriptor), pass_fds=(descriptor,),
            env={**self._environ, "STROWGER_LOG_FILE": str(log)},
        )  # fmt: skip

        async def serves() -> bool:
            return log.exists() and "Application startup complete" in log.read_text()

        await until(serves, 60, f"web process {number}")

    async def stop(self, number: int) -> None:
        """As systemctl does."""
        process = self._running.pop(number)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 40) == 0

    async def close(self) -> None:
        for number in list(self._running):
            await self.stop(number)
        self._socket.close()


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[tuple[Installation, Webs]]:
    """One installation for both proxies."""
    settings = {
        "STROWGER_PUBLIC_URL": f"https://{NAME}", "STROWGER_TRUSTED_PROXIES": "127.0.0.1/32,::1/128",
        "STROWGER_SMPP_ACCESS": "off",
    }  # fmt: skip
    async with installation(**settings) as made:
        webs = Webs(made)
        try:
            await webs.start(1)
            yield made, webs
        finally:
            await webs.close()


@pytest.fixture(scope="module", params=["nginx", "caddy"])
async def house(request: pytest.FixtureRequest, place: tuple[Installation, Webs]) -> AsyncIterator[House]:
    made, webs = place
    folder = Path(tempfile.mkdtemp(prefix="strowger-proxy-"))
    try:
        async with running_proxy(request.param, folder, webs.port) as proxy:
            yield House(made, proxy, webs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def test_the_api_is_served_by_tls_with_hsts_and_plain_http_leads_there(house: House) -> None:
    async with house.api() as api:
        async with api.post(house.messages, json=house.body()) as answer:
            assert answer.status == 202, await answer.text()
            assert answer.headers.getall("Strict-Transport-Security") == ["max-age=31536000"]
            message_id = (await answer.json())["data"][0]["message_id"]

        async def delivered() -> bool:
            async with api.get(f"{house.messages}/status", params={"message_ids": message_id}) as answer:
                return bool((await answer.json())["data"][0]["status"] == "Delivered")

        await until(delivered, 30, "the receipt")
        async with api.post(house.messages, json=house.body(to="nobody")) as answer:
            assert (answer.status, answer.headers["Strict-Transport-Security"]) == (400, "max-age=31536000")
        plain = f"http://{NAME}:{house.proxy.http}/v1/x?y=z"
        async with api.get(plain, allow_redirects=False) as answer:
            assert answer.status in (301, 308)
            assert re.fullmatch(rf"https://{NAME}(:\d+)?/v1/x\?y=z", answer.headers["Location"])


async def test_browsers_get_http_2_and_our_own_headers_once(house: House) -> None:
    trust = house.proxy.trust()
    trust.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", house.proxy.https)) as raw,
        trust.wrap_socket(raw, server_hostname=NAME) as link,
    ):
        assert link.selected_alpn_protocol() == "h2"
        assert (link.version() or "") >= "TLSv1.2"
    async with house.client() as browser, browser.get(f"{house.proxy.url}/sign-in") as answer:
        assert answer.status == 200
        for name in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Cache-Control"):
            assert len(answer.headers.getall(name)) == 1, name


FORGED = {
    "X-Forwarded-For": "198.51.100.7", "X-Real-IP": "198.51.100.7", "Forwarded": "for=198.51.100.7;proto=http",
    "X-Client-IP": "198.51.100.7", "X-Forwarded-Proto": "http",
}  # fmt: skip


async def test_the_real_client_stands_in_login_history_and_logs_whatever_it_says(house: House) -> None:
    async with house.signed_in(**FORGED) as session:
        assert all(cookie["secure"] for cookie in session.cookie_jar)
    rows = await house.place.sql("SELECT ip, result FROM login_event ORDER BY id DESC LIMIT 1")
    assert [tuple(row) for row in rows] == [(CLIENT, "success")]
    async with house.api(**FORGED) as api, api.post(house.messages, json=house.body()) as answer:
        assert answer.status == 202

    async def logged() -> list[Any]:
        return await house.place.sql("SELECT DISTINCT ip FROM request_log WHERE ip LIKE '198.51.%' OR ip = $1", CLIENT)

    assert [row["ip"] for row in await until(logged, 20, "the request log")] == [CLIENT]


async def test_R60_keys_and_people_bound_to_networks_are_bound_behind_the_proxy(house: House) -> None:
    key = await house.place.command("key", "create", f"bound {house.proxy.program}", "--network", f"{CLIENT}/32")
    bound = {"api-key": key["api_key"]}
    for source, more, status in ((CLIENT, {}, 202), (OTHER, {}, 403), (OTHER, {"X-Forwarded-For": CLIENT}, 403)):
        async with house.client(source, **bound, **more) as api, api.post(house.messages, json=house.body()) as answer:
            assert answer.status == status, (source, more, await answer.text())
    # From outside straight to the web process, nobody's word counts but a proxy's.
    other = aiohttp.TCPConnector(local_addr=(OTHER, 0))
    async with (
        aiohttp.ClientSession(connector=other, headers={**bound, "X-Forwarded-For": CLIENT}) as api,
        api.post(f"{house.place.url}/messages", json=house.body()) as answer,
    ):
        assert answer.status == 403

    rule = f'{{"sign_in_addresses": {{"on": true, "networks": [{{"network": "{CLIENT}/32", "label": ""}}]}}}}'
    sid = house.place.credentials["sid"]
    await house.place.sql("UPDATE account SET settings = settings || $1::jsonb WHERE sid = $2", rule, sid)
    try:
        async with house.client(OTHER, **{"X-Forwarded-For": CLIENT}) as session:
            assert await house.sign_in(session) == 403
        async with house.signed_in(CLIENT):
            pass
    finally:
        await house.place.sql("UPDATE account SET settings = settings - 'sign_in_addresses' WHERE sid = $1", sid)


async def test_probes_and_metrics_are_for_the_inside(house: House) -> None:
    for source, status in (("127.0.0.1", 200), (CLIENT, 403)):
        async with house.client(source, **{"X-Forwarded-For": "127.0.0.1"}) as session:
            for path in ("/healthz", "/readyz", "/metrics"):
                async with session.get(house.proxy.url + path) as answer:
                    assert answer.status == status, (source, path)


async def test_R98_bodies_up_to_the_bounds_pass_and_larger_ones_are_refused_clearly(house: House) -> None:
    async with house.api() as api:
        async with api.post(house.messages, json=house.body(body="x" * 9 * MEGABYTE)) as answer:
            assert answer.status == 400, "too long a text, read to its end by our own process"
        async with api.post(house.messages, json=house.body(body="x" * 11 * MEGABYTE)) as answer:
            assert answer.status == 413, house.proxy.log()
            assert "json" in answer.content_type
        with contextlib.suppress(aiohttp.ClientConnectionError):  # cut off while it still sends
            async with api.post(house.messages, data=_zeros(220 * MEGABYTE)) as answer:
                assert answer.status == 413


async def _zeros(count: int) -> AsyncIterator[bytes]:
    for _ in range(count // MEGABYTE):
        yield b"0" * MEGABYTE


async def test_large_files_go_up_and_come_down_whole(house: House) -> None:
    content = [b"%PDF-1.4\n" + os.urandom(9_900_000) + b"\n%%EOF\n" for _ in range(4)]
    async with house.signed_in() as session:
        async with session.get(f"{house.proxy.url}/settings/documents/new") as answer:
            token = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
            path = str(answer.url)
        assert token
        form = aiohttp.FormData({"csrf": token[1], "title": house.proxy.program, "category": "other"})
        for number, data in enumerate(content):
            form.add_field("file", data, filename=f"{number}.pdf", content_type="application/pdf")
        async with session.post(path, data=form, allow_redirects=False) as answer:
            assert answer.status == 303, (await answer.text())[:2000]
        rows = await house.place.sql(
            "SELECT f.id FROM document d JOIN stored_file f ON f.id = d.file_id WHERE d.title LIKE $1 ORDER BY d.title",
            f"{house.proxy.program}%",
        )
        assert len(rows) == len(content)
        async with session.get(f"{house.proxy.url}/settings/documents/{rows[0]['id']}/download") as answer:
            assert await answer.read() == content[0]


async def test_U32_the_live_feed_is_not_held_back(house: House) -> None:
    query = {"topics": "messages"}
    async with house.signed_in() as session:
        async with session.get(f"{house.proxy.url}/console/live", params=query) as feed:
            assert feed.status == 200
            assert "event: hello" in await _event(feed)
            message_id = await house.place.send(PHONE)
            async with asyncio.timeout(30):
                while message_id.partition(":")[0] not in (event := await _event(feed)):
                    assert "event: reset" not in event
        assert feed.headers["Content-Type"].startswith("text/event-stream")


async def _event(feed: aiohttp.ClientResponse) -> str:
    return (await asyncio.wait_for(feed.content.readuntil(b"\n\n"), 10)).decode()


async def test_U32_many_live_feeds_of_one_browser_leave_room_for_pages(house: House) -> None:
    async with house.signed_in() as session, contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            feed = await stack.enter_async_context(session.get(f"{house.proxy.url}/console/live?topics=messages"))
            assert "event: hello" in await _event(feed)
        async with session.get(f"{house.proxy.url}/") as answer:
            assert answer.status == 200


async def test_R16_web_processes_restart_without_a_failed_request(house: House) -> None:
    """Two in turn, then all at once: who comes while none is there waits."""
    answers: Counter[str] = Counter()
    ids: list[str] = []
    running = True

    async def send(api: aiohttp.ClientSession) -> None:
        while running:
            try:
                async with api.post(house.messages, json=house.body(to="447911000000")) as answer:
                    answers[str(answer.status)] += 1
                    if answer.status == 202:
                        ids.append((await answer.json())["data"][0]["message_id"])
            except aiohttp.ClientError as problem:
                answers[repr(problem)] += 1

    async with house.api() as api:
        senders = [asyncio.create_task(send(api)) for _ in range(3)]
        await house.webs.start(2)
        for number in (1, 2):
            await house.webs.stop(number)
            await house.webs.start(number)
        await house.webs.stop(2)
        await house.webs.stop(1)
        await house.webs.start(1)
        running = False
        await asyncio.gather(*senders)
    assert set(answers) == {"202"}, (answers, house.proxy.log())
    stored = await house.place.sql(
        "SELECT count(*) FROM message WHERE recipient = '447911000000' AND request_id = ANY($1::uuid[])",
        [message_id.partition(":")[0] for message_id in ids],
    )
    assert stored[0][0] == len(ids) == answers["202"]
