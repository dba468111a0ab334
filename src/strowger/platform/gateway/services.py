"""The services that a sub-account may be given one by one, and which paths belong to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strowger.foundation.errors import StrowgerError

SERVICES = {
    "sms": "SMS and Lookup",
    "whatsapp": "WhatsApp",
    "voice": "Voice",
    "email": "Email",
    "rcs": "RCS",
    "verify": "Verify",
    "url_shortener": "URL shortener",
}
# What prices are listed for and what appears in figures of use.
PRICED = {**SERVICES, "sms": "SMS", "lookup": "Lookup"}
_SERVICE_OF = {
    "messages": "sms", "sms": "sms", "lookup": "sms", "whatsapp": "whatsapp", "voice": "voice", "calls": "voice",
    "email": "email", "mail": "email", "rcs": "rcs", "verify": "verify", "url-shortener": "url_shortener",
}  # fmt: skip


def has_service(settings: Mapping[str, Any], service: str) -> bool:
    """Whether an account may use a service; without a list of its own it may use all."""
    granted = settings.get("channels")
    return granted is None or service in granted


def check_service(settings: Mapping[str, Any], tail: str) -> None:
    """Raise E403 when the path (after the SID) belongs to a service that the account was not given."""
    service = _SERVICE_OF.get(tail.partition("/")[0])
    if service is not None and not has_service(settings, service):
        raise StrowgerError("E403", f"The service {service} is not enabled for this sub-account", field="sid")
