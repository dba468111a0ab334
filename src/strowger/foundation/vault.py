"""Every place where a sealed value is stored, and moving them all to the newest key while everything runs (R-85).

A new sealed column is listed here, or in ``PASSING``; a test compares the list with the models.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from strowger.foundation.crypto import SealBroken, SecretBox
from strowger.foundation.database import Connection, Database

BATCH = 200
MARK = 5  # bytes that tell which key sealed a value
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column with sealed values: the key of its table, and what each value is bound to.

    ``inside``: the column is JSON and holds the value as base64 under this name.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    bound: Callable[[Row], str]
    inside: str = ""


def _profile(row: Row) -> str:
    return f"callback_profile:{row['account_id']}:{row['id']}"


def _target(row: Row) -> str:
    return f"callback_target:{row['account_id']}"


def _signing(row: Row) -> str:
    return f"callback:{row['account_id']}"


PLACES: tuple[Sealed, ...] = (
    Sealed("api_key", "key_sealed", ("id", "key_hash"), lambda r: f"api_key:{r['key_hash'].hex()}"),
    Sealed("app_user", "totp_sealed", ("id",), lambda r: f"totp:{r['id']}"),
    Sealed("carrier", "secret_sealed", ("id", "name"), lambda r: f"carrier:{r['name']}"),
    Sealed("carrier", "hook_sealed", ("id", "name"), lambda r: f"carrier-hook:{r['name']}"),
    Sealed("identity_provider", "secret_sealed", ("account_id",), lambda r: f"identity_provider:{r['account_id']}"),
    Sealed("carrier", "signing_sealed", ("id", "name"), lambda r: f"carrier-signing:{r['name']}"),
    Sealed("lookup_provider", "secret", ("id", "name"), lambda r: f"lookup_provider:{r['name']}"),
    Sealed("payment_method", "secret", ("name",), lambda r: f"payment_method:{r['name']}"),
    Sealed("auto_recharge", "stored", ("account_id",), lambda r: f"auto_recharge:{r['account_id']}"),
    Sealed("callback_secret", "secret_sealed", ("account_id",), _signing),
    Sealed("callback_secret", "previous_sealed", ("account_id",), _signing),
    *(
        Sealed("callback_profile", column, ("id", "account_id"), _profile)
        for column in ("headers_sealed", "auth_sealed", "enc_sealed", "secret_sealed", "secret_previous_sealed")
    ),
    Sealed("data_export", "subject_sealed", ("id",), lambda r: f"data_export:{r['id']}"),
    Sealed("flow", "token_sealed", ("account_id", "id"), lambda r: f"flow:{r['account_id']}:{r['id']}"),
    Sealed("flow_secret", "value_sealed", ("account_id", "flow_id", "id"), lambda r: f"flow_secret:{r['account_id']}:{r['id']}"),
    Sealed("erasure", "subject_sealed", ("id",), lambda r: f"erasure:{r['id']}"),
    Sealed("mail", "sealed", ("id",), lambda r: f"mail:{r['id']}"),
    Sealed(
        "stored_piece", "sealed", ("account_id", "file_id", "n"),
        lambda r: f"stored_piece:{r['account_id']}:{r['file_id']}:{r['n']}",
    ),
    Sealed("number", "callback", ("id", "account_id"), _target, "sealed"),
    Sealed("short_link", "callback", ("id", "account_id"), _target, "sealed"),
    Sealed("message", "callback", ("account_id", "request_id", "n"), _target, "sealed"),
    Sealed("callback", "target", ("id", "account_id"), _target, "sealed"),
)  # fmt: skip
# Sealed values that live for hours at most, or that hold nothing worth moving.
PASSING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Progress:
    """What a rotation did at one place: values moved, and values that no key opens."""

    place: Sealed
    moved: int = 0
    broken: int = 0


@dataclass(slots=True)
class Standing:
    """How many values each place holds under the newest key and under others."""

    current: dict[str, int] = field(default_factory=dict)
    older: dict[str, int] = field(default_factory=dict)


def _value(place: Sealed) -> str:
    return f"decode({place.column} ->> '{place.inside}', 'base64')" if place.inside else place.column


def _waiting(place: Sealed, by_key: bool = False) -> str:
    """Rows sealed by another key than the newest ($1 is how its values begin), after a place in the order of the key."""
    keys = ", ".join(place.keys)
    later = ", ".join(f"${n}" for n in range(2, 2 + len(place.keys)))
    condition = f" AND ({keys}) > ({later})" if by_key else ""
    return (
        f"SELECT {keys}, {place.column} AS stored, {_value(place)} AS sealed FROM {place.table}"  # noqa: S608
        f" WHERE length({_value(place)}) > 0 AND substr({_value(place)}, 1, {MARK}) <> $1"
        f"{condition} ORDER BY {keys} LIMIT {BATCH}"
    )


async def standing(database: Database, box: SecretBox) -> Standing:
    """Count the sealed values, by place."""
    found = Standing()
    for place in PLACES:
        name = f"{place.table}.{place.column}"
        row = await database.pool.fetchrow(
            f"SELECT count(*) FILTER (WHERE substr({_value(place)}, 1, {MARK}) = $1) AS current, count(*) AS every"  # noqa: S608
            f" FROM {place.table} WHERE length({_value(place)}) > 0",
            box.heading,
            timeout=600,
        )
        assert row is not None
        found.current[name], found.older[name] = row["current"], row["every"] - row["current"]
    return found


async def rotate(database: Database, box: SecretBox) -> AsyncIterator[Progress]:
    """Seal every value that another key sealed under the newest one, place by place.

    May be stopped at any time and started again: it looks for what is left. A value that somebody changes meanwhile is left
    alone; it was sealed by the newest key then.
    """
    for place in PLACES:
        progress = Progress(place)
        last: tuple[Any, ...] | None = None
        while True:
            rows = await database.run(lambda c, place=place, last=last: _read(c, place, box, last))  # type: ignore[misc]
            if not rows:
                break
            last = tuple(rows[-1][key] for key in place.keys)
            fresh = []
            for row in rows:
                try:
                    fresh.append((dict(row), box.reseal(row["sealed"], place.bound(dict(row)))))
                except SealBroken:
                    progress.broken += 1
            progress.moved += await database.run(lambda c, place=place, fresh=fresh: _write(c, place, fresh))  # type: ignore[misc]
        yield progress


async def _read(
    connection: Connection, place: Sealed, box: SecretBox, last: tuple[Any, ...] | None
) -> list[asyncpg.Record]:
    return await connection.fetch(_waiting(place, last is not None), box.heading, *(last or ()), timeout=600)


async def _write(connection: Connection, place: Sealed, fresh: list[tuple[Row, bytes]]) -> int:
    count = 0
    where = " AND ".join(f"{key} = ${n}" for n, key in enumerate(place.keys, 3))
    for row, sealed in fresh:
        value = {**row["stored"], place.inside: base64.b64encode(sealed).decode()} if place.inside else sealed
        done = await connection.execute(
            f"UPDATE {place.table} SET {place.column} = $1 WHERE {place.column} = $2 AND {where}",  # noqa: S608
            value, row["stored"], *(row[key] for key in place.keys),
        )  # fmt: skip
        count += int(done.rsplit(" ", 1)[-1])
    return count
