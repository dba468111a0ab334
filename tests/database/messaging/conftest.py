"""An account with money, a sender and a carrier, and the pipeline without its loops, so that tests take each step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from strowger.channels.sms.pipeline import SmsRules
from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Database
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.ids import new_uuid
from strowger.foundation.notify import Notifier
from strowger.foundation.settings import AllowList, Settings
from strowger.messaging.accept import Accepter
from strowger.messaging.jobs import Upkeep
from strowger.messaging.outcomes import Accepted, Incoming, PartAnswer, Receipt
from strowger.messaging.schemas import NewRequest, Priority, Submission
from strowger.messaging.service import Pipeline
from strowger.messaging.statuses import Status


@dataclass
class World:
    """What a test needs to drive the pipeline by hand."""

    context: Context
    pipeline: Pipeline
    accepter: Accepter
    upkeep: Upkeep
    account: int = 0
    carrier: int = 0
    ids: int = 0
    requests: dict[UUID, NewRequest] = field(default_factory=dict)

    @property
    def clock(self) -> FrozenClock:
        assert isinstance(self.context.clock, FrozenClock)
        return self.context.clock

    @property
    def database(self) -> Database:
        return self.context.database

    async def setup(self) -> World:
        fetch = self.database.pool.fetchval
        self.account = await fetch(
            "INSERT INTO account (sid, name, country, currency) VALUES ('HXEU0000000001DE', 'Test', 'DE', 'EUR') RETURNING id"
        )
        await self.database.pool.execute("INSERT INTO wallet (account_id, balance) VALUES ($1, 1000)", self.account)
        await self.database.pool.execute("INSERT INTO sender (account_id, sender) VALUES ($1, 'ACME')", self.account)
        await self.database.pool.execute(
            "INSERT INTO number (account_id, msisdn) VALUES ($1, '4915550001')", self.account
        )
        await self.database.pool.execute(
            "INSERT INTO tariff (channel, currency, unit_price) VALUES ('sms', 'EUR', 0.05)"
        )
        self.carrier = await self.add_carrier("one", 100)
        return self

    async def add_carrier(self, name: str, priority: int, up: bool = True) -> int:
        carrier = int(
            await self.database.pool.fetchval("INSERT INTO carrier (name, kind) VALUES ($1, 'smpp') RETURNING id", name)
        )
        await self.database.pool.execute("INSERT INTO route (carrier_id, priority) VALUES ($1, $2)", carrier, priority)
        await self.database.pool.execute(
            "INSERT INTO carrier_link (carrier_id, bind, state) VALUES ($1, 1, $2)", carrier, "bound" if up else "down"
        )
        self.pipeline.facts.forget()
        return carrier

    async def set_link(self, carrier: int, state: str) -> None:
        await self.database.pool.execute("UPDATE carrier_link SET state = $2 WHERE carrier_id = $1", carrier, state)
        self.pipeline.facts.forget()

    async def set_account(self, **settings: Any) -> None:
        await self.database.pool.execute("UPDATE account SET settings = $2 WHERE id = $1", self.account, settings)
        self.pipeline.facts.forget()

    async def send(self, *recipients: str, **changes: Any) -> UUID:
        now = self.clock.now()
        values: dict[str, Any] = {
            "account_id": self.account, "request_id": new_uuid(), "type": "TXN", "sender": "ACME", "body": "Hello",
            "recipients": list(recipients) or ["4917012345678"], "created_at": now,
            "valid_until": now + timedelta(hours=48), "priority": Priority.NORMAL,
        }  # fmt: skip
        request = NewRequest(**{**values, **changes})
        await self.accepter.accept(request)
        return request.request_id

    async def message(self, request_id: UUID, n: int = 1) -> Any:
        return await self.database.pool.fetchrow(
            "SELECT * FROM message WHERE request_id = $1 AND n = $2", request_id, n
        )

    async def events(self, request_id: UUID, n: int = 1) -> list[Any]:
        return await self.database.pool.fetch(
            "SELECT * FROM message_event WHERE request_id = $1 AND n = $2 ORDER BY at, kind", request_id, n
        )

    async def queued(self) -> list[Any]:
        return await self.database.pool.fetch("SELECT * FROM submission ORDER BY lane, priority, due_at")

    async def balance(self) -> Decimal:
        return Decimal(
            await self.database.pool.fetchval("SELECT balance FROM wallet WHERE account_id = $1", self.account)
        )

    async def ledger_sum(self) -> Decimal:
        query = "SELECT coalesce(sum(amount), 0) FROM ledger_entry WHERE account_id = $1"
        return Decimal(await self.database.pool.fetchval(query, self.account))

    async def take(self, limit: int = 100, carrier: int | None = None) -> list[Submission]:
        return await self.pipeline.lanes.lane(carrier or self.carrier).take(limit)

    def answers(self, submission: Submission, parts: int = 1) -> list[PartAnswer]:
        answers = []
        for part in range(1, parts + 1):
            self.ids += 1
            answers.append(PartAnswer(part, self.clock.now(), f"op{self.ids}", {"command_status": "0x00000000"}))
        return answers

    async def submit(self, parts: int = 1) -> list[Accepted]:
        """Intake, take, accept: everything that waits is handed to the carrier."""
        await self.pipeline.intake.step()
        taken = await self.take()
        outcomes = [Accepted(s, self.answers(s, parts)) for s in taken]
        for outcome in outcomes:
            self.pipeline.journal.outcome(outcome)
        await self.pipeline.journal.flush()
        return outcomes

    def receipt(self, operator_id: str | None, status: Status = Status.DELIVERED, trace: str = "DELIVERED") -> Receipt:
        return Receipt(self.carrier, operator_id or "", status, trace, self.clock.now(), {"stat": trace})

    async def report(self, *reports: Receipt | Incoming) -> list[BaseException | None]:
        """Hand in reports as links do and flush; returns what each report() raised."""
        import asyncio

        tasks = [asyncio.create_task(self.pipeline.journal.report(report)) for report in reports]
        await asyncio.sleep(0)
        await self.pipeline.journal.flush()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        return [r if isinstance(r, BaseException) else None for r in results]


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    context = Context(
        settings=Settings(), clock=FrozenClock(), database=database, secrets=SecretBox([b"k" * 32]),
        http=GuardedClient(AllowList(), allow_loopback=True),
    )  # fmt: skip
    pipeline = Pipeline(context, 1, SmsRules(context.secrets))
    world = World(context, pipeline, Accepter(database, Notifier(database)), Upkeep(pipeline, pipeline.journal, 180))
    yield await world.setup()
    await context.http.close()
