"""The console's rooms of money: the account's own, and the operator's."""

from __future__ import annotations

from typing import Any

from strowger.platform.billing.pages import auto_recharge, crediting, operating, overview, preferences, pricing

pages: list[Any] = [
    *overview.pages,
    *crediting.pages,
    *auto_recharge.pages,
    *preferences.pages,
    *pricing.pages,
    *operating.pages,
]
