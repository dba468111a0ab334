"""Price: rate each message and reserve its price in the ledger, so that an account can never be overdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from strowger.messaging.schemas import Submission
from strowger.platform.billing.service import PriceList, reserve


async def price(
    connection: asyncpg.Connection[Any], batch: list[Submission], prices: PriceList, channel: str, now: datetime
) -> tuple[list[Submission], list[tuple[Submission, str]]]:
    """Reserve units x unit price for each message that has no reservation yet; the uncovered are refused NO-CREDITS.

    A message that came back from a carrier keeps the reservation it has.
    """
    refused: list[tuple[Submission, str]] = []
    passed = [s for s in batch if s.price is not None]
    unpriced = []
    for submission in (s for s in batch if s.price is None):
        unit = prices.unit_price(channel, submission.account_id, submission.country)
        if unit is None:
            refused.append((submission, "NOT-ALLOWED"))
        else:
            unpriced.append((submission, unit * submission.units))
    if unpriced:
        reference = f"batch of {unpriced[0][0].request_id}"
        covered = await reserve(connection, [(s.account_id, amount) for s, amount in unpriced], reference, now)
        for (submission, amount), fits in zip(unpriced, covered, strict=True):
            if fits:
                submission.price = amount
                passed.append(submission)
            else:
                refused.append((submission, "NO-CREDITS"))
    return passed, refused
