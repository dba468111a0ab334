"""Working in a sub-account: the visitor of a session that has entered one (console.md 5.12, "Login to Subaccount")."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from strowger.console.visitor import Visitor
from strowger.console.visits import AnyConnection, register_visitors
from strowger.foundation.context import Context
from strowger.platform.accounts import visitors
from strowger.platform.accounts.service import token_hash
from strowger.platform.subaccounts import repository

# What belongs to the person or to secrets stays closed: passwords, second factors, keys, members.
BARRED = (
    "/profile",
    "/developers/keys",
    "/callbacks/signing",
    "/settings/security",
    "/settings/team",
    "/team",
    "/security",
)
NEVER = ("installation.", "subaccounts.", "billing.write", "security.", "team.write", "team.transfer")


def as_subaccount(visitor: Visitor, account: dict[str, Any]) -> Visitor:
    """The visitor as they stand in a sub-account: its data and time zone, and no more rights than in their own."""
    allowed = frozenset(p for p in visitor.permissions if not p.startswith(NEVER))
    return replace(
        visitor,
        account_id=account["id"],
        sid=account["sid"],
        account_name=account["name"],
        country=account["country"],
        currency=account["currency"],
        time_zone=account["time_zone"],
        permissions=allowed,
        main_account=visitor.account_name,
        barred=BARRED,
        read_only=account["state"] == "suspended",
        image="",
    )


async def find(context: Context, connection: AnyConnection) -> Visitor | None:
    """The visitor of a connection; in the sub-account that the session has entered, if any."""
    visitor = await visitors.find(context, connection)
    if visitor is None or "subaccounts.write" not in visitor.permissions:
        return visitor
    digest = token_hash(visitor.session)
    row = await context.database.run(lambda c: repository.acting(c, digest, visitor.account_id))
    if row is None:
        return visitor
    return replace(as_subaccount(visitor, dict(row)), closed=await visitors.closed_for(context, row["id"]))


register_visitors(find)
