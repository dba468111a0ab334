"""Roles that an account defined itself, beside those of the matrix."""

from __future__ import annotations

from collections.abc import Sequence

from strowger.foundation.context import Context
from strowger.platform.team import repository
from strowger.platform.team.models import CustomRole
from strowger.platform.team.roles import NOTHING, OPERATOR_ONLY, PERMISSIONS, ROLES, Role

PREFIX = "custom:"
NEVER = OPERATOR_ONLY | {"security.factor", "team.write", "team.transfer"}  # what only the house's own roles may hold


def key_of(role_id: int) -> str:
    """The key that users of a custom role carry."""
    return f"{PREFIX}{role_id}"


def as_role(row: CustomRole) -> Role:
    """A custom role in the shape of the others; permissions that no longer exist count for nothing."""
    grants = frozenset(row.grants) & PERMISSIONS.keys() - NEVER
    return Role(key_of(row.id), row.name, f"{len(grants)} permissions", grants)


async def find_role(context: Context, account_id: int, key: str) -> Role:
    """The role of a key in an account; one that grants nothing for an unknown key."""
    if key in ROLES:
        return ROLES[key]
    number = key.removeprefix(PREFIX)
    if not (key.startswith(PREFIX) and number.isdecimal()):
        return NOTHING
    async with context.database.session() as session:
        row = await repository.custom_role(session, account_id, int(number))
    return as_role(row) if row else NOTHING


async def list_roles(context: Context, account_id: int) -> Sequence[CustomRole]:
    """The roles that an account defined."""
    async with context.database.session() as session:
        return await repository.custom_roles(session, account_id)
