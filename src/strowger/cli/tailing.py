"""The work of ``strowger callbacks tail``: ask, print, repeat to the developer's own machine, and go on where it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import click
import msgspec

from strowger.foundation.http_client import GuardedClient, HttpAnswer, OutgoingError
from strowger.foundation.http_guard import read_url
from strowger.foundation.http_wire import is_settable
from strowger.foundation.settings import AllowList

WAIT = 5  # seconds for which the server may hold its answer: a stop of it waits no longer for that
ANSWER_TIMEOUT, FORWARD_TIMEOUT = 40.0, 30.0
ANSWER_BYTES, FORWARD_BYTES = 32 * 1024**2, 2048
WAITS = (0.5, 1.0, 2.0, 5.0)  # before asking again a server that does not answer, the last one repeating
TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
MASK = "***"
REDIRECTS = range(300, 400)


class TailEnded(Exception):
    """The tail cannot go on; the message tells why."""


@dataclass(frozen=True, slots=True)
class Server:
    """The Strowger that is asked, and as whom."""

    url: str
    sid: str
    key: str


class _Away(Exception):
    """The server does not answer, or says that it cannot now."""


def forward_url(text: str) -> str:
    """An address to repeat requests to. Raises Refused when it is none."""
    url = text if "://" in text else f"http://{text}"
    read_url(url)
    return url


class Tail:
    """One run. ``place`` is how far it has printed; None before the server has answered once."""

    def __init__(
        self, server: Server, query: Mapping[str, str], forward: str | None, after: str | None, as_json: bool
    ) -> None:
        self.place = after
        self._server, self._query, self._forward, self._as_json = server, query, forward, as_json
        self._heard = False
        # The developer's own choice of two addresses, wherever they lead: nothing else can be reached.
        hosts = frozenset(read_url(url)[0].host for url in (server.url, forward) if url)
        self._http = GuardedClient(AllowList(hosts=hosts), allow_loopback=True)

    async def run(self) -> None:
        """Print until cancelled. Raises TailEnded."""
        misses = 0
        try:
            while True:
                try:
                    rows, place = await self._ask()
                except _Away as problem:
                    if not self._heard:
                        raise TailEnded(f"No answer from {self._server.url}: {problem}") from problem
                    if not misses:
                        self._tell(f"{self._server.url} does not answer ({problem}); asking again until it does")
                    await asyncio.sleep(WAITS[min(misses, len(WAITS) - 1)])
                    misses += 1
                    continue
                if misses:
                    self._tell(f"{self._server.url} answers again")
                elif not self._heard:
                    self._tell(f"Waiting for callbacks of {self._server.sid} at {self._server.url}; end with Ctrl-C")
                self._heard, misses = True, 0
                for row in rows:
                    await self._show(row)
                    self.place = row["place"]
                self.place = place
        finally:
            await self._http.close()

    def _tell(self, text: str) -> None:
        click.echo(_printable(text), err=True)

    async def _ask(self) -> tuple[list[dict[str, Any]], str]:
        """What came since the place, and the place after it. Raises _Away, TailEnded."""
        query = {**self._query, **({"after": self.place} if self.place else {})}
        if self._heard:  # the first answer comes at once: it tells whether address and key are right
            query["wait"] = str(WAIT)
        url = f"{self._server.url}/v1/{quote(self._server.sid, safe='')}/callback/attempts?{urlencode(query)}"
        try:
            answer = await self._http.request(
                "GET", url, headers={"api-key": self._server.key, "Accept": "application/json"},
                timeout=ANSWER_TIMEOUT, max_response=ANSWER_BYTES,
            )  # fmt: skip
        except OutgoingError as problem:
            raise _Away(str(problem)) from problem
        return self._read(answer)

    def _read(self, answer: HttpAnswer) -> tuple[list[dict[str, Any]], str]:
        if answer.status in TRY_AGAIN:
            raise _Away(f"HTTP {answer.status}")
        try:
            body = msgspec.json.decode(answer.body)
            if answer.status == 200:
                return body["data"], body["meta"]["after"]
            code, told = body["code"], body["error"]
        except (msgspec.DecodeError, KeyError, TypeError):
            raise TailEnded(_printable(self._foreign(answer))) from None
        detail = "; ".join(f"{k}: {v}" for one in told for k, v in one.items()) if isinstance(told, list) else str(told)
        raise TailEnded(_printable(self._refusal(answer.status, f"{code}: {detail or body.get('message', '')}")))

    def _foreign(self, answer: HttpAnswer) -> str:
        if answer.status in REDIRECTS:
            return f"{self._server.url} leads on to {answer.headers.get('location', 'another address')}: give that as --url"
        return f"At {self._server.url} no Strowger answers, or one without this call (HTTP {answer.status})"

    def _refusal(self, status: int, text: str) -> str:
        if status == 401:
            return (
                f"The key is not one of {self._server.sid} at {self._server.url}, or may not be used from here ({text})"
            )
        if status == 403:
            return f"The key may not read callbacks ({text})"
        return f"{self._server.url} refuses ({text})"

    async def _show(self, row: dict[str, Any]) -> None:
        shown = row
        lines = [line_of(row)]
        if self._forward is not None:
            done = await self._repeat(row, self._forward)
            shown = {**row, "forwarded": done}
            lines += forwarded_lines(done)
        click.echo(msgspec.json.encode(shown).decode() if self._as_json else "\n".join(lines))

    async def _repeat(self, row: dict[str, Any], forward: str) -> dict[str, Any]:
        """Send an attempt's request to the developer's machine; tells what it answered, and what the request lacked."""
        url = with_query(forward, row["url"])
        given: dict[str, str] = row["request"]["headers"]
        masked = sorted(name for name, value in given.items() if value == MASK)
        headers = {name: value for name, value in given.items() if name not in masked and is_settable(name)}
        body = row["request"]["body"]
        done: dict[str, Any] = {
            "method": row["method"], "url": url, "without_headers": masked, "body_cut": row["request"]["cut"],
            "http_status": None, "error": None, "duration_ms": None, "response": None,
        }  # fmt: skip
        try:
            answer = await self._http.request(
                row["method"], url, headers=headers, body=None if body is None else body.encode(),
                timeout=FORWARD_TIMEOUT, max_response=FORWARD_BYTES,
            )  # fmt: skip
        except OutgoingError as problem:
            return {**done, "error": str(problem)}
        text = answer.body.decode("utf-8", "replace")
        return {**done, "http_status": answer.status, "duration_ms": round(answer.duration * 1000), "response": text}


def with_query(forward: str, url: str) -> str:
    """The address to repeat to, with the query of the request's own address."""
    query = urlsplit(url).query
    base = forward.partition("#")[0]
    if not query:
        return base
    joint = "" if base.endswith(("?", "&")) else "&" if "?" in base else "?"
    return f"{base}{joint}{query}"


def line_of(row: Mapping[str, Any]) -> str:
    """One attempt for people: time, event, message, what came of it, request, answer, duration, how often."""
    came = str(row["http_status"]) if row["http_status"] is not None else ""
    if row["error"] and row["error"] != f"http_{came}":
        came = f"{came} {row['error']}".strip()
    words = (
        row["at"][11:23], row["event"], row["message_id"] or "-", row["status"], row["method"], row["url"], came or "-",
        f"{row['duration_ms']} ms", f"attempt {row['attempt']}",
    )  # fmt: skip
    return _printable("  ".join(words))


def forwarded_lines(done: Mapping[str, Any]) -> list[str]:
    """What became of the repetition, for people."""
    came = f"{done['http_status']} in {done['duration_ms']} ms" if done["error"] is None else done["error"]
    lines = [f"    -> {done['method']} {done['url']}  {came}"]
    if done["without_headers"]:
        lines.append(f"       without {', '.join(done['without_headers'])}: their values are kept masked")
    if done["body_cut"]:
        lines.append(
            "       with the first 2 KB of the body, all that is kept: a longer one is cut, its signature does not fit"
        )
    return [_printable(line) for line in lines]


def _printable(text: str) -> str:
    """Without what a terminal would obey: addresses and answers come from elsewhere."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
