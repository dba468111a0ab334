"""The console's rooms of sub-accounts."""

from __future__ import annotations

from typing import Any

from strowger.platform.subaccounts import visitors
from strowger.platform.subaccounts.pages import entering, listing, managing, spending

__all__ = ["pages", "visitors"]
pages: list[Any] = [*listing.pages, *managing.pages, *entering.pages, *spending.pages]
