"""SMPP users of an account: create, change, rotate the password, switch off, remove."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from strowger.channels.sms.smpp_access import repository
from strowger.channels.sms.smpp_access.models import SmppUser
from strowger.foundation.context import Context
from strowger.foundation.errors import StrowgerError
from strowger.foundation.settings import Settings
from strowger.foundation.workers import live_worker_ids
from strowger.platform.accounts.passwords import hash_password

SYSTEM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,14}", re.ASCII)
PASSWORD_LETTERS = 8  # SMPP 3.4 section 5.2.2 has room for no more, and some clients keep to it
MAX_BINDS, MAX_WINDOW, MAX_TPS, MAX_LABEL = 64, 1000, 100_000, 80
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a user may do: binds at once, unanswered submits per bind, submits per second and bind (0: no limit)."""

    max_binds: int = 4
    window: int = 10
    tps: int = 50


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user with its password, for the only time that it is shown."""

    id: int
    system_id: str
    password: str


@dataclass(frozen=True, slots=True)
class LiveUser:
    """A user with its binds as they are now, and what waits to be delivered to it."""

    user: SmppUser
    binds: list[Any]
    waiting: int
    oldest_ends: datetime | None


def new_password() -> str:
    """Eight random letters and digits: 47 bits, and whoever guesses is shut out for a while."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(PASSWORD_LETTERS))


def check_limits(limits: Limits) -> None:
    """Raises StrowgerError naming the field that is out of range."""
    ranges = {
        "max_binds": (limits.max_binds, 1, MAX_BINDS),
        "window": (limits.window, 1, MAX_WINDOW),
        "tps": (limits.tps, 0, MAX_TPS),
    }
    for field, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise StrowgerError("SMPP", f"Must be {low} to {high}", field=field)


async def create_user(
    context: Context,
    account_id: int,
    system_id: str,
    *,
    label: str = "",
    networks: Sequence[str] = (),
    limits: Limits = Limits(),
) -> NewUser:
    """Make a user. Raises StrowgerError naming ``system_id`` (form, or taken by somebody), ``label`` or a limit."""
    if not SYSTEM_ID.fullmatch(system_id):
        raise StrowgerError("SMPP", "Use 3 to 15 letters, digits, dots, dashes and underscores", field="system_id")
    if len(label) > MAX_LABEL:
        raise StrowgerError("SMPP", f"At most {MAX_LABEL} characters", field="label")
    check_limits(limits)
    password = new_password()
    row = SmppUser(
        account_id=account_id,
        system_id=system_id,
        password_hash=await hash_password(password),
        label=label,
        networks=list(networks),
        max_binds=limits.max_binds,
        window_size=limits.window,
        tps=limits.tps,
        active=True,
        created_at=context.clock.now(),
    )
    try:
        async with context.database.session() as session:
            session.add(row)
            await session.flush()
    except IntegrityError:
        raise StrowgerError("SMPP", "This system ID is taken; choose another", field="system_id") from None
    return NewUser(row.id, system_id, password)


async def list_users(context: Context, account_id: int) -> Sequence[SmppUser]:
    """The account's users, by system_id."""
    async with context.database.session() as session:
        return await repository.list_users(session, account_id)


async def live_users(context: Context, account_id: int) -> list[LiveUser]:
    """The account's users with their binds and queues."""
    users = await list_users(context, account_id)
    async with context.database.pool.acquire(timeout=5) as connection:
        live = await live_worker_ids(connection)
        binds = await repository.binds(connection, account_id, live)
        waiting = await repository.waiting(connection, account_id, COUNTED)
    return [
        LiveUser(user, [b for b in binds if b["user_id"] == user.id], *waiting.get(user.id, (0, None)))
        for user in users
    ]


async def _user(session: AsyncSession, account_id: int, user_id: int) -> SmppUser:
    found = await repository.get_user(session, account_id, SmppUser.id == user_id)
    if found is None:
        raise StrowgerError("SMPP", "There is no such SMPP user", field="system_id", status=404)
    return found


async def get_user(context: Context, account_id: int, user_id: int) -> SmppUser:
    """One user. Raises StrowgerError (status 404)."""
    async with context.database.session() as session:
        return await _user(session, account_id, user_id)


async def find_user(context: Context, account_id: int, system_id: str) -> SmppUser:
    """One user by its system_id. Raises StrowgerError (status 404)."""
    async with context.database.session() as session:
        found = await repository.get_user(session, account_id, SmppUser.system_id == system_id)
    if found is None:
        raise StrowgerError("SMPP", f"The account has no SMPP user {system_id}", field="system_id", status=404)
    return found


async def change_user(
    context: Context, account_id: int, user_id: int, *, label: str, networks: Sequence[str], limits: Limits
) -> None:
    """Rename and limit; binds that stand follow within a second. Raises StrowgerError."""
    check_limits(limits)
    async with context.database.session() as session:
        row = await _user(session, account_id, user_id)
        row.label, row.networks = label, list(networks)
        row.max_binds, row.window_size, row.tps = limits.max_binds, limits.window, limits.tps
        await repository.tell_changed(session, user_id)


async def set_active(context: Context, account_id: int, user_id: int, active: bool) -> None:
    """Switch off (its binds end) or on. Raises StrowgerError (status 404)."""
    async with context.database.session() as session:
        row = await _user(session, account_id, user_id)
        row.active = active
        await repository.tell_changed(session, user_id)


async def rotate_password(context: Context, account_id: int, user_id: int) -> NewUser:
    """Give a new password; binds made with the old one end. Raises StrowgerError (status 404)."""
    password = new_password()
    digest = await hash_password(password)
    async with context.database.session() as session:
        row = await _user(session, account_id, user_id)
        row.password_hash = digest
        await repository.tell_changed(session, user_id)
        return NewUser(user_id, row.system_id, password)


async def remove_user(context: Context, account_id: int, user_id: int) -> None:
    """Remove a user: its binds end and what waited for it is dropped. Raises StrowgerError (status 404)."""
    async with context.database.session() as session:
        await _user(session, account_id, user_id)
        await repository.remove_user(session, account_id, user_id)
        await repository.tell_changed(session, user_id)


def address_of(settings: Settings) -> tuple[str, int, int]:
    """Host, port and TLS port at which clients reach this installation."""
    return urlsplit(settings.base_url).hostname or "localhost", settings.smpp_client_port, settings.smpp_client_tls_port
