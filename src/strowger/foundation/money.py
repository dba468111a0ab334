"""Money: exact decimals with six places, never floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

PLACES = Decimal("0.000001")
ZERO = Decimal(0)
GROUPING = "\u202f"  # a narrow space at which no line breaks
GROUPED = 5  # digits from which an amount is hard to read in one piece


def money(value: Decimal | int | str) -> Decimal:
    """An amount with six decimal places, the precision of the ledger."""
    return Decimal(value).quantize(PLACES, ROUND_HALF_UP)


def format_money(value: Decimal, currency: str) -> str:
    """An amount for people: two places, more only where they are not zero; long ones in groups of three (U+202F between)."""
    text = f"{money(value):f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    if len(whole.lstrip("-")) >= GROUPED:
        whole = f"{int(whole):,}".replace(",", GROUPING)
    return f"{whole}.{fraction:0<2} {currency}"
