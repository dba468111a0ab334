"""What every process builds once and hands to its parts."""

from __future__ import annotations

from dataclasses import dataclass

from strowger.foundation.clock import Clock
from strowger.foundation.crypto import SecretBox, load_keys
from strowger.foundation.database import Database
from strowger.foundation.http_client import GuardedClient
from strowger.foundation.settings import Settings


@dataclass(slots=True)
class Context:
    """Settings, clock, database, secrets and the outgoing HTTP client of one process."""

    settings: Settings
    clock: Clock
    database: Database
    secrets: SecretBox
    http: GuardedClient


def build_context(settings: Settings, clock: Clock | None = None) -> Context:
    """The context of a process; the database is still to be opened."""
    return Context(
        settings=settings,
        clock=clock or Clock(),
        database=Database(settings.database_url, settings.database_pool),
        secrets=SecretBox(load_keys(settings)),
        http=GuardedClient(settings.allowed_networks, allow_loopback=settings.simulators),
    )
