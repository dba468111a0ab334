"""Screening of texts against registered templates (sms.md 5, row 11; 7.2; 11.3), over a batch.

The rule binds accounts of a country with a content registry, towards numbers of that country; elsewhere a template id is
only kept with the message.
"""

from __future__ import annotations

from collections.abc import Mapping

from strowger.channels.sms.message_templates.placeholders import DLT_VALUE, matches
from strowger.channels.sms.message_templates.repository.usable import Key, usable
from strowger.channels.sms.message_templates.schemas import UsableTemplate
from strowger.channels.sms.senders.countries import rule_of
from strowger.foundation.database import Connection
from strowger.messaging.facts import Facts
from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission

KIND = "sms.templates"
# What a text without a template id is sent as, whatever was asked for (sms.md 3.2).
UNREGISTERED = "MKT"


class Templates:
    """The templates of a batch, and which of its texts fit them: a bulk text is compared once."""

    def __init__(self, known: Mapping[Key, UsableTemplate | None]) -> None:
        self._known = known
        self._fits: dict[tuple[Key, str], bool] = {}

    def find(self, key: Key) -> UsableTemplate | None:
        """The approved template of an account."""
        return self._known.get(key)

    def fits(self, key: Key, template: UsableTemplate, body: str) -> bool:
        """Whether a text is one of the template's forms."""
        question = (key, body)
        if question not in self._fits:
            self._fits[question] = matches(template.content, body, DLT_VALUE)
        return self._fits[question]


async def look_up(
    connection: Connection,
    batch: list[Submission],
    accounts: Mapping[int, AccountRules],
    facts: Facts,
) -> Templates:
    """The templates that the batch's messages name, where the rule binds."""
    keys = {
        (submission.account_id, str(submission.options["template_id"]))
        for submission in batch
        if submission.options.get("template_id")
        and (account := accounts.get(submission.account_id)) is not None
        and rule_of(account.country).registry
    }
    return Templates(await facts.look_up(connection, KIND, keys, usable) if keys else {})


def _is_bound(submission: Submission, account: AccountRules) -> bool:
    return submission.country == account.country and rule_of(account.country).registry


def settle_type(submission: Submission, account: AccountRules) -> None:
    """Where the rule binds, a text without a template id is marketing from here on. To be called before other checks."""
    if _is_bound(submission, account) and not submission.options.get("template_id"):
        submission.type = UNREGISTERED


def check(submission: Submission, account: AccountRules, templates: Templates) -> str | None:
    """TEMPLATE-NOT-FOUND or INV-TEMPLATE-MATCH; None when the text may go."""
    template_id = submission.options.get("template_id")
    if not template_id or not _is_bound(submission, account):
        return None
    key = (submission.account_id, str(template_id))
    template = templates.find(key)
    if template is None or (template.senders and submission.sender not in template.senders):
        return "TEMPLATE-NOT-FOUND"
    if (
        "concat" in submission.options
    ):  # a part that an SMPP client cut itself: the operator sees the whole text, not we
        return None
    return None if templates.fits(key, template, submission.body) else "INV-TEMPLATE-MATCH"
