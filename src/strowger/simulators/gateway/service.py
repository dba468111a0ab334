"""A simulated provider with an HTTP API: takes messages, reports by webhook, and misbehaves in named ways.

Magic numbers (outcomes.py) end here as they do at the simulated SMSC.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import msgspec
from aiohttp import web

from strowger.foundation.http_client import GuardedClient, OutgoingError
from strowger.foundation.logs import get_logger
from strowger.foundation.settings import AllowList
from strowger.simulators.gateway.misbehaviours import MISBEHAVIOURS, Fields, Handling
from strowger.simulators.misbehaving import Switchboard
from strowger.simulators.outcomes import Outcome, outcome_of

log = get_logger(__name__)
KEPT: Final = 1_000
TRIES: Final = (0.2, 1.0, 3.0, 10.0, 30.0)  # seconds before a receipt that was not taken goes out again
TIMEOUT: Final = 10.0
JSON: Final = {"Content-Type": "application/json"}
WORDS: Final = {"DELIVRD": "delivered", "UNDELIV": "undelivered", "EXPIRED": "expired", "REJECTD": "rejected"}


@dataclass(slots=True)
class Taken:
    """A message as it came."""

    id: str
    to: str
    sender: str
    text: str
    reference: str
    receipt_url: str
    at: str
    status: str = "accepted"


class Gateway:
    """The provider: ``async with Gateway() as gateway`` listens on ``gateway.port``.

    With ``key`` every request must carry it as X-API-Key. ``receipt_delay`` seconds pass before a receipt.
    """

    def __init__(
        self, port: int = 0, host: str = "127.0.0.1", *, key: str | None = None, receipt_delay: float = 0.0
    ) -> None:
        self.port, self.host, self.key, self.receipt_delay = port, host, key, receipt_delay
        self.messages: deque[Taken] = deque(maxlen=KEPT)
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.counters: Counter[str] = Counter()
        self.switchboard = Switchboard(MISBEHAVIOURS)
        self._serial = 0
        self._runner: web.AppRunner | None = None
        self._client = GuardedClient(AllowList(), allow_loopback=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._let_go = asyncio.Event()

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        from strowger.simulators.gateway.routes import make_app

        self._runner = web.AppRunner(make_app(self), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port, backlog=512).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Close everything."""
        self._let_go.set()
        for task in set(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))
        if self._runner is not None:
            await self._runner.cleanup()
        await self._client.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{self.host}:{self.port}"

    def describe(self) -> dict[str, Any]:
        """Its state for people."""
        return {
            "counters": dict(self.counters),
            "messages": [asdict(message) for message in self.messages],
            "misbehaviours": self.switchboard.describe(),
        }

    def reset(self) -> None:
        """Forget messages, counters and misbehaviours."""
        self.messages.clear()
        self.requests.clear()
        self.counters.clear()
        self.switchboard.reset()

    # Messages

    def take(self, fields: Fields) -> tuple[Handling, Taken | None, Outcome]:
        """Decide on a request: how it is handled, the message when it is taken, and how that ends."""
        self.counters["requests"] += 1
        outcome = outcome_of(fields.get("to", ""))
        handling = Handling()
        self.switchboard.apply(handling, fields)
        if outcome.submit_status and not handling.status:
            handling.status, handling.taken = 400, False
        handling.delay += outcome.answer_delay
        if not handling.taken:
            self.counters["refused"] += 1
            return handling, None, outcome
        self._serial += 1
        message = Taken(
            f"gw-{self._serial:08d}", fields.get("to", ""), fields.get("from", ""), fields.get("text", ""),
            fields.get("reference", ""), fields.get("receipt_url", ""), datetime.now(UTC).isoformat(),
        )  # fmt: skip
        self.messages.append(message)
        self.counters["taken"] += 1
        return handling, message, outcome

    async def wait_silently(self) -> None:
        """Until the gateway stops: what a request that is never answered waits for."""
        await self._let_go.wait()

    def report(self, message: Taken, handling: Handling, outcome: Outcome) -> asyncio.Task[None] | None:
        """Send the receipts of a message, later; the task ends when the last one was taken."""
        if not message.receipt_url or not handling.receipts or not outcome.receipt:
            return None
        task = asyncio.create_task(self._report(message, handling, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _report(self, message: Taken, handling: Handling, outcome: Outcome) -> None:
        await asyncio.sleep(self.receipt_delay + handling.receipt_delay + outcome.hold)
        message.status = WORDS.get(outcome.verdict.stat, outcome.verdict.stat.lower())
        body = {
            "id": message.id, "to": message.to, "status": message.status, "reference": message.reference,
            "error": f"{outcome.verdict.err:03d}",
        }  # fmt: skip
        for _ in range(handling.receipts):
            await self.post(message.receipt_url, body, "receipts")

    async def post(self, url: str, body: dict[str, Any], what: str) -> bool:
        """Hand something in until it is taken; whether it was."""
        for pause in (*TRIES, None):
            try:
                answer = await self._client.request(
                    "POST", url, headers=JSON, body=msgspec.json.encode(body), timeout=TIMEOUT
                )
                if answer.status == 200:
                    self.counters[f"{what}_acknowledged"] += 1
                    return True
                self.counters[f"{what}_refused"] += 1
            except OutgoingError as problem:
                log.info("gateway_report_not_taken", problem=repr(problem))
                self.counters[f"{what}_unreachable"] += 1
            if pause is None:
                break
            await asyncio.sleep(pause)
        return False
