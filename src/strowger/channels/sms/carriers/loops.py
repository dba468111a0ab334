"""Carriers that lead back to this installation: found by their address when they are set up, by our mark when they connect."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from strowger.foundation.origin import ORIGIN
from strowger.foundation.settings import Settings

__all__ = ["MARK_HEADER", "is_own_smpp", "is_own_url"]

MARK_HEADER = ORIGIN.decode()  # of each request of an HTTP carrier; our own API refuses it
ANY = {"", "0.0.0.0", "::"}  # noqa: S104 - compared with, not bound to


def _is_here(host: str, listening: str, settings: Settings) -> bool:
    """Whether a host names this machine, or the address on which we listen."""
    name = host.strip("[]").lower().rstrip(".")
    if name == listening.lower() or (name and name == urlsplit(settings.base_url).hostname):
        return True
    try:
        loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = name == "localhost" or name.endswith(".localhost") or name == socket.gethostname().lower()
    return loopback and (listening in ANY or _is_loopback(listening))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_own_smpp(host: str, port: int, settings: Settings) -> bool:
    """Whether an SMSC's address is that of our own SMPP server."""
    listening = settings.smpp_access_host or settings.http_host
    return port in (settings.smpp_client_port, settings.smpp_client_tls_port) and _is_here(host, listening, settings)


def is_own_url(url: str, settings: Settings) -> bool:
    """Whether a URL leads to our own API."""
    try:
        parts, own = urlsplit(url), urlsplit(settings.base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        own_port = own.port or (443 if own.scheme == "https" else 80)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (port == own_port and host == own.hostname) or (
        port == settings.http_port and _is_here(host, settings.http_host, settings)
    )
