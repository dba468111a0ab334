"""What every page shows around its content: menu, account, balance, breadcrumb."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strowger.console import menu
from strowger.console.visitor import Visitor
from strowger.foundation.context import Context
from strowger.foundation.logs import get_logger

BALANCE_SECONDS = 0.5
log = get_logger(__name__)
Balance = Callable[[Context, int], Awaitable[str]]
_balance: list[Balance] = []


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last one has no path."""

    label: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A button in the page's header. ``primary`` is the one thing that the page is for; ``key`` a keyboard letter."""

    label: str
    path: str
    icon: str = ""
    primary: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that stands above every page until the user posts to ``dismiss``. Tones: info, success, warning, danger."""

    dismiss: str
    title: str
    text: str
    tone: str = "info"
    link: str = ""


Notices = Callable[[Context, Visitor], Awaitable[list[Notice]]]
_notices: list[Notices] = []


def register_notices(notices: Notices) -> None:
    """Say what stands above the pages of a visitor: ``await notices(context, visitor)``."""
    _notices[:] = [notices]


async def _notices_of(context: Context, visitor: Visitor) -> list[Notice]:
    try:
        return await _notices[0](context, visitor) if _notices else []
    except Exception as problem:  # as with the balance
        log.warning("notices cannot be shown", error=repr(problem))
        return []


def register_balance(balance: Balance) -> None:
    """Say how the top bar learns an account's balance: ``await balance(context, account_id)`` gives the text to show."""
    _balance[:] = [balance]


async def balance_text(context: Context, account_id: int) -> str:
    """The balance for the top bar; empty when nothing can tell it in time."""
    if not _balance:
        return ""
    try:
        return await asyncio.wait_for(_balance[0](context, account_id), BALANCE_SECONDS)
    except Exception as problem:  # a page never fails for its decoration
        log.warning("the balance cannot be shown", error=repr(problem))
        return ""


async def shell(context: Context, visitor: Visitor | None, path: str) -> dict[str, Any]:
    """The layout's own template variables."""
    if visitor is None:
        return {"menu_groups": [], "menu_current": None, "balance": "", "notices": []}
    return {
        "menu_groups": menu.groups(visitor),
        "menu_current": menu.current(path),
        "balance": await balance_text(context, visitor.account_id) if _sees_money(visitor) else "",
        "notices": await _notices_of(context, visitor),
    }


def _sees_money(visitor: Visitor) -> bool:
    return visitor.may("billing.read") or visitor.may("usage.read")


def crumbs_of(path: str, title: str, given: list[Crumb] | None) -> list[Crumb]:
    """The breadcrumb: what the page says, or menu group, menu entry and title."""
    if given is not None:
        return [*given, Crumb(title)]
    entry = menu.current(path)
    if entry is None:
        return [Crumb(title)]
    head = [Crumb(entry.group)] if entry.group else []
    return [*head, Crumb(title)] if entry.label == title else [*head, Crumb(entry.label, entry.path), Crumb(title)]
