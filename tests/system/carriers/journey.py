"""Somebody who opens an account and signs in, over HTTP as a browser does, and the search for what logs must not say (R-86)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Self

import aiohttp
from tests.installation import Installation, until

EMAIL, PASSWORD, WRONG = "grace@hopper.example", "Kumquat-Horse-9", "Kumquat-Mistake-8"
TRAILS = ("request_log", "audit_entry", "login_event")


def leaks(lines: Iterable[str], secrets: Collection[str]) -> list[str]:
    """Lines that hold a secret, with it marked; at most ten."""
    pattern = re.compile("|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True)))
    found = [pattern.sub(lambda match: f">>>{match[0]}<<<", line) for line in lines if pattern.search(line)]
    return found[:10]


def written(home: Installation) -> dict[str, list[str]]:
    """The lines of every log file of the installation, PostgreSQL's and rotated ones included, by the file's name."""
    files = [path for path in home.data_dir.rglob("*") if path.is_file() and ".log" in path.name]
    return {path.name: path.read_text(errors="replace").splitlines() for path in files}


async def trails(home: Installation) -> list[str]:
    """The rows of every record of what was done, as text."""
    found: list[str] = []
    for table in TRAILS:
        rows = await home.sql(f"SELECT to_jsonb(t)::text AS row FROM {table} t")
        assert rows, table
        found.extend(row["row"] for row in rows)
    return found


class Newcomer:
    """A person without an account yet. ``own`` is what their own account may show them: their number."""

    def __init__(self, home: Installation) -> None:
        self._home = home
        self._base = f"http://localhost:{home.http_port}"
        self.secrets: set[str] = {PASSWORD, WRONG}
        self.own: set[str] = set()

    async def __aenter__(self) -> Self:
        self._browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._browser.close()

    async def _post(self, path: str, **fields: str) -> tuple[str, str]:
        """Send a form and follow; returns where it led and what stands there."""
        async with self._browser.post(self._base + path, data=fields) as answer:
            return answer.url.path, await answer.text()

    async def _mailed(self, pattern: str) -> str:
        async def find() -> str | None:
            for head in (await self._home.ask_simulator("GET", "/mailbox"))["mails"]:
                if head["to"] == EMAIL:
                    mail = await self._home.ask_simulator("GET", f"/mailbox/{head['number']}")
                    if found := re.search(pattern, mail["subject"] + " " + mail["text"]):
                        return found[1]
            return None

        secret = str(await until(find, 30, f"a mail with {pattern}"))
        self.secrets.add(secret)
        return secret

    async def signs_up(self, mobile: str, texted: Callable[[str], Awaitable[str]]) -> None:
        """Ask for an account, follow the mailed link, give a wrong code and then the right one."""
        person = {
            "name": "Grace Hopper", "email": EMAIL, "company": "Hopper Ltd", "country": "GB", "mobile": f"+{mobile}", "terms": "on",
        }  # fmt: skip
        self.own.add(mobile)
        await self._post("/sign-up", **person, password="kumquat")
        await self._post("/sign-up", **person, password=PASSWORD)
        token = await self._mailed(r"/sign-up/([\w-]{20,})")
        where, _ = await self._post(f"/sign-up/{token}")
        assert where == f"/sign-up/{token}/mobile"
        code = re.findall(r"\b\d{4,8}\b", await texted(mobile))[0]
        self.secrets.add(code)
        await self._post(where, code="000000" if code != "000000" else "111111")
        led, text = await self._post(where, code=code)
        assert led == "/", text

    async def signs_in_after_mistakes(self) -> None:
        """Another browser: wrong passwords, a wrong code, then the right ones."""
        self._browser.cookie_jar.clear()
        for _ in range(2):
            await self._post("/sign-in", email=EMAIL, password=WRONG)
        led, text = await self._post("/sign-in", email=EMAIL, password=PASSWORD)
        assert led == "/sign-in/code", text
        code = await self._mailed(r"\b(\d{6})\b")
        await self._post("/sign-in/code", code="000000" if code != "000000" else "111111")
        led, text = await self._post("/sign-in/code", code=code)
        assert led == "/", text

    async def exports(self, *lists: str) -> list[str]:
        """The lines of lists, downloaded as CSV."""
        lines: list[str] = []
        for path in lists:
            async with self._browser.get(f"{self._base}{path}", params={"export": "csv"}) as answer:
                assert answer.status == 200, path
                lines.extend((await answer.text()).splitlines())
        return lines
