"""Statements that go over every table of an account: they are made from the catalog, so that a new table is never left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from strowger.foundation.database import Connection

CATALOG = """
SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, NULL) AS type,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)) AS key
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND (c.relname = 'account' OR EXISTS (
      SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'account_id' AND NOT t.attisdropped))
ORDER BY c.relname, a.attnum
"""
TEXTS, JSONS, LISTS = frozenset({"text", "character varying"}), frozenset({"json", "jsonb"}), frozenset({"text[]"})
# The account's own things, which are nobody's personal data, and records that must stay whole.
KEPT = frozenset({
    "account", "account_id", "api_key", "app_user", "audit_entry", "custom_role", "data_export", "erasure", "invoice", "ip_config",
    "ledger_entry", "number", "number_share", "opt_in_declaration", "recharge", "retention", "sender", "smpp_user", "tariff",
    "wallet",
})  # fmt: skip
# Columns outside of a key by which a row is the person's.
OWN = {"mail": ("recipient",), "contact": ("email",), "contact_import_row": ("mobile", "email")}
# What leaves no export: hashes and sealed values.
CLOSED = ("hash", "sealed", "secret", "csrf", "token")
ERASED, ERASED_JSON = "erased", "0"  # the latter stands where a number may have stood

NOT_QUEUED = (
    " AND NOT EXISTS (SELECT FROM submission s WHERE s.account_id = $1 AND s.request_id = message.request_id"
    " AND s.n = message.n)"
)
FILES = """
SELECT account_id, id, name, media_type, size, sha256, pieces, created_by, created_at, expires_at FROM stored_file
WHERE account_id = $1 AND finished_at IS NOT NULL ORDER BY id
"""


@dataclass(slots=True)
class Walked:
    """A table with the columns that can hold a number or an address, and those among them that make rows unique."""

    name: str
    columns: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    jsons: dict[str, str] = field(default_factory=dict)
    lists: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def matches(self, columns: list[str] | None = None) -> str:
        """The condition that a row names the person; $2 is the pattern."""
        wanted = [*self.texts, *self.jsons, *self.lists] if columns is None else columns
        return " OR ".join(f'"{column}"::text ~ $2' for column in wanted)


async def tables(connection: Connection) -> list[Walked]:
    """Every table with rows of accounts."""
    found: dict[str, Walked] = {}
    for row in await connection.fetch(CATALOG):
        table = found.setdefault(row["name"], Walked(row["name"]))
        table.columns.append(row["column"])
        if row["type"] in TEXTS:
            table.texts.append(row["column"])
        elif row["type"] in JSONS:
            table.jsons[row["column"]] = row["type"]
        elif row["type"] in LISTS:
            table.lists.append(row["column"])
        if row["key"] and row["type"] in TEXTS:
            table.keys.add(row["column"])
    return list(found.values())


async def erase(connection: Connection, account_id: int, table: Walked, pattern: str) -> int:
    """Take a person out of a table; returns how many rows.

    Rows that are the person's (a column of a unique key names them) are deleted; elsewhere the number or address is replaced.
    A message to or from the person loses its text.
    """
    if table.name in KEPT or not (table.texts or table.jsons or table.lists):
        return 0
    own = [column for column in table.texts if column in table.keys] + list(OWN.get(table.name, ()))
    count = 0
    if own:
        count += await _run(
            connection,
            f'DELETE FROM "{table.name}" WHERE account_id = $1 AND ({table.matches(own)})',  # noqa: S608
            account_id,
            pattern,
        )
    changes = [f"\"{c}\" = regexp_replace(\"{c}\", $2, '{ERASED}', 'g')" for c in table.texts if c not in own]
    changes += [
        f"\"{c}\" = regexp_replace(\"{c}\"::text, $2, '{ERASED_JSON}', 'g')::{kind}" for c, kind in table.jsons.items()
    ]
    changes += [
        f"\"{c}\" = (SELECT coalesce(array_agg(regexp_replace(x, $2, '{ERASED}', 'g')), '{{}}') FROM unnest(\"{c}\") x)"  # noqa: S608
        for c in table.lists
    ]
    if table.name == "message":  # one under way must still find its way
        changes = [change for change in changes if not change.startswith('"body"')]
        changes.append(
            f"body = CASE WHEN sender ~ $2 OR recipient ~ $2 THEN '' ELSE regexp_replace(body, $2, '{ERASED}', 'g') END"
        )
    rest = NOT_QUEUED if table.name == "message" else ""
    if changes:
        sets = ", ".join(changes)
        where = table.matches([c for c in (*table.texts, *table.jsons, *table.lists) if c not in own])
        count += await _run(
            connection,
            f'UPDATE "{table.name}" SET {sets} WHERE account_id = $1{rest} AND ({where})',  # noqa: S608
            account_id,
            pattern,
        )
    return count


async def _run(connection: Connection, statement: str, account_id: int, pattern: str) -> int:
    done: str = await connection.execute(statement, account_id, pattern, timeout=3600)
    return int(done.rsplit(" ", 1)[-1])


async def left(connection: Connection, account_id: int, pattern: str) -> int:
    """Messages of the person that are still under way."""
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM message WHERE account_id = $1 AND (recipient ~ $2 OR sender ~ $2 OR body ~ $2)",
            account_id, pattern, timeout=3600,
        )
    )  # fmt: skip


async def files(connection: Connection, account_id: int) -> list[asyncpg.Record]:
    """The stored files of an account."""
    return await connection.fetch(FILES, account_id)


async def rows(
    connection: Connection, account_id: int, table: Walked, pattern: str | None
) -> AsyncIterator[dict[str, Any]]:
    """The rows of an account in a table, those that name a person when there is a pattern; nothing secret in them."""
    if pattern is not None and not (table.texts or table.jsons or table.lists):
        return
    shown = [c for c in table.columns if not any(word in c for word in CLOSED)]
    own = "id" if table.name == "account" else "account_id"
    names = ", ".join(f'"{column}"' for column in shown)
    where = f" AND ({table.matches()})" if pattern is not None else ""
    statement = f'SELECT to_jsonb(t) AS row FROM (SELECT {names} FROM "{table.name}" WHERE "{own}" = $1{where}) t'  # noqa: S608
    async with connection.transaction(readonly=True):
        async for row in connection.cursor(statement, account_id, *([pattern] if pattern is not None else [])):
            yield row["row"]
