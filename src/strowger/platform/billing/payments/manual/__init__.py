"""Bank transfer: the recharge waits until the operator has seen the money and confirms it."""

from __future__ import annotations

from strowger.foundation.http_client import GuardedClient
from strowger.platform.billing.payments.kind import Config, ConfigField, MethodKind, Order, Started


async def _start(_client: GuardedClient, _config: Config, _order: Order) -> Started:
    return Started(None)


METHOD = MethodKind(
    "manual",
    "Bank transfer",
    "You transfer the total and name the reference; the credit is there when the operator has confirmed it.",
    _start,
    (
        ConfigField(
            "instructions",
            "Where to transfer",
            required=False,
            help="Shown to customers: account holder, IBAN or account number, bank.",
        ),
    ),
    order=1,
)
