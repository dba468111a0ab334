"""SMS in the pipeline: how a text is measured and which rules a message must pass (sms.md 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from strowger.channels.sms.message_templates import screening as templates
from strowger.channels.sms.receive import sharing
from strowger.channels.sms.receive import work as receive
from strowger.channels.sms.screening import batch as screening
from strowger.channels.sms.screening import entities
from strowger.channels.sms.screening.rules import after_template, before_template
from strowger.foundation.crypto import SecretBox
from strowger.foundation.database import Connection
from strowger.foundation.phone import MAX_DIGITS, MIN_DIGITS, number_facts
from strowger.messaging.facts import Facts
from strowger.messaging.rules import AccountRules, Handled, Measure, Received, Verdict, measure_into
from strowger.messaging.schemas import Submission
from strowger.protocols.gsm import UnicodeMode, sms_length


class SmsRules:
    """The SMS channel's part in screening and pricing."""

    name = "sms"

    def __init__(self, secrets: SecretBox | None = None) -> None:
        """``secrets`` seals mails; without it none are made of incoming messages."""
        self._secrets = secrets

    def measure(self, body: str, options: Mapping[str, Any]) -> Measure:
        """Units, characters and encoding of a text (sms.md 3.14)."""
        length = sms_length(body, unicode_mode(options), ported=bool(options.get("port")))
        return Measure(length.units, length.chars, length.encoding)

    def country_of(self, recipient: str) -> str | None:
        """ISO country of a recipient; None also for codes that belong to no country, and for what is too short for a number."""
        whole = recipient.isascii() and recipient.isdigit() and MIN_DIGITS <= len(recipient) <= MAX_DIGITS
        facts = number_facts(recipient) if whole else None
        return facts.country if facts and len(facts.country) == 2 else None

    async def prepare(
        self,
        connection: Connection,
        batch: list[Submission],
        accounts: Mapping[int, AccountRules],
        facts: Facts,
    ) -> Mapping[str, Any]:
        """The templates that the batch names; lists and counts that concern it."""
        for submission in batch:
            measure_into(submission, self)
            account = accounts.get(submission.account_id)
            if account is not None:
                templates.settle_type(submission, account)
        return {
            "entities": entities.fill(batch, accounts),
            "templates": await templates.look_up(connection, batch, accounts, facts),
            "screening": await screening.look_up(connection, batch, accounts, facts),
        }

    def screen(self, submission: Submission, account: AccountRules, known: Mapping[str, Any]) -> Verdict:
        """The trace of the first rule that the message breaks, or what else becomes of it; None when it may go."""
        found: screening.BatchFacts = known["screening"]
        return (
            submission.options.get("refused")  # by the reading of a batch, which gives ids to nodes that cannot be sent
            or before_template(submission, account, found)
            or templates.check(submission, account, known["templates"])
            or after_template(submission, account, found)
        )

    async def settle(self, connection: Connection, passed: list[Submission], known: Mapping[str, Any]) -> None:
        """Count the messages that go on."""
        await screening.settle(connection, passed, known["screening"])
        await entities.keep(connection, passed, known["entities"])

    async def addressees(self, connection: Connection, received: Sequence[Received], facts: Facts) -> Mapping[str, int]:
        """Whose messages to shared numbers are."""
        return await sharing.addressees(connection, received, facts)

    async def release(
        self,
        connection: Connection,
        ended: list[Submission],
        accounts: Mapping[int, AccountRules],
        facts: Facts,
    ) -> None:
        """Take back the counts of messages that went on but were never handed over."""
        for submission in ended:
            measure_into(submission, self)
        await screening.release(connection, ended, accounts, facts)

    async def receive(
        self, connection: Connection, received: Sequence[Received], facts: Facts, now: datetime
    ) -> Handled:
        """Opt-outs and what the account's keywords ask for."""
        return await receive.handle(connection, received, facts, now, self._secrets)


def unicode_mode(options: Mapping[str, Any]) -> UnicodeMode:
    """The encoding that the caller asked for; Auto when it did not."""
    mode = str(options.get("unicode", "Auto"))
    return "1" if mode == "1" else "0" if mode == "0" else "Auto"
