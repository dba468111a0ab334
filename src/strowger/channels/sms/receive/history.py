"""What became of what was done for received messages, in words: for the list, the files made of it, and a message's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strowger.channels.sms.receive.repository import configurations, logs
from strowger.channels.sms.receive.schemas import (
    NO_MAIL,
    NO_TAG,
    NOT_A_PERSON,
    OWN_NUMBER,
    SUBSCRIBE,
    TOO_OFTEN,
    UNCHANGED,
    Done,
)
from strowger.console.sql_source import Page, Row, SqlSource
from strowger.console.table_query import TableQuery
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.ids import format_message_id, new_uuid
from strowger.foundation.notify import notify
from strowger.messaging.notify import SMS_MO, received_variables
from strowger.messaging.repository.facts import account_rules
from strowger.messaging.routing.repository.ranges import circles, operator_names
from strowger.messaging.rules import Order, Received
from strowger.messaging.words import status_label
from strowger.platform.callbacks import repository as callbacks
from strowger.platform.callbacks.engine import CHANNEL
from strowger.platform.callbacks.profiles.facts import ProfileFacts
from strowger.platform.callbacks.schemas import CallbackState, NewCallback

WHY = {
    NOT_A_PERSON: "No: it came from a name or a short code",
    OWN_NUMBER: "No: it came from a number of this installation",
    TOO_OFTEN: "No: too many from this number within an hour",
    UNCHANGED: "No: nothing changed, it was answered before",
    NO_MAIL: "No: mail cannot be made",
    NO_TAG: "No: the tag is not there any more",
}
MAIL_STATES = {"queued": "queued", "sent": "sent", "failed": "failed"}
CALLED = {CallbackState.PENDING: "Waiting", CallbackState.FAILED: "Failed", CallbackState.DROPPED: "Dropped"}
WORDS = {"stop": "Opted out", "start": "Opted in again", "help": "Asked for help"}


@dataclass(slots=True)
class LogSource:
    """The log's rows with what became of each; all of a page is looked up in sets."""

    context: Context
    inner: SqlSource

    async def page(self, query: TableQuery) -> Page:
        """One page of rows."""
        found = await self.inner.page(query)
        found.rows = await enrich(self.context, query.account_id, found.rows)
        return found

    async def stream(self, query: TableQuery) -> AsyncIterator[list[Row]]:
        """All rows in batches."""
        async for rows in self.inner.stream(query):
            yield await enrich(self.context, query.account_id, rows)


def _ids(texts: Sequence[str | None]) -> list[UUID]:
    return [UUID(text) for text in texts if text]


async def enrich(context: Context, account_id: int, rows: Sequence[Row]) -> list[Row]:
    """Rows of the log with message, country and outcomes, in words."""
    ids = [row["request_id"] for row in rows]
    dones: list[Done] = [row["done"] for row in rows]
    sent_ids = _ids([done.get(kind, {}).get("id") for done in dones for kind in ("reply", "sms")])  # type: ignore[attr-defined]
    mail_ids = _ids([mail.get("id") for done in dones for mail in done.get("mails", ())])
    async with context.database.acquire() as connection:
        texts = await logs.received(connection, account_id, ids)
        names = await operator_names(connection, {row["network"] for row in texts.values() if row["network"]})
        regions = await circles(connection, {row["source"] for row in rows})
        sent = await logs.statuses(connection, account_id, sent_ids)
        mails = await logs.mails(connection, account_id, mail_ids)
        queued = await logs.waiting_for_smpp(connection, account_id, ids)
        called = await callbacks.outcomes_of_messages(connection, account_id, ids, SMS_MO) if ids else {}
    return [
        {
            **row, **_message(texts.get(row["request_id"]), names), "circle": regions.get(row["source"], ""),
            "reply": _reply(done, sent), "forward": _forward(done, sent, mails),
            "trigger": "; ".join(filter(None, (_called(called.get(row["request_id"])), _smpp(done, row["request_id"] in queued)))),
            "consent": _consent(done), "expired": bool(done.get("expired")),
            "can_call": bool(called.get(row["request_id"]) or done.get("callback")),
        }
        for row, done in zip(rows, dones, strict=True)
    ]  # fmt: skip


def _message(found: Any, names: Mapping[str, str]) -> Row:
    if found is None:
        return {"body": "", "units": 0, "country": "", "operator": ""}
    network = found["network"] or ""
    return {
        "body": found["body"], "units": found["units"], "country": found["country"] or "",
        "operator": names.get(network, network),
    }  # fmt: skip


def _statuses(found: Sequence[int]) -> str:
    """``Delivered``, or ``2 Delivered, 1 Failed`` of several."""
    if len(found) == 1:
        return status_label(found[0])
    return ", ".join(f"{number} {status_label(status)}" for status, number in sorted(Counter(found).items()))


def _reply(done: Done, sent: dict[UUID, list[int]]) -> str:
    reply = done.get("reply")
    if reply is None:
        return ""
    return (
        WHY.get(reply["why"], reply["why"]) if "why" in reply else _statuses(sent.get(UUID(reply["id"]), ())) or "Sent"
    )


def _forward(done: Done, sent: dict[UUID, list[int]], mails: dict[UUID, str]) -> str:
    found = []
    sms = done.get("sms")
    if sms is not None:
        text = WHY.get(sms["why"], sms["why"]) if "why" in sms else _statuses(sent.get(UUID(sms["id"]), ())) or "Sent"
        found.append(f"SMS: {text}")
    made = done.get("mails")
    if made:
        states = Counter(
            WHY[mail["why"]] if "why" in mail else MAIL_STATES.get(mails.get(UUID(mail["id"]), "sent"), "sent")
            for mail in made
        )
        found.append("Mail: " + ", ".join(f"{number} {state}" for state, number in sorted(states.items())))
    return "; ".join(found)


def _called(outcome: tuple[CallbackState | None, int] | None) -> str:
    if outcome is None:
        return ""
    state, attempts = outcome
    word = CALLED[state] if state is not None else "Delivered"
    return f"{word} ({attempts} {'attempt' if attempts == 1 else 'attempts'})" if attempts else word


def _smpp(done: Done, waits: bool) -> str:
    if waits:
        return "SMPP: waits for the client"
    return "SMPP: left the queue" if "smpp" in done else ""


def _consent(done: Done) -> str:
    if "word" in done:
        return WORDS[done["word"]]
    wanted = done.get("consent")
    if not wanted:
        return ""
    said, tag = "Subscribed" if wanted == SUBSCRIBE else "Unsubscribed", done.get("tag")
    if not tag:
        return said
    return f"{said}, tag {tag['name']}" if "name" in tag else f"{said}. Tag: {WHY[tag['why']]}"


async def call_again(context: Context, account_id: int, request_id: UUID) -> None:
    """Queue a new callback for a received message, to where its keyword, number or account reports now.

    Raises StrowgerError E404 when there is no such message, E409 when nothing is to be called.
    """

    async def work(connection: Any) -> None:
        now = context.clock.now()
        entry = await logs.find(connection, account_id, request_id)
        message = (await logs.received(connection, account_id, [request_id])).get(request_id)
        if entry is None or message is None:
            raise StrowgerError("E404", "There is no such message.")
        stored = await _receiver(connection, account_id, entry)
        targets = await ProfileFacts(context.clock).targets(connection, [(account_id, stored)])
        target = targets.of(account_id, stored, SMS_MO)
        if target is None:
            raise StrowgerError("E409", "Neither its keyword nor its number names a receiver.", status=409)
        account = (await account_rules(connection, [account_id])).get(account_id)
        received = Received(
            account_id, format_message_id(request_id, 1), entry["source"], entry["number"], message["body"]
        )
        order = Order(entry["keyword"] if entry["configuration_id"] else "", entry["captured"])
        variables = received_variables(received, order, message["units"], entry["at"], account)
        made = NewCallback(new_uuid(), account_id, request_id, 1, SMS_MO, target, variables, now, now)
        await callbacks.insert_callbacks(connection, [made], None)
        await notify(connection, CHANNEL)

    await context.database.run(work)


async def _receiver(connection: Any, account_id: int, entry: Any) -> dict[str, Any] | None:
    if entry["configuration_id"] is not None and not entry["done"].get("expired"):
        found = await configurations.find(connection, account_id, entry["configuration_id"])
        if found is not None and found["callback"] is not None:
            stored: dict[str, Any] = found["callback"]
            return stored
    return await logs.number_callback(connection, account_id, entry["number"])
