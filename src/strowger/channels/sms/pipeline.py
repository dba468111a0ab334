"""SMS in the pipeline: how a text is measured and which rules a message must pass (sms.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from strowger.channels.sms.message_templates import screening as templates
from strowger.foundation.phone import fits_number_plan, number_facts
from strowger.messaging.facts import Facts
from strowger.messaging.rules import AccountRules, Measure
from strowger.messaging.schemas import Submission
from strowger.protocols.gsm import UnicodeMode, sms_length

MAX_UNITS = 10


class SmsRules:
    """The SMS channel's part in screening and pricing."""

    name = "sms"

    def measure(self, body: str, options: Mapping[str, Any]) -> Measure:
        """Units, characters and encoding of a text (sms.md 3.14)."""
        length = sms_length(body, unicode_mode(options))
        return Measure(length.units, length.chars, length.encoding)

    def country_of(self, recipient: str) -> str | None:
        """ISO country of a recipient."""
        facts = number_facts(recipient) if recipient.isdigit() else None
        return facts.country if facts else None

    async def prepare(
        self,
        connection: asyncpg.Connection[Any],
        batch: list[Submission],
        accounts: Mapping[int, AccountRules],
        facts: Facts,
    ) -> Mapping[str, Any]:
        """The templates that the batch names."""
        return {"templates": await templates.look_up(connection, batch, accounts, facts)}

    def screen(self, submission: Submission, account: AccountRules, known: Mapping[str, Any]) -> str | None:
        """The trace of the first rule that the message breaks."""
        templates.settle_type(submission, account)
        return (
            _sender(submission, account)
            or _number(submission, account)
            or _country(submission, account)
            or templates.check(submission, account, known["templates"])
            or _length(submission, account)
        )


def unicode_mode(options: Mapping[str, Any]) -> UnicodeMode:
    """The encoding that the caller asked for; Auto when it did not."""
    mode = str(options.get("unicode", "Auto"))
    return "1" if mode == "1" else "0" if mode == "0" else "Auto"


def _sender(submission: Submission, account: AccountRules) -> str | None:
    registrations = account.senders.get(submission.sender)
    if not registrations:
        return "SNDRID-NOT-ALLOTED"
    for registration in registrations:
        if registration.status == "Approved" and registration.iso_code in (None, submission.country):
            return None
    return "SENDER-ID-NOT-FOUND"


def _number(submission: Submission, account: AccountRules) -> str | None:
    facts = number_facts(submission.recipient) if submission.recipient.isdigit() else None
    if facts is None:
        return "INV-NUMBER"
    if not facts.possible:
        return "INV-MOB-PATTRN"
    if account.settings.get("strict_numbering") and not fits_number_plan(submission.recipient):
        return "KLR-INV-NUMBER"
    return None


def _country(submission: Submission, account: AccountRules) -> str | None:
    allowed = account.settings.get("allowed_countries")
    return "NOT-ALLOWED" if allowed is not None and submission.country not in allowed else None


def _length(submission: Submission, account: AccountRules) -> str | None:
    if submission.units > MAX_UNITS:
        return "MAX-LIMIT"
    return "REJECTED-MULTIPART" if submission.units > 1 and account.settings.get("single_part_only") else None
