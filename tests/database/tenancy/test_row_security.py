"""R-57: row security is the second line: what a query forgets to narrow, the database narrows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from strowger.console.pages import AnyRequest, Page, Visitor, context_of, html, page
from strowger.foundation.database import Database, driver_url
from strowger.foundation.schema import migrate
from strowger.foundation.tenancy import ROLE, UNBOUND, NoTenantRole, across_accounts, acting_for
from strowger.platform.accounts import service
from tests.conftest import url_of
from tests.people_kit import House, open_house

TABLES = """
SELECT c.oid, c.relname AS name, c.relrowsecurity AS bound, c.relispartition AS part,
       (SELECT array_agg(p.polname::text ORDER BY 1) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attidentity AS identity FROM pg_attribute a
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND (a.attnotnull OR a.attname IN ('account_id', 'user_id'))
  AND (NOT a.atthasdef OR a.attname = 'account_id') ORDER BY a.attnum
"""
PERSONS = """
SELECT c.oid, c.relname AS name, c.relrowsecurity AS bound FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT EXISTS (
    SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'account_id' AND NOT t.attisdropped)
ORDER BY c.relname
"""
VALUES = {
    "bigint": "{n}", "integer": "{n}", "smallint": "{n}", "numeric": "{n}", "text": "'t{n}'", "uuid": "'{uuid}'",
    "timestamp with time zone": "now() + interval '{n} s'", "date": "date '2026-01-01' + {n}", "jsonb": "'{{}}'",
    "json": "'{{}}'", "bytea": "'\\x{n:08x}'", "boolean": "false", "character": "'{c}'", "text[]": "'{{}}'",
    "double precision": "{n}", "integer[]": "'{{}}'", "inet": "'192.0.2.1'", "bigint[]": "'{{}}'",
}  # fmt: skip
REFUSED = asyncpg.InsufficientPrivilegeError
MINE, OTHERS = 1001, 1002
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def _insert(table: str, columns: list[asyncpg.Record], account: int, n: int) -> str:
    """One row with a value of its type in every column that must have one."""
    values = []
    for column in columns:
        shape = VALUES[column["type"]]
        value = (
            str(account)
            if column["name"] in ("account_id", "user_id")
            else shape.format(n=n, uuid=uuid4(), c="AB"[n % 2] * 2)
        )
        values.append(value)
    return (
        f"INSERT INTO {table} ({', '.join(c['name'] for c in columns)}) OVERRIDING SYSTEM VALUE"
        f" VALUES ({', '.join(values)})"
    )


async def test_R57_every_table_of_tenants_has_its_policy_and_obeys_it(database: Database) -> None:
    """Generated from the schema: a table with account_id and without policy, or that the role can pass by, fails here."""
    wrong: list[str] = []
    connection = await database.connect()
    await connection.execute("SET session_replication_role = replica")  # rows without what they refer to
    tables = await connection.fetch(TABLES)
    assert len([t for t in tables if not t["part"]]) > 40
    for number, table in enumerate(tables):
        name = table["name"]
        if table["part"]:
            if await connection.fetchval("SELECT has_table_privilege($1, $2, 'SELECT')", ROLE, name):
                wrong.append(f"{name}: a partition that tenants reach past the policy of its table")
            continue
        if not table["bound"] or not table["policies"]:
            wrong.append(f"{name}: no policy")
            continue
        columns = await connection.fetch(COLUMNS, table["oid"])
        for place, account in enumerate((MINE, OTHERS)):
            await connection.execute(_insert(name, columns, account, number * 4 + place))
        await connection.execute(f"SET ROLE {ROLE}; SET strowger.accounts = '{MINE}'")
        try:
            wrong += await _misuse(connection, name, columns, number * 4 + 2)
        finally:
            await connection.execute("RESET ROLE")
    await connection.close()
    assert not wrong, wrong


async def test_R57_what_belongs_to_a_person_obeys_the_account_of_the_person(database: Database) -> None:
    """Generated as above, for tables with user_id and without account_id: sessions, links, codes, devices."""
    wrong: list[str] = []
    connection = await database.connect()
    await connection.execute("SET session_replication_role = replica")
    for account in (MINE, OTHERS):
        await connection.execute(
            "INSERT INTO app_user (id, account_id, email, name, password_hash) OVERRIDING SYSTEM VALUE"
            f" VALUES ({account}, {account}, 'u{account}@example.com', 'U', '!')"
        )
    tables = [table for table in await connection.fetch(PERSONS) if table["name"] not in UNBOUND]
    assert {"user_session", "one_time_link", "trusted_device", "recovery_code"} <= {table["name"] for table in tables}
    for number, table in enumerate(tables):
        name = table["name"]
        if not table["bound"]:
            wrong.append(f"{name}: no policy")
            continue
        columns = await connection.fetch(COLUMNS, table["oid"])
        for place, account in enumerate((MINE, OTHERS)):
            await connection.execute(_insert(name, columns, account, number * 4 + place))
        await connection.execute(f"SET ROLE {ROLE}; SET strowger.accounts = '{MINE}'")
        try:
            wrong += await _misuse(connection, name, columns, number * 4 + 2, "user_id")
        finally:
            await connection.execute("RESET ROLE")
    await connection.close()
    assert not wrong, wrong


async def _misuse(
    connection: Any, name: str, columns: list[asyncpg.Record], n: int, owner: str = "account_id"
) -> list[str]:
    """What a statement without any condition reaches, and what it may write for somebody else."""
    wrong = []
    if {row[0] for row in await connection.fetch(f"SELECT {owner} FROM {name}")} - {MINE, None}:
        wrong.append(f"{name}: reads the rows of others")
    if name != "audit_entry" and await connection.execute(f"UPDATE {name} SET {owner} = {owner}") != "UPDATE 1":
        wrong.append(f"{name}: changes the rows of others")
    try:
        await connection.execute(_insert(name, columns, OTHERS, n))
    except REFUSED:
        pass
    else:
        wrong.append(f"{name}: writes rows for others")
    if name != "audit_entry" and await connection.execute(f"DELETE FROM {name}") != "DELETE 1":
        wrong.append(f"{name}: deletes the rows of others")
    await connection.execute("SET strowger.accounts = ''")
    if await connection.fetch(f"SELECT FROM {name} WHERE {owner} IS NOT NULL"):
        wrong.append(f"{name}: shows rows to nobody in particular")
    await connection.execute(f"SET strowger.accounts = '{MINE}'")
    return wrong


@pytest.fixture
async def two(database: Database) -> tuple[int, int]:
    """Two accounts with a sender each."""
    ids = []
    for sid in ("ONE", "TWO"):
        made = await database.pool.fetchval(
            "INSERT INTO account (sid, name, country, currency) VALUES ($1, $1, 'DE', 'EUR') RETURNING id", sid
        )
        await database.pool.execute("INSERT INTO sender (account_id, sender) VALUES ($1, $2)", made, sid)
        ids.append(made)
    return ids[0], ids[1]


async def test_R57_a_query_that_forgets_its_account_finds_only_that_account(
    database: Database, two: tuple[int, int]
) -> None:
    every = "SELECT sender FROM sender"  # as a mistake would write it
    for mine, name in zip(two, ("ONE", "TWO"), strict=True):
        with acting_for(mine):
            async with database.acquire() as connection:
                assert [row[0] for row in await connection.fetch(every)] == [name]
            async with database.session() as session:
                assert (await session.scalars(text(every))).all() == [name]
            assert [row[0] for row in await database.run(lambda c: c.fetch(every))] == [name]
            assert [row[0] for row in await database.pool.fetch("SELECT sid FROM account")] == [name]
            with across_accounts():
                assert len(await database.pool.fetch(every)) == 2
    with acting_for(two[0]):
        rows = [(two[0], "COPIED"), (two[0], "TOO")]
        await database.run(lambda c: c.copy_records_to_table("sender", records=rows, columns=["account_id", "sender"]))
        with pytest.raises(REFUSED):
            await database.pool.copy_records_to_table(
                "sender", records=[(two[1], "FOREIGN")], columns=["account_id", "sender"]
            )
        assert len(await database.pool.fetch(every)) == 3
        await database.pool.execute("DELETE FROM sender WHERE sender IN ('COPIED', 'TOO')")
    with acting_for():
        assert await database.pool.fetch(every) == []
    assert len(await database.pool.fetch(every)) == 2
    async with database.session() as session:
        assert len((await session.scalars(text(every))).all()) == 2


async def test_rows_in_bulk_are_written_whole_whatever_their_types(database: Database, two: tuple[int, int]) -> None:
    """COPY is not possible under row security; what stands in for it takes thousands of rows, every type, all or none."""
    mine, other = two
    blocks = ["account_id", "channel", "address", "source", "reason", "added_by", "created_at"]
    rows = [(mine, "sms", str(447700000000 + n), "import", "" if n % 2 else "'; --", "ada", NOW) for n in range(25_000)]
    with acting_for(mine):
        await database.run(lambda c: c.copy_records_to_table("blocklist_entry", records=rows, columns=blocks))
        assert await database.pool.fetchval("SELECT count(*) FROM blocklist_entry") == 25_000
        foreign = [*rows[:20_000], (other, "voice", "1", "import", "", "", NOW)]
        foreign = [(account, "voice", *rest) for account, _, *rest in foreign]
        with pytest.raises(REFUSED):
            await database.pool.copy_records_to_table("blocklist_entry", records=foreign, columns=blocks)
        assert await database.pool.fetchval("SELECT count(*) FROM blocklist_entry WHERE channel = 'voice'") == 0
        await database.pool.copy_records_to_table(
            "wallet", records=[(mine, Decimal("1.5"), ["low", "day80"])], columns=["account_id", "balance", "told"]
        )
        assert await database.pool.fetchval("SELECT told FROM wallet") == ["low", "day80"]
        mail = ["id", "account_id", "kind", "recipient", "subject", "sealed", "next_at", "created_at"]
        sealed = bytes(range(256))
        await database.pool.copy_records_to_table(
            "mail", records=[(uuid4(), mine, "k", "a@example.com", "s", sealed, NOW, NOW)], columns=mail
        )
        assert await database.pool.fetchval("SELECT sealed FROM mail") == sealed
        await database.pool.copy_records_to_table("mail", records=[], columns=mail)


async def test_R57_parallel_tasks_keep_to_their_own_account(database: Database, two: tuple[int, int]) -> None:
    async def ask(account_id: int) -> bool:
        with acting_for(account_id):
            found = [row[0] for row in await database.pool.fetch("SELECT account_id FROM sender, pg_sleep(0.001)")]
        return found == [account_id]

    assert all(await asyncio.gather(*(ask(two[i % 2]) for i in range(60))))


async def test_R57_a_sub_account_sees_the_wallet_that_pays_for_it(database: Database, two: tuple[int, int]) -> None:
    parent, child = two
    await database.pool.execute("INSERT INTO wallet (account_id, balance) VALUES ($1, 5)", parent)
    await database.pool.execute(
        "INSERT INTO wallet (account_id, kind, payer_id) VALUES ($1, 'shared', $2)", child, parent
    )
    with acting_for(child):
        assert len(await database.pool.fetch("SELECT FROM wallet")) == 2
        assert await database.pool.execute("UPDATE wallet SET balance = 9 WHERE payer_id IS NULL") == "UPDATE 0"
    with acting_for(parent):
        assert len(await database.pool.fetch("SELECT FROM wallet")) == 1


async def test_R57_the_owner_of_the_tables_need_not_be_a_superuser(postgres: str) -> None:
    """As on a database of somebody else's: an owner who may make no role is told what to ask for, then is bound alike."""
    owner, name = f"owner_{uuid4().hex[:8]}", f"owned_{uuid4().hex[:8]}"
    admin = await asyncpg.connect(driver_url(postgres))
    await admin.execute(f"CREATE ROLE {owner} LOGIN PASSWORD 'pw'")
    await admin.execute(f"CREATE DATABASE {name} OWNER {owner}")
    head, _, rest = url_of(postgres, name).partition("://")
    url = f"{head}://{owner}:{quote('pw')}@{rest.partition('@')[2]}"
    database = Database(url, pool_size=2)
    try:
        with pytest.raises(NoTenantRole, match=f"GRANT {ROLE} TO {owner}"):
            await migrate(url)
        await admin.execute(f"GRANT {ROLE} TO {owner}")
        await migrate(url)
        await database.open()
        for sid in ("ONE", "TWO"):
            made = await database.pool.fetchval(
                "INSERT INTO account (sid, name, country, currency) VALUES ($1, $1, 'DE', 'EUR') RETURNING id", sid
            )
        with acting_for(made):
            assert [row[0] for row in await database.pool.fetch("SELECT sid FROM account")] == ["TWO"]
        assert len(await database.pool.fetch("SELECT sid FROM account")) == 2
    finally:
        await database.close()
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.execute(f"DROP ROLE {owner}")
        await admin.close()


@page("/test/careless", permission="self")
async def careless(request: AnyRequest, visitor: Visitor) -> Page:
    """A page whose query names no account."""
    rows = await context_of(request).database.pool.fetch("SELECT sid FROM account ORDER BY id")
    return html(" ".join(row[0] for row in rows))


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database_url, tmp_path, [careless]) as house:
        yield house


async def test_R57_a_careless_page_shows_nothing_of_others(house: House) -> None:
    other = await service.create_account(house.context, "Other", "DE", "EUR")
    eve = await house.add("eve", "owner", other)
    assert (await (await house.entered(eve.email)).get("/test/careless")).text == other.sid
    assert (await (await house.entered()).get("/test/careless")).text == house.account.sid
