"""Whole numbers as people and programs write them."""

from __future__ import annotations

MAX_DIGITS = 19


def whole_of(value: object, least: int, most: int) -> int | None:
    """The number that an integer or a text of ASCII digits stands for, within bounds; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
            return None
        value = int(text)
    return value if type(value) is int and least <= value <= most else None
