"""The low-balance alert in the API of notifications: an event, not a schedule (platform.md 12). It is kept with the wallet."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.platform.billing.repository import recharging
from strowger.platform.notifications import repository
from strowger.platform.notifications.service import LOW_BALANCE
from strowger.platform.reports.recipients import read_addresses
from strowger.platform.reports.schemas import ReportRefused

INVALID = "RBC2702"
FREQUENCY, TITLE, DETAIL = "event", "Low Balance Alert", "balance_below"
HIGHEST = Decimal(10**11)


async def read(context: Context, account_id: int) -> Mapping[str, Any] | None:
    """The alert of a prepaid account's wallet; None where there is none to be had."""
    async with context.database.acquire() as connection:
        wallet = await repository.low_balance(connection, account_id)
    return wallet if wallet is not None and wallet["kind"] == "prepaid" else None


def as_object(wallet: Mapping[str, Any]) -> dict[str, Any]:
    """The alert as the API shows notifications."""
    low_at = wallet["low_at"]
    return {
        "key": LOW_BALANCE, "title": TITLE, "enabled": low_at is not None, "recipients": list(wallet["alert_emails"]),
        "frequency": FREQUENCY, "frequencies": [FREQUENCY], "next_at": None,
        "params": {DETAIL: None if low_at is None else float(low_at)},
    }  # fmt: skip


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value)) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 <= amount < HIGHEST or amount != round(amount, 6):
        raise StrowgerError(INVALID, "An amount of zero or more", field=f"params.{DETAIL}")
    return amount


async def change(
    context: Context, account_id: int, wallet: Mapping[str, Any], enabled: bool | None, recipients: list[str] | None,
    details: Any,
) -> Mapping[str, Any]:  # fmt: skip
    """Change what is passed; returns the alert. Raises RBC2702."""
    if details is not None and (not isinstance(details, dict) or not set(details) <= {DETAIL}):
        raise StrowgerError(INVALID, f"An object of {DETAIL}", field="params")
    low_at = wallet["low_at"]
    if details and details.get(DETAIL) is not None:
        low_at = _amount(details[DETAIL])
    if enabled is False:
        low_at = None
    elif enabled and low_at is None:
        raise StrowgerError(INVALID, "Needed to switch it on", field=f"params.{DETAIL}")
    emails = wallet["alert_emails"] if recipients is None else recipients
    await context.database.run(lambda c: recharging.save_low_balance(c, account_id, low_at, emails))
    return {**wallet, "low_at": low_at, "alert_emails": emails}


def addresses(value: Any) -> list[str]:
    """Addresses of a list or of a text with commas. Raises RBC2702."""
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise StrowgerError(INVALID, "A list of addresses", field="recipients")
    try:
        return read_addresses(",".join(texts))
    except ReportRefused as problem:
        raise StrowgerError(INVALID, str(problem), field="recipients") from problem
