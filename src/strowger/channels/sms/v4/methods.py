"""The methods of v4: which there are, who may call them. Modules above this one register theirs here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strowger.channels.sms.v4 import groups, looking, reading, sending
from strowger.platform.gateway.operations import Call

Handler = Callable[[Call], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Method:
    """What answers a method, what a key with scopes must hold for it, and whether it runs under row security.

    Sends do not: they are on the path of a message, as those of the present API.
    """

    handler: Handler
    permission: str
    is_bound: bool = True


METHODS: dict[str, Method] = {
    "sms": Method(sending.sms, "messages.send", False),
    "sms.json": Method(sending.sms_json, "messages.send", False),
    "sms.xml": Method(sending.sms_xml, "messages.send", False),
    "sms.status": Method(reading.status, "messages.read", False),
    "sms.schedule": Method(reading.schedule, "messages.send", False),
    "sms.usagecredit": Method(reading.usage, "messages.read", False),
    "account.credits": Method(reading.balance, "billing.read", False),
    "lookup": Method(looking.lookup, "lookup.write"),
    "groups": Method(groups.groups, "messages.send", False),
    "optin": Method(groups.optin, "messages.send", False),
    "groups.add": Method(groups.add, "campaigns.write"),
    "groups.register": Method(groups.register, "campaigns.write"),
}


def register(name: str, handler: Handler, permission: str) -> None:
    """Let a method be called."""
    METHODS[name] = Method(handler, permission)
