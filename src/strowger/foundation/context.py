"""What every process builds once and hands to its parts."""

from __future__ import annotations

from dataclasses import dataclass

from strowger.foundation.clock import Clock
from strowger.foundation.crypto import SecretBox
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
