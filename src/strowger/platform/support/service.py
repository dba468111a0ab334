"""Tickets: asking, answering, closing; both sides hear of it by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.ids import new_uuid
from strowger.foundation.mail import Letter
from strowger.foundation.mail import post as send_mail
from strowger.foundation.tenancy import across_accounts
from strowger.platform.access import email_change
from strowger.platform.access import repository as people
from strowger.platform.accounts import repository as accounts
from strowger.platform.files import repository as file_rows
from strowger.platform.files import service as files
from strowger.platform.files.types import CSV, GIF, HEAD, JPEG, PDF, PNG, TEXT, WEBP, WrongType, checked_type
from strowger.platform.support import repository

MOST_FILES, MOST_BYTES, MOST_OPEN = 3, 5_000_000, 20
KINDS = (PDF, PNG, JPEG, GIF, WEBP, CSV, TEXT)
SERVICES = {
    "sms": "SMS", "api": "API", "billing": "Billing", "account": "Account and sign-in", "numbers": "Numbers and sender IDs",
    "callbacks": "Callbacks", "other": "Something else",
}  # fmt: skip
STATES = {"open": "Open", "answered": "Answered", "closed": "Closed"}


class Refused(ValueError):
    """A contribution cannot be taken; ``field`` is at fault, the text is for people."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as it was sent."""

    name: str
    claimed: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: ``operator`` says for which side."""

    name: str
    email: str
    operator: bool = False


async def ask(
    context: Context,
    account_id: int,
    author: Author,
    subject: str,
    service: str,
    body: str,
    given: Sequence[Attachment],
) -> int:
    """Open a ticket; returns its number. Raises Refused."""
    kept = await _store(context, account_id, author, given)
    now = context.clock.now()

    async def work(connection: Connection) -> int:
        if await repository.open_tickets(connection, account_id, author.email) >= MOST_OPEN:
            raise Refused("subject", f"You have {MOST_OPEN} open tickets; close one of them first.")
        number = await repository.add(connection, account_id, subject, service, author.email, author.name, now)
        await _post(connection, account_id, number, author, body, kept, now)
        return number

    number = await context.database.run(work)
    await _tell(context, account_id, number, author, subject, body)
    return number


async def answer(
    context: Context,
    ticket: Mapping[str, Any],
    author: Author,
    body: str,
    given: Sequence[Attachment],
    close: bool = False,
) -> None:
    """Write into a ticket; a customer's word opens it again for the operator. Raises Refused when it is closed."""
    account_id, number = ticket["account_id"], ticket["id"]
    kept = await _store(context, account_id, author, given)
    now, state = context.clock.now(), "closed" if close else "answered" if author.operator else "open"

    async def work(connection: Connection) -> None:
        if not await repository.set_state(connection, account_id, number, state, now):
            raise Refused("body", "This ticket is closed. Open a new one.")
        if body or kept:
            await _post(connection, account_id, number, author, body, kept, now)

    await context.database.run(work)
    await _tell(
        context, account_id, number, author, ticket["subject"], body or "The ticket was closed.", ticket["by_email"]
    )


async def _post(
    connection: Connection,
    account_id: int,
    number: int,
    author: Author,
    body: str,
    kept: Sequence[files.Stored],
    now: Any,
) -> None:
    names = [{"id": str(one.id), "name": one.name} for one in kept]
    await repository.post(connection, new_uuid(), account_id, number, author.name, author.operator, body, names, now)
    if kept:
        await file_rows.keep(connection, account_id, [one.id for one in kept], None)


async def _store(context: Context, account_id: int, author: Author, given: Sequence[Attachment]) -> list[files.Stored]:
    """Check and store files for a day; whoever names them keeps them. Raises Refused."""
    if len(given) > MOST_FILES:
        raise Refused("file", f"At most {MOST_FILES} files.")
    kinds = []
    for one in given:
        if len(one.content) > MOST_BYTES:
            raise Refused("file", f"“{one.name[:60]}” is larger than {MOST_BYTES // 1_000_000} MB.")
        try:
            kinds.append(checked_type(one.name, one.claimed, one.content[:HEAD], KINDS))
        except WrongType as problem:
            raise Refused("file", str(problem)) from problem
    expires = context.clock.now() + timedelta(days=1)
    return [
        await files.save(context, account_id, one.name, kind, one.content, by=author.email, expires=expires)
        for one, kind in zip(given, kinds, strict=True)
    ]


async def _tell(
    context: Context, account_id: int, number: int, author: Author, subject: str, body: str, customer: str = ""
) -> None:
    """Mail the other side: the customer who asked, or the operator's address."""
    base = context.settings.base_url
    # The other side's people are of another account.
    with across_accounts():
        async with context.database.session() as session:
            if author.operator:
                to, page = [customer], f"{base}/support/tickets/{number}"
            else:
                page = f"{base}/operator/tickets/{number}"
                to = [context.settings.support_email] if context.settings.support_email else []
                operator = await accounts.operator_account(session)
                if not to and operator is not None:
                    to = [user.email for user in await people.owners(session, operator)]
            letter = Letter(
                f"[#{number}] {subject}", (f"{author.name} wrote:", body[:2000]), button=("Open the ticket", page)
            )
            for email in to:
                await send_mail(session, context, email, "ticket", letter, account_id)


async def file_of(context: Context, ticket: Mapping[str, Any], file_id: UUID) -> files.Stored | None:
    """A file of a ticket; None when the ticket does not name it."""
    rows = await context.database.run(lambda c: repository.posts(c, ticket["account_id"], ticket["id"]))
    if not any(item["id"] == str(file_id) for row in rows for item in row["files"]):
        return None
    return await files.find(context, ticket["account_id"], file_id)


email_change.register_follower(repository.follow_address)
