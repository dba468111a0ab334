"""Reading what screening and routing need to know, for sets of accounts."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.foundation.database import Connection
from strowger.messaging.route import NumberPlan, RouteRule, RouteTable
from strowger.messaging.rules import AccountRules, SenderRule
from strowger.platform.accounts.states import STATE_OF_A

ACCOUNTS = f"""
SELECT a.id, a.country, {STATE_OF_A},
       a.settings, a.time_zone, a.sid, a.currency, a.parent_id, coalesce(w.margin, 0) AS margin
FROM account a LEFT JOIN account p ON p.id = a.parent_id LEFT JOIN wallet w ON w.account_id = a.id
WHERE a.id = ANY($1::bigint[])
"""  # noqa: S608
SENDERS = "SELECT account_id, sender, iso_code, status, entity_id FROM sender WHERE account_id = ANY($1::bigint[])"
ROUTES = """
SELECT r.carrier_id, r.country, r.type, r.sender, r.priority,
       coalesce((c.config ->> 'simulated')::boolean, false) AS simulated, r.network, r.prefix, r.weight, r.id
FROM route r JOIN carrier c ON c.id = r.carrier_id
WHERE r.active AND r.channel = $1 AND c.state <> 'removed'
"""
CARRIERS = """
SELECT c.id, c.state = 'active' AND EXISTS (
    SELECT FROM carrier_link l WHERE l.carrier_id = c.id AND l.state IN ('bound', 'throttled')
) AS up
FROM carrier c WHERE c.state <> 'removed'
"""


async def account_rules(connection: Connection, accounts: Sequence[int]) -> dict[int, AccountRules]:
    """Rules and senders of accounts."""
    ids = list(accounts)
    senders: dict[int, dict[str, tuple[SenderRule, ...]]] = {}
    for row in await connection.fetch(SENDERS, ids):
        own = senders.setdefault(row["account_id"], {})
        rule = SenderRule(row["iso_code"], row["status"], row["entity_id"])
        own[row["sender"]] = (*own.get(row["sender"], ()), rule)
    return {
        row["id"]: AccountRules(**row, senders=senders.get(row["id"], {}))
        for row in await connection.fetch(ACCOUNTS, ids)
    }


async def route_table(connection: Connection, channel: str, plan: NumberPlan | None = None) -> RouteTable:
    """The routes of a channel, the carriers that are up, and those that there are."""
    rules = [RouteRule(*row) for row in await connection.fetch(ROUTES, channel)]
    carriers = await connection.fetch(CARRIERS)
    up = [row["id"] for row in carriers if row["up"]]
    return RouteTable.of(rules, up, plan, [row["id"] for row in carriers])
