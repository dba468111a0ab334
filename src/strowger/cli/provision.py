"""Making an account with everything that it needs to send."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from strowger.channels.sms.senders.service import create_sender
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.notify import notify
from strowger.platform.accounts import keys
from strowger.platform.accounts import service as accounts
from strowger.platform.billing import repository as billing
from strowger.platform.billing.service import recharge

DEMO_UNIT_PRICE, DEMO_LOOKUP_PRICE = Decimal("0.01"), Decimal("0.004")


async def provision_account(
    context: Context,
    name: str,
    country: str,
    currency: str,
    credit: Decimal,
    senders: Sequence[str],
    time_zone: str = "UTC",
) -> dict[str, Any]:
    """Create account, wallet, opening credit, sender IDs and a first API key.

    Returns id, sid, name and api_key (its only showing). An installation without prices for SMS and lookups in the currency
    gets flat ones.
    """
    home_only = {"countries": {"default": "off", country.upper(): "on"}}  # further ones are switched on by hand
    account = await accounts.create_account(context, name, country, currency, time_zone=time_zone, settings=home_only)

    async def work(connection: Connection) -> None:
        await billing.open_wallet(connection, account.id, Decimal(0))
        if credit > 0:
            await recharge(connection, account.id, credit, "opening credit", context.clock.now())
        for i, sender in enumerate(senders):
            await create_sender(connection, account.id, sender, is_default=i == 0)
        listed = await billing.tariffs(connection)
        for channel, price in (("sms", DEMO_UNIT_PRICE), ("lookup", DEMO_LOOKUP_PRICE)):
            if not any(
                r["channel"] == channel and r["account_id"] is None and r["currency"] == currency for r in listed
            ):
                await billing.add_tariff(connection, None, channel, None, currency, price)
        await notify(connection, "accounts")

    await context.database.run(work)
    made = await keys.create_key(context, account.id, "first key")
    return {"id": account.id, "sid": account.sid, "name": account.name, "api_key": made.key}
