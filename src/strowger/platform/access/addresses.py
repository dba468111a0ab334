"""From which addresses an account's people may sign in (console.md 5.9, IP Restriction)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from strowger.platform.accounts.errors import AccountProblem

KEY = "sign_in_addresses"
MAX_NETWORKS = 100


def read_addresses(text: str) -> list[dict[str, str]]:
    """Lines of an address or network (CIDR), each with an optional label after it. Raises AccountProblem."""
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        word, _, label = line.partition(" ")
        try:
            network = ipaddress.ip_network(word.rstrip(","), strict=False)
        except ValueError:
            raise AccountProblem(f"{word} is no IP address or network.") from None
        found[str(network)] = label.strip()[:80]
    if len(found) > MAX_NETWORKS:
        raise AccountProblem(f"List at most {MAX_NETWORKS} networks.")
    return [{"network": network, "label": label} for network, label in found.items()]


def is_inside(networks: list[dict[str, str]], ip: str | None) -> bool:
    """Whether an address is in one of the networks."""
    return is_within([item["network"] for item in networks], ip)


def is_within(networks: Iterable[str], ip: str | None) -> bool:
    """Whether an address is in one of the networks (CIDR)."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ipaddress.ip_network(network, strict=False) for network in networks)


def is_allowed(settings: Mapping[str, Any], ip: str | None) -> bool:
    """Whether an account with these settings lets an address in; everything, while its list is off."""
    rule = settings.get(KEY) or {}
    return not rule.get("on") or is_inside(rule.get("networks", []), ip)
