"""An account with an owner, and a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from strowger.foundation.clock import FrozenClock
from strowger.foundation.context import Context, build_context
from strowger.foundation.settings import Settings
from strowger.platform.accounts import service
from strowger.platform.accounts.models import Account, User

EMAIL, PASSWORD = "ada@example.com", "Correct-Horse-9"


@dataclass(slots=True)
class People:
    context: Context
    clock: FrozenClock
    account: Account
    user: User


@pytest.fixture
async def people(database_url: str, tmp_path: Path) -> AsyncIterator[People]:
    clock = FrozenClock()
    context = build_context(Settings(data_dir=tmp_path, database_url=database_url, secret_key="00" * 32), clock)
    await context.database.open()
    account = await service.create_account(context, "Ada Ltd", "GB", "EUR")
    user = await service.create_user(context, account.id, EMAIL, "Ada", PASSWORD)
    yield People(context, clock, account, user)
    await context.http.close()
    await context.database.close()
