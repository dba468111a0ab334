"""An account whose reports are made step by step, with messages at chosen moments."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from strowger.foundation.ids import new_uuid, uuid_floor
from strowger.messaging.statuses import Status
from strowger.platform.files import pages as files
from strowger.platform.files import service as stored
from strowger.platform.notifications import pages as notifications
from strowger.platform.reports import pages as reports
from strowger.platform.reports import service
from strowger.platform.reports.jobs import ReportJobs
from strowger.platform.reports.service import Wish
from strowger.platform.reports.types import find_type
from strowger.wiring import wire
from tests.people_kit import House, open_house

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY = date(2026, 3, 10)


@dataclass
class Desk:
    """A house whose reports are made by hand."""

    house: House
    jobs: ReportJobs

    @property
    def account(self) -> int:
        return self.house.account.id

    @property
    def pool(self) -> Any:
        return self.house.context.database.pool

    async def message(self, at: datetime, status: Status = Status.DELIVERED, **changes: Any) -> str:
        """A message made at a moment; handed over unless it says otherwise."""
        request_id = UUID(int=uuid_floor(at).int | (new_uuid().int & ((1 << 62) - 1)))
        handed = status not in (Status.NOT_SENT, Status.QUEUED, Status.SCHEDULED)
        values: dict[str, Any] = {
            "account_id": self.account, "request_id": request_id, "n": 1, "status": int(status), "trace": status.name,
            "type": "TXN", "sender": "ACME", "recipient": "447700900123", "body": "Hello", "units": 1, "length": 5,
            "encoding": "GSM7", "country": "GB", "created_at": at, "valid_until": at + timedelta(hours=48),
            "sent_at": at + timedelta(seconds=1) if handed else None, "price": Decimal("0.05") if handed else None,
            "final_at": at + timedelta(seconds=3) if status not in (Status.SENT, Status.QUEUED) else None,
        } | changes  # fmt: skip
        names, places = ", ".join(values), ", ".join(f"${n}" for n in range(1, len(values) + 1))
        await self.pool.execute(f"INSERT INTO message ({names}) VALUES ({places})", *values.values())
        return f"{values['request_id']}:{values['n']}"

    async def ask(
        self, kind: str, first: date = DAY, last: date = DAY, by: str = "ada@example.com", **wish: Any
    ) -> UUID:
        found = find_type(kind)
        assert found is not None
        return await service.request(
            self.house.context, self.account, found, Wish(first, last, **{"zone": "UTC", **wish}), by
        )

    async def row(self, report_id: UUID) -> Any:
        return await self.pool.fetchrow("SELECT * FROM report WHERE id = $1", report_id)

    async def content(self, report_id: UUID) -> bytes:
        row = await service.find(self.house.context, self.account, report_id)
        assert row is not None
        file = await service.file_of(self.house.context, row)
        assert file is not None, (row["state"], row["problem"])
        return b"".join([piece async for piece in stored.read(self.house.context, file)])

    async def made(self, kind: str, *days: date, **wish: Any) -> list[dict[str, str]]:
        """The rows of a report's CSV file."""
        report_id = await self.ask(kind, *days, **wish)
        assert await self.jobs.step()
        text = (await self.content(report_id)).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    async def public(self, path: str, **fields: str) -> httpx.Response:
        """What somebody without a sign-in gets; with fields, what they send."""
        client = self.house.browser().client
        return await (client.post(path, data=fields) if fields else client.get(path))


def path_in(mail: dict[str, str]) -> str:
    """The path of the link in a mail."""
    found = re.findall(r"https?://[^/\s]+(/\S+)", mail["text"])
    return str(found[0])


@asynccontextmanager
async def open_desk(database_url: str, folder: Path) -> AsyncIterator[Desk]:
    wire()
    async with open_house(database_url, folder, [*reports.pages, *files.pages, *notifications.pages]) as house:
        house.clock.advance((NOW - house.clock.now()).total_seconds())
        yield Desk(house, ReportJobs(house.context, 1))
