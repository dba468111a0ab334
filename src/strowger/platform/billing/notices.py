"""What accounts are told about their money, in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from strowger.foundation.money import format_money

TONES = {
    "day80": "warning",
    "day100": "danger",
    "low": "warning",
    "limit75": "warning",
    "limit100": "danger",
    "month100": "danger",
    "auto_paid": "success",
    "auto_limit": "warning",
    "auto_failed": "danger",
    "auto_off": "danger",
}
WORDS = {
    "day80": "80 % of the daily spend cap of {limit} is spent",
    "day100": "The daily spend cap of {limit} is spent; sending stops until tomorrow",
    "low": "The balance fell under {limit}",
    "limit75": "75 % of the limit of {limit} is used",
    "limit100": "The limit of {limit} is used up; sending stops",
    "month100": "The monthly limit of {limit} is used up; sending stops until next month",
    "auto_paid": "{limit} were added by auto-recharge",
    "auto_limit": "Auto-recharge has reached its limit of {limit} for this month",
    "auto_failed": "Auto-recharge of {limit} failed and is tried again in six hours: {why}",
    "auto_off": "Auto-recharge of {limit} failed three times and is switched off: {why}",
}  # fmt: skip


def notice_text(kind: str, detail: Mapping[str, Any]) -> str:
    """A notice in words."""
    limit = format_money(Decimal(str(detail.get("limit", 0))), str(detail.get("currency", "")))
    return WORDS.get(kind, kind).format(limit=limit, why=detail.get("why", ""))
