"""Price: rate each message and reserve its price in the ledger, so that an account can never be overdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg

from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission
from strowger.platform.billing.service import PriceList, reserve
from strowger.platform.gateway.services import has_service


async def price(
    connection: asyncpg.Connection[Any],
    batch: list[Submission],
    prices: PriceList,
    accounts: Mapping[int, AccountRules],
    channel: str,
    now: datetime,
) -> tuple[list[Submission], list[tuple[Submission, str]]]:
    """Reserve units x unit price for each message that has no reservation yet; the uncovered are refused
    NO-CREDITS or, by a daily cap, SPEND-CAP.

    A message that came back from a carrier keeps the reservation it has.
    """
    refused: list[tuple[Submission, str]] = []
    passed = [s for s in batch if s.price is not None]
    unpriced = []
    for submission in (s for s in batch if s.price is None):
        account = accounts.get(submission.account_id)
        rate = None
        if account is not None and has_service(account.settings, channel):
            rate = prices.find(
                channel, account.terms, submission.country, type_=submission.type, sender=submission.sender,
                network=submission.network, at=now,
            )  # fmt: skip
        if rate is None:
            refused.append((submission, "NOT-ALLOWED"))
        else:
            unpriced.append((submission, rate.total(submission.units)))
    if unpriced:
        reference = f"batch of {unpriced[0][0].request_id}"
        refusals = await reserve(
            connection, [(s.account_id, amount) for s, amount in unpriced], reference, now, channel
        )
        for (submission, amount), refusal in zip(unpriced, refusals, strict=True):
            if refusal is None:
                submission.price = amount
                passed.append(submission)
            else:
                refused.append((submission, refusal))
    return passed, refused
