"""Price: rate each message and reserve its price in the ledger, so that an account can never be overdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from strowger.foundation.database import Connection
from strowger.messaging.rules import AccountRules
from strowger.messaging.schemas import Submission
from strowger.platform.billing.service import PriceList, foresee, reserve
from strowger.platform.gateway.services import has_service


async def price(
    connection: Connection,
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
    passed = [s for s in batch if s.price is not None]
    unpriced, refused = _rate([s for s in batch if s.price is None], prices, accounts, channel, now)
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


async def unaffordable(
    connection: Connection,
    batch: list[Submission],
    prices: PriceList,
    accounts: Mapping[int, AccountRules],
    channel: str,
    now: datetime,
) -> list[tuple[Submission, str]]:
    """Those that ``price`` would refuse if they came to it now, with their traces. Nothing is reserved."""
    unpriced, refused = _rate(batch, prices, accounts, channel, now)
    if unpriced:
        answers = await foresee(connection, [(s.account_id, amount) for s, amount in unpriced], now)
        refused += [(s, trace) for (s, _), trace in zip(unpriced, answers, strict=True) if trace is not None]
    return refused


def _rate(
    batch: list[Submission], prices: PriceList, accounts: Mapping[int, AccountRules], channel: str, now: datetime
) -> tuple[list[tuple[Submission, Decimal]], list[tuple[Submission, str]]]:
    """What each message costs; those that have no price are refused NOT-ALLOWED."""
    rated: list[tuple[Submission, Decimal]] = []
    refused: list[tuple[Submission, str]] = []
    for submission in batch:
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
            rated.append((submission, rate.total(submission.units)))
    return rated, refused
