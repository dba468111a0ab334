"""Screen: the checks between acceptance and price (sms.md 5, rows 3 to 14). Pure, over a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.messaging.rules import AccountRules, ChannelRules, measure_into
from strowger.messaging.schemas import Submission


def screen(
    batch: list[Submission], accounts: Mapping[int, AccountRules], rules: ChannelRules, known: Mapping[str, Any]
) -> tuple[list[Submission], list[tuple[Submission, str]]]:
    """Split a batch into what may go on and what is refused, with the trace of the refusal.

    ``known`` is what the channel's ``prepare`` looked up. What goes on is measured: country, units, length and encoding
    are filled in.
    """
    passed: list[Submission] = []
    refused: list[tuple[Submission, str]] = []
    for submission in batch:
        account = accounts.get(submission.account_id)
        measure_into(submission, rules)
        trace = _account_trace(account) if account is None or account.state not in ("active", "trial") else None
        if account is not None and trace is None:
            trace = rules.screen(submission, account, known)
        if trace is None:
            passed.append(submission)
        else:
            refused.append((submission, trace))
    return passed, refused


def _account_trace(account: AccountRules | None) -> str:
    return "ACCOUNT-SUSPENDED" if account is None or account.state == "suspended" else "KYC-NOT-APPROVED"
