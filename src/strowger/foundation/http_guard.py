"""Which addresses outgoing requests may reach: decided on the very addresses that will be connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

import idna

from strowger.foundation.settings import AllowList

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str], Awaitable[Sequence[str]]]

PORTS = {"http": 80, "https": 443}
LOWEST_FREE_PORT = 1024
CACHE_SECONDS = 10.0
CACHE_SIZE = 4096
RESOLVERS = 16  # a slow name server must not hold up the names of others
RESOLVE_SECONDS = 5.0

# IANA's special-purpose registries (RFC 6890 and its updates), plus cloud metadata services on public addresses.
_REFUSED = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15
    198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
    ::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
"""
REFUSED_NETWORKS = tuple(ipaddress.ip_network(network) for network in _REFUSED.split())
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
NAT64 = ipaddress.ip_network("64:ff9b::/96")
REFUSED_NAMES = frozenset({"localhost", "metadata", "instance-data", "broadcasthost", "ip6-localhost", "ip6-loopback"})
REFUSED_ENDINGS = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".in-addr.arpa", ".ip6.arpa")

_URL = re.compile(r"(https?)://([^/?#\\\s]*)([/?][^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_PLAIN_TARGET = re.compile(r"/[!$-;=?-Z_a-z~]*")
_AUTHORITY = re.compile(r"(?:(?P<user>[^@]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]@]+)(?::(?P<port>\d{1,5}))?")
_NUMERIC = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")


class OutgoingError(Exception):
    """An outgoing request had no answer; the message tells why."""


class Refused(OutgoingError):
    """The guard does not let this request out."""


class HttpFailed(OutgoingError):
    """The receiver could not be reached or gave no usable answer. ``reason`` is a short ``snake_case`` word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class Origin(NamedTuple):
    """Where a URL leads: scheme, canonical host name or address, port, and the user info it carried, if any."""

    scheme: str
    host: str
    port: int
    user: str | None = None

    @property
    def header(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """Scheme, host and port in one spelling, without user info."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def read_url(url: str) -> tuple[Origin, str]:
    """Split an absolute http(s) URL into its origin and the request target, percent-encoding what must be.

    Raises Refused when it is none or its host cannot be a name or an address.
    """
    found = _URL.fullmatch(url.strip())
    if not found:
        raise Refused("The URL must be an absolute http or https URL")
    target = found[3] or "/"
    if not target.startswith("/"):
        target = "/" + target
    if not _PLAIN_TARGET.fullmatch(target):
        target = quote(target, safe="/?:@!$&'()*+,;=%-._~[]")
    return _read_origin(found[1].lower(), found[2]), target


@lru_cache(maxsize=4096)
def _read_origin(scheme: str, authority: str) -> Origin:
    found = _AUTHORITY.fullmatch(authority)
    if not found:
        raise Refused("The URL's host or port cannot be read")
    port = int(found["port"] or PORTS[scheme])
    if not 0 < port < 65536:
        raise Refused("The URL's port must be from 1 to 65535")
    user = unquote(found["user"]) if found["user"] else None
    return Origin(scheme, canonical_host(found["host"]), port, user)


def canonical_host(raw: str) -> str:
    """The host as it is connected to: a lower-case ASCII name, or an address in its one normal spelling.

    Decimal, octal, hexadecimal and short spellings of IPv4 are read as the C library does (inet_aton).
    Raises Refused when it is neither.
    """
    if raw.startswith("["):
        try:
            return str(ipaddress.IPv6Address(raw[1:-1]))
        except ValueError:
            raise Refused("The URL's host is no IPv6 address") from None
    host = unicodedata.normalize("NFKC", raw).lower().replace("\u3002", ".")
    host = host[:-1] if host.endswith(".") else host
    if _NUMERIC.fullmatch(host.rsplit(".", 1)[-1]):
        try:
            return str(ipaddress.IPv4Address(socket.inet_aton(host)))
        except OSError:
            raise Refused("The URL's host is no IPv4 address") from None
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            raise Refused("The URL's host is no valid name") from None
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise Refused("The URL's host is no valid name")
    return host


def embedded(address: Address) -> Address:
    """The IPv4 address to which a mapped, NAT64 or 6to4 address leads; any other address as it is."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Whether an address, and the one it leads to, is one of the public internet."""
    target = embedded(address)
    return not any(target in network for network in REFUSED_NETWORKS)


async def resolve_by_system(host: str) -> list[str]:
    """All addresses of a name, by the system's resolver. Raises OSError when it has none."""
    loop = asyncio.get_running_loop()
    infos = await loop.run_in_executor(_resolvers(), lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


@lru_cache(maxsize=1)
def _resolvers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(RESOLVERS, "resolver")


class Guard:
    """Turns an origin into the addresses that may be connected to, or refuses.

    ``allow`` names networks and hosts that pass although they are not public; ``allow_loopback`` lets loopback pass.
    """

    def __init__(self, allow: AllowList, allow_loopback: bool = False, resolve: Resolve = resolve_by_system) -> None:
        self._allow = allow
        self._allow_loopback = allow_loopback
        self._resolve = resolve
        self._cache: dict[tuple[str, int], tuple[float, list[str]]] = {}

    async def addresses(self, origin: Origin) -> list[str]:
        """The addresses of an origin, each of them checked; connect to these and to no other.

        Raises Refused when any of them must not be reached, HttpFailed when the name has none.
        """
        key = (origin.host, origin.port)
        cached = self._cache.get(key)
        if cached and cached[0] > time.monotonic():
            return cached[1]
        checked = await self._look_up(origin)
        if len(self._cache) >= CACHE_SIZE:
            self._cache.clear()
        self._cache[key] = (time.monotonic() + CACHE_SECONDS, checked)
        return checked

    async def _look_up(self, origin: Origin) -> list[str]:
        host, named = origin.host, origin.host in self._allow.hosts
        literal = _as_address(host)
        if literal is None and not named:
            self._check_name(host)
        found = [literal] if literal else await self._resolved(host)
        if not named:
            self._check_addresses(found, origin.port)
        return [str(address) for address in found]

    def _check_name(self, host: str) -> None:
        if host == "localhost" and self._allow_loopback:
            return
        if host in REFUSED_NAMES or host.endswith(REFUSED_ENDINGS):
            raise Refused(f"The name {host} leads to an internal service")

    async def _resolved(self, host: str) -> list[Address]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                texts = await self._resolve(host)
        except TimeoutError:
            raise HttpFailed("name_not_resolved", f"no answer for {host}") from None
        except (OSError, UnicodeError):
            texts = []
        found = [address for address in map(_as_address, texts) if address]
        if not found or len(found) != len(texts):
            raise HttpFailed("name_not_resolved", f"{host} has no address")
        return found

    def _check_addresses(self, found: Sequence[Address], port: int) -> None:
        free = all(self._is_allowed(address) for address in found)
        if port < LOWEST_FREE_PORT and port not in PORTS.values() and not free:
            raise Refused(f"Port {port} is reserved for other services; use 80, 443 or one from {LOWEST_FREE_PORT}")
        for address in found:
            if not (self._is_allowed(address) or self._is_loopback(address) or is_public(address)):
                raise Refused(f"The address {address} is not public")

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network or embedded(address) in network for network in self._allow.networks)

    def _is_loopback(self, address: Address) -> bool:
        target = embedded(address)
        return self._allow_loopback and any(target in network for network in LOOPBACK)


def _as_address(text: str) -> Address | None:
    """An address literal; one with a zone (``fe80::1%eth0``) is none."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None
