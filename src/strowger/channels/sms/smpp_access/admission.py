"""Admission: whether a bind is accepted. Passwords are argon2id; who guesses is shut out for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from strowger.channels.sms.smpp_access import repository
from strowger.channels.sms.smpp_access.clients import Client
from strowger.foundation.context import Context
from strowger.foundation.database import Connection
from strowger.foundation.errors import Unavailable
from strowger.foundation.logs import get_logger
from strowger.foundation.workers import live_worker_ids
from strowger.platform.accounts.passwords import verify_password
from strowger.platform.gateway.keys import OPEN_STATES
from strowger.protocols.smpp import Bind, status

log = get_logger(__name__)
GUESSES, SHUT_OUT_SECONDS = 5, 60.0
MAX_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Decision:
    """``status`` 0: accepted, with the client and the id of its bind."""

    status: int
    client: Client | None = None
    bind_id: int = 0


class Admission:
    """Decides about binds for one process; the number of binds is counted over all of them."""

    def __init__(self, context: Context, worker_id: int) -> None:
        self._context = context
        self._worker_id = worker_id
        self._guesses: dict[str, tuple[int, float]] = {}  # address: wrong passwords, until when they count

    async def decide(self, bind: Bind, mode: str, address: str, port: int, tls: bool) -> Decision:
        """Check system_id, password, address, state and number of binds, in this order; registers the bind."""
        if self._is_shut_out(address):
            return Decision(status.ESME_RBINDFAIL)
        try:
            async with self._context.database.acquire() as connection:
                row = await repository.find_user(connection, bind.system_id)
            fits = await verify_password(row["password_hash"] if row else None, bind.password)
            refused = self._refusal(row, fits, address)
            if row is None or refused:
                log.warning("smpp_bind_refused", system_id=bind.system_id, address=address, status=hex(refused))
                return Decision(refused)
            return await self._register(Client.of(row), mode, f"{address}:{port}", tls)
        except (Unavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            log.warning("smpp_bind_failed", problem=repr(problem))
            return Decision(status.ESME_RSYSERR)

    def _refusal(self, row: Any, fits: bool, address: str) -> int:
        if row is None or not fits:
            self._count_guess(address)
            return status.ESME_RINVSYSID if row is None else status.ESME_RINVPASWD
        self._guesses.pop(address, None)
        if not row["active"] or not Client.of(row).may_come_from(address):
            return status.ESME_RBINDFAIL
        return 0 if row["state"] in OPEN_STATES else status.STATUS_ACCOUNT_SUSPENDED

    async def _register(self, client: Client, mode: str, address: str, tls: bool) -> Decision:
        async def work(connection: Connection) -> int | None:
            live = [self._worker_id, *await live_worker_ids(connection)]
            return await repository.add_bind(
                connection, client.account_id, client.user_id, client.max_binds, live, self._worker_id, mode, address,
                tls, self._context.clock.now(),
            )  # fmt: skip

        bind_id = await self._context.database.run(work)
        return Decision(status.ESME_RBINDFAIL) if bind_id is None else Decision(0, client, bind_id)

    def _is_shut_out(self, address: str) -> bool:
        count, until = self._guesses.get(address, (0, 0.0))
        return count >= GUESSES and self._context.clock.monotonic() < until

    def _count_guess(self, address: str) -> None:
        now = self._context.clock.monotonic()
        count, until = self._guesses.pop(address, (0, 0.0))
        if len(self._guesses) >= MAX_REMEMBERED:
            self._guesses.pop(next(iter(self._guesses)))
        self._guesses[address] = (count + 1 if now < until else 1, now + SHUT_OUT_SECONDS)
