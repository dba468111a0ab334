"""API keys: shown once, stored as a hash for look-up and sealed for reveal; rotated with an overlap (console.md 5.4)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from strowger.console.visitor import NUMBERS
from strowger.foundation.context import Context
from strowger.foundation.ids import new_api_key
from strowger.platform.accounts import repository
from strowger.platform.accounts.errors import AccountProblem, KeyNotActive, KeySeesMore, NoSuchKey
from strowger.platform.accounts.models import ApiKey
from strowger.platform.ip_configs.errors import NoSuchConfig

MAX_NETWORKS = 50
MAX_OVERLAP = timedelta(hours=168)
HINT = 4
PUT = 0  # in place of an IP configuration: the one that the main account put on the sub-account, if any
LIMIT_IT = "Choose at least one: your role does not see whole numbers, and a key without limits would."
SEES_MORE = "This key sees whole numbers, which your role does not: you can deactivate it, and nothing else."


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with its text for the only time it is shown unasked."""

    id: int
    key: str


def read_networks(text: str) -> list[str]:
    """IPv4 and IPv6 addresses and networks, separated by spaces, commas or lines. Raises AccountProblem."""
    found: list[str] = []
    for word in text.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise AccountProblem(f"{word} is no IP address or network.") from None
        single = network.num_addresses == 1
        found.append(str(network.network_address) if single else str(network))
    if len(found) > MAX_NETWORKS:
        raise AccountProblem(f"List at most {MAX_NETWORKS} addresses.")
    return list(dict.fromkeys(found))


def _bound(key_hash: bytes) -> str:
    return f"api_key:{key_hash.hex()}"


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as it is stored, with its text."""

    text: str
    digest: bytes
    sealed: bytes
    hint: str


def seal_key(context: Context) -> SealedKey:
    """A new key, for whoever stores it in a transaction of their own."""
    text = new_api_key()
    digest = hashlib.sha256(text.encode()).digest()
    return SealedKey(text, digest, context.secrets.seal(text, _bound(digest)), text[-HINT:])


def open_key(context: Context, digest: bytes, sealed: bytes) -> str:
    """The text of a stored key."""
    return context.secrets.open(sealed, _bound(digest)).decode()


def _make(
    context: Context, account_id: int, name: str, networks: Sequence[str], rate: int | None
) -> tuple[ApiKey, str]:
    key = seal_key(context)
    row = ApiKey(
        account_id=account_id,
        name=name,
        key_hash=key.digest,
        key_sealed=key.sealed,
        hint=key.hint,
        networks=list(networks),
        rate=rate,
        active=True,
        created_at=context.clock.now(),
    )
    return row, key.text


def sees_numbers(scopes: Sequence[str]) -> bool:
    """Whether a key with these scopes reads people's numbers whole, also where the account hides them."""
    return not scopes or NUMBERS in scopes


async def _key(session: AsyncSession, account_id: int, key_id: int, numbers: bool = True) -> ApiKey:
    """One key; with ``numbers`` false only one that sees none. Raises KeySeesMore, NoSuchKey."""
    found = await repository.key(session, account_id, key_id)
    if found is None:
        raise NoSuchKey("There is no such key.")
    if not numbers and sees_numbers(found.scopes):
        raise KeySeesMore(SEES_MORE)
    return found


async def _check_config(session: AsyncSession, account_id: int, config_id: int | None) -> int | None:
    """The IP configuration, when it is the account's own. Raises NoSuchConfig."""
    if config_id is None:
        return None
    if not await repository.owns_config(session, account_id, config_id):
        raise NoSuchConfig("There is no such IP configuration.")
    return config_id


async def _config_of_new(session: AsyncSession, account_id: int, asked: int | None) -> int | None:
    """The IP configuration of a new key. Raises NoSuchConfig."""
    put = await repository.config_put(session, account_id)
    if put is not None and (asked == PUT or not await repository.owns_config(session, account_id, put)):
        return put
    return None if asked == PUT else await _check_config(session, account_id, asked)


async def create_key(
    context: Context,
    account_id: int,
    name: str,
    *,
    networks: Sequence[str] = (),
    rate: int | None = None,
    scopes: Sequence[str] = (),
    created_by: int | None = None,
    ip_config_id: int | None = PUT,
    numbers: bool = True,
) -> NewKey:
    """Make an API key. ``networks`` (CIDR) limit where it may be used from; ``rate`` is its requests per second.

    ``scopes`` (permissions) limit what it may call; ``created_by`` is the member whose key it is; from the networks of
    ``ip_config_id`` it may be used, too. What the main account put on a sub-account counts in its place, where it is the main
    account's own; one of the sub-account is only what a key takes for which nothing else is said.
    ``numbers``: whoever makes it sees whole numbers; else the key may not either. Raises KeySeesMore, NoSuchConfig.
    """
    if not numbers and sees_numbers(scopes):
        raise KeySeesMore(LIMIT_IT)
    row, text = _make(context, account_id, name, networks, rate)
    row.scopes, row.created_by = list(scopes), created_by
    async with context.database.session() as session:
        row.ip_config_id = await _config_of_new(session, account_id, ip_config_id)
        session.add(row)
        await session.flush()
        await repository.tell_changed(session, account_id)
    return NewKey(row.id, text)


async def list_keys(context: Context, account_id: int) -> Sequence[ApiKey]:
    """The account's keys, the latest first."""
    async with context.database.session() as session:
        return await repository.list_keys(session, account_id)


async def get_key(context: Context, account_id: int, key_id: int) -> ApiKey:
    """One key. Raises NoSuchKey."""
    async with context.database.session() as session:
        return await _key(session, account_id, key_id)


async def change_key(
    context: Context,
    account_id: int,
    key_id: int,
    *,
    name: str,
    networks: Sequence[str],
    active: bool,
    ip_config_id: int | None = None,
    numbers: bool = True,
) -> None:
    """Rename, limit, switch off or on. It counts within a second. Raises KeySeesMore, NoSuchConfig, NoSuchKey.

    An IP configuration that the main account put on the key stays on it.
    """
    async with context.database.session() as session:
        row = await _key(session, account_id, key_id, numbers)
        mine = row.ip_config_id is None or await repository.owns_config(session, account_id, row.ip_config_id)
        if mine and row.ip_config_id != ip_config_id:
            row.ip_config_id = await _check_config(session, account_id, ip_config_id)
        row.name, row.networks, row.active = name, list(networks), active
        await repository.tell_changed(session, account_id)


async def set_active(context: Context, account_id: int, key_id: int, active: bool, numbers: bool = True) -> None:
    """Switch a key off (whoever may see less than it does may, too) or on. Raises KeySeesMore, NoSuchKey."""
    async with context.database.session() as session:
        row = await _key(session, account_id, key_id, numbers or not active)
        row.active = active
        await repository.tell_changed(session, account_id)


async def rotate_key(
    context: Context, account_id: int, key_id: int, overlap: timedelta, numbers: bool = True
) -> NewKey:
    """Make a key that takes over from another one, which stops after ``overlap`` (0 to 168 hours).

    Raises KeySeesMore, NoSuchKey, and KeyNotActive for one that is switched off or expired.
    """
    now = context.clock.now()
    async with context.database.session() as session:
        old = await _key(session, account_id, key_id, numbers)
        if not old.active or (old.expires_at is not None and old.expires_at <= now):
            raise KeyNotActive("Only an active key can be rotated.")
        ends = now + min(max(overlap, timedelta()), MAX_OVERLAP)
        old.expires_at = ends if old.expires_at is None else min(ends, old.expires_at)
        row, text = _make(context, account_id, old.name, old.networks, old.rate)
        row.scopes, row.created_by, row.ip_config_id = list(old.scopes), old.created_by, old.ip_config_id
        session.add(row)
        await session.flush()
        await repository.tell_changed(session, account_id)
    return NewKey(row.id, text)


async def reveal_key(context: Context, account_id: int, key_id: int, numbers: bool = True) -> str:
    """The text of a key; the caller has checked the user's password. Raises KeySeesMore, NoSuchKey."""
    async with context.database.session() as session:
        row = await _key(session, account_id, key_id, numbers)
    return context.secrets.open(row.key_sealed, _bound(row.key_hash)).decode()
