"""Row security, the second line between tenants (ADR 0035).

Pages and the API of an account read and write as the role ``strowger_tenant``, which sees only rows of the accounts named by
the setting ``strowger.accounts``. The path of a message and background work keep the owner's role, which no policy binds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

ROLE = "strowger_tenant"
SETTING = "strowger.accounts"
# The accounts on whose behalf this task works; None: it works for the installation, and no policy binds it.
ACCOUNTS: ContextVar[tuple[int, ...] | None] = ContextVar("accounts", default=None)

SHARED = ("tariff",)  # rows without an account are everybody's to read here, and those of the parent its children's
APPEND_ONLY = ("audit_change",)  # written by triggers; read only by the audit log itself
HIDDEN = ("alembic_version",)  # no page needs it
# Of a person, yet nothing to protect; a parent's user who looks into a sub-account closes notices there, too.
UNBOUND = ("announcement_dismissal",)
POLICY = "tenant_1"  # the number grows with the text of the policies
READ_POLICY = "tenant_read_2"
PERSON_POLICY = "tenant_person_1"
OWN = f"(SELECT string_to_array(nullif(current_setting('{SETTING}', true), ''), ',')::bigint[])::bigint[]"

# A sub-account that spends its parent's credit sees that wallet. The owner's rights keep the policy from asking itself.
PAYERS = f"""
CREATE OR REPLACE FUNCTION tenant_payers() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS
$$ SELECT array_agg(payer_id) FROM wallet WHERE payer_id IS NOT NULL AND account_id = ANY ({OWN}) $$
"""  # noqa: S608
# A sub-account's prices are its parent's, where the parent has a list of its own.
PARENTS = f"""
CREATE OR REPLACE FUNCTION tenant_parents() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public AS
$$ SELECT array_agg(parent_id) FROM account WHERE parent_id IS NOT NULL AND id = ANY ({OWN}) $$
"""  # noqa: S608
TABLES = """
SELECT c.relname, c.relrowsecurity,
       coalesce((SELECT array_agg(p.polname::text) FROM pg_policy p WHERE p.polrelid = c.oid), '{}') AS policies,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped)
       AS tenant,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND NOT a.attisdropped) AS person,
       has_table_privilege(:role, c.oid, 'INSERT') AS granted
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname
"""
ADVICE = (
    f"The database user may not make the role {ROLE}, which row security needs. Let an administrator of the server run:\n"
    f"  CREATE ROLE {ROLE} NOLOGIN;\n  GRANT {ROLE} TO %s;"
)


class NoTenantRole(RuntimeError):
    """The role cannot be made or taken; the message holds the statements that an administrator runs."""


@contextmanager
def acting_for(*accounts: int) -> Iterator[None]:
    """Within the block this task's queries see and change rows of these accounts only."""
    mark = ACCOUNTS.set(accounts)
    try:
        yield
    finally:
        ACCOUNTS.reset(mark)


@contextmanager
def across_accounts() -> Iterator[None]:
    """Within the block no policy binds this task: what it asks concerns more than the account, such as whether a name is
    taken. Its queries keep to the first line alone, so the block stays small."""
    mark = ACCOUNTS.set(None)
    try:
        yield
    finally:
        ACCOUNTS.reset(mark)


def accounts_text(accounts: tuple[int, ...]) -> str:
    """The value of the setting."""
    return ",".join(str(int(account)) for account in accounts)


def secure(connection: Connection) -> None:
    """Give every table its policies and the role its rights; what is right already is left alone.

    Runs after the migrations, in their transaction. Raises NoTenantRole when the database user may not make the role.
    """
    _make_role(connection)
    found = connection.execute(text(TABLES), {"role": ROLE}).mappings().all()
    names = {row["relname"] for row in found}
    if "wallet" in names:
        connection.execute(text(PAYERS))
    if "account" in names:
        connection.execute(text(PARENTS))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {ROLE}"))
    for row in found:
        name = row["relname"]
        bodies = _policies(name, row["tenant"] or name == "account", row["person"])
        if {policy for policy, _ in bodies} != set(row["policies"]) or (bodies and not row["relrowsecurity"]):
            _bind(connection, name, row["policies"], bodies)
        if not row["granted"] and name not in HIDDEN:
            rights = "INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
            connection.execute(text(f'GRANT {rights} ON "{name}" TO {ROLE}'))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE}"))


async def ensure_role(url: str) -> None:
    """Make the role, for a database that is to be restored: its policies name it. Raises NoTenantRole."""
    engine = create_async_engine("postgresql+asyncpg://" + url.split("://", 1)[1], poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_make_role)
    finally:
        await engine.dispose()


def _make_role(connection: Connection) -> None:
    user = connection.scalar(text("SELECT current_user"))
    try:
        with connection.begin_nested():
            # Roles belong to the whole server: another database's start may be making the same one now.
            connection.execute(text(
                f"DO $$ BEGIN IF to_regrole('{ROLE}') IS NULL THEN CREATE ROLE {ROLE} NOLOGIN; END IF;"
                " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ))  # fmt: skip
            member = "SELECT pg_has_role(current_user, to_regrole(:role), 'MEMBER')"
            if not connection.scalar(text(member), {"role": ROLE}):
                connection.execute(text(f"GRANT {ROLE} TO CURRENT_USER"))
            connection.execute(text(f"SET LOCAL ROLE {ROLE}"))
            connection.execute(text("RESET ROLE"))
    except DBAPIError as problem:
        raise NoTenantRole(ADVICE % user) from problem


def _policies(table: str, tenant: bool, person: bool) -> list[tuple[str, str]]:
    """Names and bodies of a table's policies: of an account's rows, or of a person's, who belongs to an account; else none."""
    if not tenant:
        if not person or table in UNBOUND:
            return []
        theirs = f"user_id IN (SELECT id FROM app_user WHERE account_id = ANY ({OWN}))"  # noqa: S608
        return [(PERSON_POLICY, f"FOR ALL TO {ROLE} USING ({theirs}) WITH CHECK ({theirs})")]
    column = "id" if table == "account" else "account_id"
    own = f"{column} = ANY ({OWN})"
    found = [(POLICY, f"FOR ALL TO {ROLE} USING ({own}) WITH CHECK ({own})")]
    if table in SHARED:
        shared = "account_id IS NULL OR account_id = ANY ((SELECT tenant_parents())::bigint[])"
        found.append((READ_POLICY, f"FOR SELECT TO {ROLE} USING ({shared})"))
    if table == "wallet":
        found.append(
            (READ_POLICY, f"FOR SELECT TO {ROLE} USING (account_id = ANY ((SELECT tenant_payers())::bigint[]))")
        )
    return found


def _bind(connection: Connection, table: str, old: list[str], bodies: list[tuple[str, str]]) -> None:
    for policy in old:
        if policy.startswith("tenant_"):
            connection.execute(text(f'DROP POLICY "{policy}" ON "{table}"'))
    for policy, body in bodies:
        connection.execute(text(f'CREATE POLICY {policy} ON "{table}" {body}'))
    connection.execute(text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'))
