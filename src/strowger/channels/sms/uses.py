"""What SMS asks of the floor above it: campaigns that need a sender ID or template, and what reports tell of campaigns.

Campaigns say it here when the processes are put together (``wiring.py``); nothing below knows their tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from strowger.foundation.database import Connection


class Campaigns(Protocol):
    """Campaigns by SMS, each asked of one account."""

    async def senders_used(self, connection: Connection, account_id: int, names: Sequence[str]) -> set[str]:
        """Those of the senders under which campaigns are still to send."""

    async def is_template_used(self, connection: Connection, account_id: int, template_id: str) -> bool:
        """Whether campaigns are still to send by a template."""

    async def launched(self, connection: Connection, account_id: int, names: Sequence[str]) -> Mapping[str, Any]:
        """Those of the names that are campaigns, with what their launch counted."""

    async def ids(self, connection: Connection, account_id: int) -> Mapping[str, str]:
        """Ids of campaigns by name."""


_campaigns: list[Campaigns] = []


def register_campaigns(campaigns: Campaigns) -> None:
    """Say where campaigns are asked for."""
    _campaigns[:] = [campaigns]


async def senders_used(connection: Connection, account_id: int, names: Sequence[str]) -> set[str]:
    """Those of the senders under which campaigns are still to send."""
    return {name for one in _campaigns for name in await one.senders_used(connection, account_id, names)}


async def is_template_used(connection: Connection, account_id: int, template_id: str) -> bool:
    """Whether campaigns are still to send by a template."""
    return any([await one.is_template_used(connection, account_id, template_id) for one in _campaigns])


async def launched_campaigns(connection: Connection, account_id: int, names: Sequence[str]) -> dict[str, Any]:
    """Those of the names that are campaigns, with what their launch counted."""
    return {
        name: row for one in _campaigns for name, row in (await one.launched(connection, account_id, names)).items()
    }


async def campaign_ids(connection: Connection, account_id: int) -> dict[str, str]:
    """Ids of an account's campaigns by name."""
    return {name: found for one in _campaigns for name, found in (await one.ids(connection, account_id)).items()}
