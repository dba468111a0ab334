"""Queries of saved views."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, or_, select

from strowger.console.models import SavedView
from strowger.foundation.database import Database


def _visible(account_id: int, user_id: int) -> ColumnElement[bool]:
    return (SavedView.account_id == account_id) & or_(SavedView.user_id.is_(None), SavedView.user_id == user_id)


async def list_views(database: Database, account_id: int, user_id: int, name: str) -> Sequence[SavedView]:
    """The views of a list that a user sees: their own and the account's, by name."""
    async with database.session() as session:
        wanted = select(SavedView).where(_visible(account_id, user_id), SavedView.list == name)
        return (await session.scalars(wanted.order_by(SavedView.name, SavedView.id))).all()


async def save_view(
    database: Database, account_id: int, user_id: int, shared: bool, list_name: str, name: str, query: str
) -> None:
    """Keep a view; one of the same name and owner is replaced."""
    owner = None if shared else user_id
    async with database.session() as session:
        await session.execute(
            delete(SavedView).where(
                SavedView.account_id == account_id,
                SavedView.list == list_name,
                SavedView.name == name,
                SavedView.user_id.is_not_distinct_from(owner),
            )
        )
        session.add(SavedView(account_id=account_id, user_id=owner, list=list_name, name=name, query=query))


async def delete_view(database: Database, account_id: int, user_id: int, view_id: int) -> bool:
    """Remove a view that the user sees; False when there is none."""
    async with database.session() as session:
        wanted = delete(SavedView).where(SavedView.id == view_id, _visible(account_id, user_id))
        return bool((await session.scalars(wanted.returning(SavedView.id))).all())
