"""The log of received messages, and what a message's page tells of them (sms.md 7.8)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from strowger.channels.sms.receive.forms import LIST
from strowger.channels.sms.receive.history import LogSource, call_again, enrich
from strowger.channels.sms.receive.repository import logs as repository
from strowger.console.pages import Action, AnyRequest, Page, Visitor, context_of, page, redirect
from strowger.console.table import Column, Empty, Filter, Row, RowAction, Table
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id
from strowger.messaging.pages.contacts import SHOWN, SPAN, happening
from strowger.messaging.pages.panels import Panel, register_panel
from strowger.messaging.pages.privacy import seen_rows, seen_source
from strowger.messaging.words import recipient_text
from strowger.platform.directory.history import Happening, register_history
from strowger.platform.directory.schemas import Person

LOGS = f"{LIST}/logs"
NO_KEYWORD = "(none)"


def tabs_of(path: str) -> list[tuple[str, str, bool]]:
    """The two rooms of Receive Message."""
    return [("Configurations", LIST, path == LIST), ("Logs", LOGS, path == LOGS)]


def logs_of(msisdn: str, keyword: str) -> str:
    """The log of a configuration; of the whole number for the default one."""
    return f"{LOGS}?" + urlencode({"number": msisdn, **({"keyword": keyword} if keyword else {})})


def _message_path(row: Row) -> str:
    return f"/messages/{format_message_id(row['request_id'], 1)}"


TABLE = Table(
    "received",
    columns=(
        Column("request_id", "Received at", "time", sort=True, value=lambda row: row["at"]),
        Column("source", "From", sort=True, value=lambda row: recipient_text(row["source"])),
        Column("number", "To", sort=True, value=lambda row: recipient_text(row["number"])),
        Column("keyword", "Keyword", sort=True,
               value=lambda row: (row["keyword"] + (" (expired)" if row["expired"] else "")) or
               ("(default)" if row["configuration_id"] else NO_KEYWORD)),
        Column("body", "Message"),
        Column("units", "Parts", "number", shown=False),
        Column("operator", "Operator", shown=False),
        Column("circle", "Circle", shown=False),
        Column("reply", "Auto reply"),
        Column("forward", "Forward"),
        Column("trigger", "Trigger"),
        Column("consent", "Subscription"),
        Column("country", "Country", shown=False),
        Column("id", "Message ID", "mono", shown=False, value=lambda row: format_message_id(row["request_id"], 1)),
    ),
    filters=(
        Filter("at", "Received", "time"),
        Filter("number", "To"),
        Filter("keyword", "Keyword"),
        Filter("source", "From"),
    ),
    search="Number or keyword",
    empty=Empty(
        "Nothing received yet",
        "Each message to one of your numbers stands here with what was done for it: replies, forwards, calls of your programs.",
        Action("Send one from the phone", "/phone", "device-mobile"),
    ),
    row_href=_message_path,
    row_actions=(
        RowAction("Open", _message_path, "eye"),
        RowAction("Trigger again", lambda row: f"{LOGS}/{row['request_id']}/trigger", "refresh", "POST",
                  when=lambda row: bool(row["can_call"]),
                  confirm=lambda row: "Call the receiver that keyword or number name now, with this message again?"),
    ),
    live_topic="messages",
)  # fmt: skip


@page(LOGS, permission="messages.read")
async def logs(request: AnyRequest, visitor: Visitor) -> Response[Any]:
    """What came in, and what was done for each."""
    context = context_of(request)
    source = seen_source(visitor, LogSource(context, repository.log_source(context.database)), "source")
    return await TABLE.respond(
        request, visitor, source, title="Received messages", template="receive/list.html", tabs=tabs_of(LOGS)
    )


@page(f"{LOGS}/{{request_id:str}}/trigger", methods=["POST"], permission="callbacks.write")
async def trigger(request: AnyRequest, visitor: Visitor, request_id: str) -> Page:
    """Call the receiver of a message again."""
    try:
        found = UUID(request_id)
    except ValueError:
        raise NotFoundException from None
    try:
        await call_again(context_of(request), visitor.account_id, found)
    except StrowgerError as problem:
        if problem.code == "E404":
            raise NotFoundException from None
        return redirect(request, LOGS, problem.detail or problem.code, "warning")
    return redirect(request, _message_path({"request_id": found}), "It is called again.")


async def received_panel(context: Context, account_id: int, request_id: UUID, n: int) -> Panel | None:
    """What was done for a received message; None for one that was sent."""
    async with context.database.acquire() as connection:
        found = await repository.find(connection, account_id, request_id)
    if found is None or n != 1:
        return None
    (row,) = await enrich(context, account_id, [dict(found)])
    captured = ", ".join(f"{name}: {value}" for name, value in row["captured"].items())
    words = [
        ("Keyword", TABLE.columns[3].read(row)), ("Captured", captured), ("Auto reply", row["reply"]),
        ("Forward", row["forward"]), ("Trigger", row["trigger"]), ("Subscription", row["consent"]),
    ]  # fmt: skip
    return Panel("received", "What was done", [(label, text) for label, text in words if text])


async def incoming_of(context: Context, visitor: Visitor, person: Person) -> list[Happening]:
    """The newest messages from a contact's number; nothing for roles that see no messages."""
    if not visitor.may("messages.read"):
        return []
    async with context.database.acquire() as connection:
        rows = await repository.latest_from(
            connection, visitor.account_id, person.mobile, context.clock.now() - SPAN, SHOWN
        )
    return [happening(row) for row in seen_rows(visitor, rows)]


register_panel(received_panel)
register_history(incoming_of)
pages: list[Any] = [logs, trigger]
