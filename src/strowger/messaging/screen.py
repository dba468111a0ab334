"""Screen: the checks between acceptance and price (sms.md 5, rows 3 to 14). Pure, over a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from strowger.messaging.rules import AccountRules, ChannelRules, Hold, Local, Verdict, measure_into
from strowger.messaging.schemas import Submission


@dataclass(slots=True)
class Screened:
    """A batch by verdict: what goes on, what is refused with its trace, what waits, what stays on the host."""

    passed: list[Submission] = field(default_factory=list)
    refused: list[tuple[Submission, str]] = field(default_factory=list)
    held: list[tuple[Submission, Hold]] = field(default_factory=list)
    local: list[Submission] = field(default_factory=list)


def screen(
    batch: list[Submission], accounts: Mapping[int, AccountRules], rules: ChannelRules, known: Mapping[str, Any]
) -> Screened:
    """Split a batch by verdict. ``known`` is what the channel's ``prepare`` looked up.

    What goes on is measured: country, units, length and encoding are filled in.
    """
    screened = Screened()
    for submission in batch:
        measure_into(submission, rules)
        verdict = _verdict(submission, accounts.get(submission.account_id), rules, known)
        if verdict is None:
            screened.passed.append(submission)
        elif isinstance(verdict, str):
            screened.refused.append((submission, verdict))
        elif isinstance(verdict, Hold):
            screened.held.append((submission, verdict))
        elif isinstance(verdict, Local):
            screened.local.append(submission)
    return screened


def _verdict(
    submission: Submission, account: AccountRules | None, rules: ChannelRules, known: Mapping[str, Any]
) -> Verdict:
    if account is None or account.state == "suspended":
        return "ACCOUNT-SUSPENDED"
    if account.state not in ("active", "trial"):
        return "KYC-NOT-APPROVED"
    return rules.screen(submission, account, known)
