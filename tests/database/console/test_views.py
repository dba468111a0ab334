"""Saved views belong to their user, or to the whole account."""

from __future__ import annotations

import pytest

from strowger.console import repository
from strowger.foundation.database import Database


@pytest.fixture
async def people(database: Database) -> tuple[int, int, int]:
    """Two users of account 1, one of account 2."""
    for account in (1, 2):
        await database.pool.execute(
            "INSERT INTO account (id, sid, name, country, currency) VALUES ($1, $2, 'A', 'GB', 'EUR')",
            account,
            f"HX{account}",
        )
    for user, account in ((1, 1), (2, 1), (3, 2)):
        await database.pool.execute(
            "INSERT INTO app_user (id, account_id, email, name, password_hash) VALUES ($1, $2, $3, 'U', 'x')",
            user, account, f"u{user}@example.com",
        )  # fmt: skip
    return 1, 2, 3


async def names(database: Database, account_id: int, user_id: int) -> list[str]:
    return [view.name for view in await repository.list_views(database, account_id, user_id, "messages")]


async def test_U21_own_and_shared_views(database: Database, people: tuple[int, int, int]) -> None:
    await repository.save_view(database, 1, 1, False, "messages", "Mine", "?q=1")
    await repository.save_view(database, 1, 1, True, "messages", "Ours", "?q=2")
    await repository.save_view(database, 1, 1, False, "other-list", "Else", "")
    assert await names(database, 1, 1) == ["Mine", "Ours"]
    assert await names(database, 1, 2) == ["Ours"]
    assert await names(database, 2, 3) == []


async def test_same_name_replaces(database: Database, people: tuple[int, int, int]) -> None:
    await repository.save_view(database, 1, 1, False, "messages", "Mine", "?q=1")
    await repository.save_view(database, 1, 1, False, "messages", "Mine", "?q=2")
    views = await repository.list_views(database, 1, 1, "messages")
    assert [view.query for view in views] == ["?q=2"]


async def test_R58_foreign_view_cannot_be_removed(database: Database, people: tuple[int, int, int]) -> None:
    await repository.save_view(database, 1, 1, False, "messages", "Mine", "")
    await repository.save_view(database, 1, 1, True, "messages", "Ours", "")
    views = {view.name: view.id for view in await repository.list_views(database, 1, 1, "messages")}
    assert not await repository.delete_view(database, 1, 2, views["Mine"])
    assert not await repository.delete_view(database, 2, 3, views["Ours"])
    assert await repository.delete_view(database, 1, 2, views["Ours"])
    assert await names(database, 1, 1) == ["Mine"]
