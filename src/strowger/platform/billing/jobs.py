"""Background work on money: mails of notices, margins of sub-accounts, months of postpaid accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import uuid_floor
from strowger.foundation.jobs import Job
from strowger.foundation.logs import get_logger
from strowger.foundation.mail import Letter, post
from strowger.foundation.money import format_money, money
from strowger.platform.audit import service as audit
from strowger.platform.billing import auto_recharging, recharging, service, trail
from strowger.platform.billing.notices import notice_text
from strowger.platform.billing.purse import zone_of
from strowger.platform.billing.repository import jobs
from strowger.platform.billing.repository import recharging as invoices

log = get_logger(__name__)
SECONDS, BATCH = 60.0, 50
SETTLED = timedelta(minutes=5)  # entries get their ids before they are committed: look only at those that certainly are
KINDS = {"low": "low-balance"}
Hear = Callable[[Any, Mapping[str, Any], datetime], Awaitable[None]]  # connection, notice, now


def _letter(row: Mapping[str, Any], words: str, base_url: str) -> Letter:
    """A notice as a mail; that of a low balance says what is left and leads to where credits are added."""
    said, button = [f"{words}.", f"Account: {row['name']}."], ("Open billing", f"{base_url}/billing")
    left = row["detail"].get("balance")
    if row["kind"] == "low" and left is not None:
        said.insert(1, f"It is {format_money(Decimal(str(left)), str(row['detail'].get('currency', '')))} now.")
        button = ("Add credits", f"{base_url}/billing/credits")
    return Letter(f"{row['name']}: {words}", said, button=button)


class MoneyJobs:
    """The work of one worker process; every worker may run it at any time. ``hear`` is told of each notice besides the mail."""

    def __init__(self, context: Context, hear: Hear | None = None) -> None:
        self._context, self._hear = context, hear

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Each with its pace."""
        return tuple(
            Job(work.__name__, SECONDS, work)
            for work in (self.mail_notices, self.book_margins, self.bill_months, self.auto_recharge, self.add_up_ledger)
        )

    async def mail_notices(self) -> int:
        """Mail what accounts are told about their money, to their list or their owners; returns how many mails."""
        context, count = self._context, 0
        async with context.database.session() as session:
            for row in await jobs.take_notices(session, context.clock.now(), BATCH):
                words = notice_text(row["kind"], row["detail"])
                letter = _letter(row, words, context.settings.base_url)
                for address in row["alert_emails"] or row["owners"]:
                    await post(
                        session, context, address, KINDS.get(row["kind"], "spend-limit"), letter, row["account_id"]
                    )
                    count += 1
                if self._hear is not None:  # committed before the notice counts as mailed: told twice rather than never
                    await context.database.run(lambda c, row=row: self._hear(c, row, context.clock.now()))  # type: ignore[misc]
        return count

    async def auto_recharge(self) -> int:
        """Recharge accounts whose balance fell under their mark; returns how many payments were begun."""
        await auto_recharging.give_up(self._context)
        return await auto_recharging.run(self._context)

    async def book_margins(self) -> int:
        """Give parents the margins that their sub-accounts were charged; returns how many were booked."""
        rows = await self._context.database.run(jobs.margins)
        return sum([await self._context.database.run(lambda c, row=row: self._book(c, row)) for row in rows])  # type: ignore[misc]

    async def _book(self, connection: Connection, row: Mapping[str, Any]) -> bool:
        now = self._context.clock.now()
        since = row["margin_booked"]
        charged, last = await jobs.charged_since(connection, row["account_id"], since, uuid_floor(now - SETTLED))
        part = money(charged * row["margin"] / (100 + row["margin"]))
        if last is None or part <= 0 or not await jobs.book_margin(connection, row["account_id"], last, since):
            return False
        await service.earn(connection, row["parent_id"], part, f"margin of sub-account {row['account_id']}", now)
        return True

    async def add_up_ledger(self) -> int:
        """Keep the sums of ledgers, so that no page adds up a whole one; returns how many accounts moved."""
        before = uuid_floor(self._context.clock.now() - SETTLED)
        return await self._context.database.run(lambda c: jobs.add_up(c, before))

    async def bill_months(self) -> int:
        """Invoice the last month of postpaid accounts, and begin the next one without its debt; returns how many."""
        now, count = self._context.clock.now(), 0
        for row in await self._context.database.run(jobs.postpaid):
            zone = zone_of(row["time_zone"])
            end = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            start = (end - timedelta(days=1)).replace(day=1)
            billed = await self._context.database.run(
                lambda c, row=row, start=start, end=end: self._bill(c, row, start, end)  # type: ignore[misc]
            )
            if billed is not None:
                count += 1
                await audit.note(
                    self._context, row["account_id"], trail.CLOCK, "month's end", "issue an invoice", number=billed,
                    month=f"{start:%Y-%m}", currency=row["currency"],
                )  # fmt: skip
        return count

    async def _bill(self, connection: Connection, row: Mapping[str, Any], start: datetime, end: datetime) -> str | None:
        account, month = row["account_id"], start.date()
        if await jobs.has_invoice(connection, account, month):
            return None
        owed = await jobs.owed(connection, account, start, end)
        if owed <= Decimal(0):
            return None
        now = self._context.clock.now()
        content = {
            **(await recharging.addresses(connection, account)),
            "lines": [{"text": f"Messages of {month:%B %Y}", "amount": f"{owed:.2f}"}],
            "paid": False,
        }
        number = await invoices.add_invoice(
            connection, account, "statement", owed, row["currency"], now, content, month=month
        )
        await service.bill(connection, account, owed, number, now)
        return number
