"""The principal entity of a message in a country with a content registry: named by the request, else the sender's, else
the account's (sms.md 3.2). Operators refuse a message without it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from strowger.channels.sms.screening import repository
from strowger.channels.sms.senders.countries import rule_of
from strowger.foundation.database import Connection
from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission


def entity_of(submission: Submission, account: AccountRules) -> str | None:
    """The entity that a message gets which names none."""
    for registration in account.senders.get(submission.sender, ()):
        if registration.entity_id and registration.iso_code in (None, submission.country):
            return registration.entity_id
    return account.settings.get("entity_id")


def fill(batch: Sequence[Submission], accounts: Mapping[int, AccountRules]) -> set[Any]:
    """Name the entity of each message that needs one; returns the keys of those that got it here."""
    filled = set()
    for submission in batch:
        account = accounts.get(submission.account_id)
        if account is None or submission.options.get("entity_id") or not rule_of(submission.country).registry:
            continue
        entity = entity_of(submission, account)
        if entity:
            submission.options = {**submission.options, "entity_id": entity}
            filled.add(submission.key)
    return filled


async def keep(connection: Connection, passed: Sequence[Submission], filled: Collection[Any]) -> None:
    """Store the entities of the messages that go on, for whichever worker hands them over."""
    rows: list[tuple[Any, ...]] = [
        (s.account_id, s.request_id, s.n, s.options["entity_id"]) for s in passed if s.key in filled
    ]
    if rows:
        await repository.keep_entities(connection, rows)
