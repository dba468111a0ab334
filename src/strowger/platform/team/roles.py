"""The permission matrix as data: what each role grants (console.md 5.7), read from permissions.json."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

OWNER, ADMIN = "owner", "admin"
EXPERTS = ("expert-read", "expert-write")


class _Role(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    text: str
    grants: list[str]


class _Matrix(msgspec.Struct, forbid_unknown_fields=True):
    permissions: dict[str, str]
    operator: list[str]
    roles: dict[str, _Role]


_MATRIX = msgspec.json.decode(Path(__file__).with_name("permissions.json").read_bytes(), type=_Matrix)
PERMISSIONS = dict(_MATRIX.permissions)
OPERATOR_ONLY = frozenset(_MATRIX.operator)


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its key, its name and sentence for people, the permissions it grants."""

    key: str
    name: str
    text: str
    grants: frozenset[str]


def expand(grants: Iterable[str]) -> frozenset[str]:
    """Permissions from patterns: ``*`` is all, ``area.*`` an area, a leading minus takes away. Raises KeyError."""
    found: set[str] = set()
    for grant in grants:
        pattern = grant.removeprefix("-")
        if pattern != "*" and not pattern.endswith(".*") and pattern not in PERMISSIONS:
            raise KeyError(pattern)
        head = pattern.removesuffix("*")
        fitting = {name for name in PERMISSIONS if name == pattern or (pattern.endswith("*") and name.startswith(head))}
        found = found - fitting if grant.startswith("-") else found | fitting
    return frozenset(found)


ROLES = {key: Role(key, role.name, role.text, expand(role.grants)) for key, role in _MATRIX.roles.items()}
NOTHING = Role("", "No role", "Grants nothing.", frozenset())


def effective(role: Role, operator: bool) -> frozenset[str]:
    """What a role grants in an account; what concerns the installation counts only in the operator's account."""
    return role.grants if operator else role.grants - OPERATOR_ONLY
