"""Recording consent, and opting out and in by word (platform.md 10.1, sms.md 11.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.platform.consent import repository
from strowger.platform.consent.repository import Pair
from strowger.platform.consent.schemas import OPT_IN, OPT_OUT, Statement

EVERYTHING = "*"


async def record(connection: Connection, statement: Statement, now: datetime) -> bool:
    """Record one statement; False when a newer one stands already (it is kept in the history)."""
    first = await repository.is_empty(connection, statement.account_id)
    (applied,) = await repository.state(connection, [statement], now)
    if first:
        await notify(connection, "accounts", str(statement.account_id))
    return applied


async def opt_out(
    connection: Connection,
    pairs: Sequence[tuple[int, str, str, str]],
    channel: str,
    everywhere: frozenset[int],
    now: datetime,
) -> set[Pair]:
    """Opt out (account, address, sender, message id); returns whom it was new to, by account, address and sender.

    For the accounts of ``everywhere`` it holds for all their senders.
    """
    scoped = {
        (account, address, EVERYTHING if account in everywhere else sender): (account, address, sender)
        for account, address, sender, _ in pairs
    }
    made = await repository.opt_out(connection, channel, list(scoped), "keyword", now)
    await _state(connection, pairs, channel, OPT_OUT, now)
    for account in {account for account, _, _ in made}:
        await notify(connection, "accounts", str(account))
    return {scoped[key] for key in made}


async def opt_in(
    connection: Connection, pairs: Sequence[tuple[int, str, str, str]], channel: str, now: datetime
) -> set[Pair]:
    """Take opt-outs of (account, address, sender, message id) back; returns whom it concerned."""
    ended = await repository.opt_in(
        connection, channel, [(account, address, sender) for account, address, sender, _ in pairs]
    )
    await _state(connection, pairs, channel, OPT_IN, now)
    return ended


async def _state(
    connection: Connection, pairs: Sequence[tuple[int, str, str, str]], channel: str, status: int, now: datetime
) -> None:
    newest = {(account, address, sender): message for account, address, sender, message in pairs}
    statements = [
        Statement(account, channel, sender, address, status, "keyword", now, inbound=message)
        for (account, address, sender), message in newest.items()
    ]
    if statements:
        await repository.state(connection, statements, now)
