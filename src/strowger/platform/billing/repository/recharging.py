"""Queries of recharges, invoices, payment methods, tax rates and billing profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from strowger.foundation.database import Connection

PROFILE_FIELDS = ("company", "address", "city", "state", "postal_code", "country", "email", "tax_id", "tan")
ADD = """
INSERT INTO recharge (id, account_id, reference, method, amount, tax, tax_rate, tax_name, total, currency, by_user, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
STARTED = "UPDATE recharge SET provider_id = $3, pay_url = $4 WHERE account_id = $1 AND id = $2"
ONE = "SELECT * FROM recharge WHERE account_id = $1 AND id = $2"
# scope: the payment service, or the operator, names a recharge by its reference
LOCK = "SELECT * FROM recharge WHERE reference = $1 FOR UPDATE"  # account_id follows from it
SETTLE = "UPDATE recharge SET status = $3, settled_at = $4, note = coalesce($5, note) WHERE account_id = $1 AND id = $2"
NEXT_INVOICE = "SELECT pg_advisory_xact_lock(hashtext('invoice number'))"
# scope: numbers run over the whole installation
LAST_INVOICE = "SELECT coalesce(max(seq), 0) FROM invoice WHERE year = $1"
ADD_INVOICE = """
INSERT INTO invoice (number, year, seq, account_id, kind, recharge_id, month, total, currency, issued_at, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
INVOICE = "SELECT * FROM invoice WHERE account_id = $1 AND number = $2"
INVOICE_OF = "SELECT number FROM invoice WHERE account_id = $1 AND recharge_id = $2"
INVOICES = """
SELECT number, kind, month, total, currency, issued_at FROM invoice WHERE account_id = $1 ORDER BY issued_at DESC LIMIT $2
"""
METHODS = "SELECT name, enabled, config, secret FROM payment_method"
SAVE_METHOD = """
INSERT INTO payment_method (name, enabled, config, secret) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, config = excluded.config, secret = excluded.secret
"""
TAXES = "SELECT country, name, rate FROM tax_rate ORDER BY country"
TAX = "SELECT name, rate FROM tax_rate WHERE country = $1"
SAVE_TAX = """
INSERT INTO tax_rate (country, name, rate) VALUES ($1, $2, $3)
ON CONFLICT (country) DO UPDATE SET name = excluded.name, rate = excluded.rate
"""
DROP_TAX = "DELETE FROM tax_rate WHERE country = $1"
PROFILE_OF = """
SELECT a.name, a.sid, p.company, p.address, p.city, p.state, p.postal_code, coalesce(p.country, a.country) AS country, p.email,
       p.tax_id, p.tan
FROM account a LEFT JOIN billing_profile p ON p.account_id = a.id WHERE a.id = $1
"""
OPERATOR = "SELECT min(id) FROM account"
PROFILE = "SELECT * FROM billing_profile WHERE account_id = $1"
SAVE_PROFILE = """
INSERT INTO billing_profile (account_id, company, address, city, state, postal_code, country, email, tax_id, tan)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (account_id) DO UPDATE SET company = excluded.company, address = excluded.address, city = excluded.city,
    state = excluded.state, postal_code = excluded.postal_code, country = excluded.country, email = excluded.email,
    tax_id = excluded.tax_id, tan = excluded.tan
"""
SAVE_LIMITS = """
UPDATE wallet SET day_cap = $2, low_at = $3, alert_emails = $4, told = '{}' WHERE account_id = $1
"""
SAVE_LOW = """
UPDATE wallet SET low_at = $2, alert_emails = $3, told = array_remove(told, 'low') WHERE account_id = $1
"""
SET_KIND = """
UPDATE wallet SET kind = $2, credit_limit = $3, told = '{}' WHERE account_id = $1 AND kind <> 'shared' AND balance >= -$3::numeric
RETURNING account_id
"""
FEATURE = "SELECT coalesce((settings ->> 'subaccounts_enabled')::boolean, true) FROM account WHERE id = $1"
SET_FEATURE = """
UPDATE account SET settings = settings || jsonb_build_object('subaccounts_enabled', $2::boolean) WHERE id = $1
"""


async def add(connection: Connection, *values: Any) -> None:
    """Add a recharge: the columns of ADD in order."""
    await connection.execute(ADD, *values)


async def started(connection: Connection, account_id: int, recharge: UUID, provider_id: str | None, url: str) -> None:
    """Note where a payment goes on."""
    await connection.execute(STARTED, account_id, recharge, provider_id, url)


async def one(connection: Connection, account_id: int, recharge: UUID) -> Mapping[str, Any] | None:
    """A recharge of an account."""
    return await connection.fetchrow(ONE, account_id, recharge)


async def lock(connection: Connection, reference: str) -> Mapping[str, Any] | None:
    """Lock a recharge by its reference."""
    return await connection.fetchrow(LOCK, reference)


async def settle(
    connection: Connection, account_id: int, recharge: UUID, status: str, now: datetime, note: str | None
) -> None:
    """Set a recharge's last status."""
    await connection.execute(SETTLE, account_id, recharge, status, now, note)


async def add_invoice(
    connection: Connection, account_id: int, kind: str, total: Decimal, currency: str, now: datetime,
    content: Mapping[str, Any], *, recharge: UUID | None = None, month: date | None = None,
) -> str:  # fmt: skip
    """Issue an invoice; returns its number. Numbers of a year have no gaps: one transaction at a time takes one."""
    await connection.execute(NEXT_INVOICE)
    seq = int(await connection.fetchval(LAST_INVOICE, now.year)) + 1
    number = f"INV-{now.year}-{seq:06d}"
    await connection.execute(
        ADD_INVOICE, number, now.year, seq, account_id, kind, recharge, month, total, currency, now, dict(content)
    )
    return number


async def invoice(connection: Connection, account_id: int, number: str) -> Mapping[str, Any] | None:
    """An invoice of an account."""
    return await connection.fetchrow(INVOICE, account_id, number)


async def invoice_of(connection: Connection, account_id: int, recharge: UUID) -> str | None:
    """The number of the invoice of a recharge."""
    found: str | None = await connection.fetchval(INVOICE_OF, account_id, recharge)
    return found


async def invoices(connection: Connection, account_id: int, limit: int) -> list[Mapping[str, Any]]:
    """Invoices of an account, newest first."""
    return await connection.fetch(INVOICES, account_id, limit)


async def methods(connection: Connection) -> list[Mapping[str, Any]]:
    """The payment methods as they are set up."""
    return await connection.fetch(METHODS)


async def save_method(
    connection: Connection, name: str, enabled: bool, config: Mapping[str, str], secret: bytes | None
) -> None:
    """Keep the set-up of a payment method."""
    await connection.execute(SAVE_METHOD, name, enabled, dict(config), secret)


async def taxes(connection: Connection) -> list[Mapping[str, Any]]:
    """All tax rates."""
    return await connection.fetch(TAXES)


async def tax(connection: Connection, country: str) -> Mapping[str, Any] | None:
    """The tax of a country."""
    return await connection.fetchrow(TAX, country)


async def save_tax(connection: Connection, country: str, name: str, rate: Decimal) -> None:
    """Set the tax of a country."""
    await connection.execute(SAVE_TAX, country, name, rate)


async def drop_tax(connection: Connection, country: str) -> None:
    """Remove the tax of a country."""
    await connection.execute(DROP_TAX, country)


async def profile(connection: Connection, account_id: int) -> Mapping[str, Any] | None:
    """To whom an account's invoices go."""
    return await connection.fetchrow(PROFILE, account_id)


async def profile_of(connection: Connection, account_id: int) -> dict[str, str]:
    """Name, SID and address of an account, for an invoice."""
    row = await connection.fetchrow(PROFILE_OF, account_id)
    return {name: value or "" for name, value in row.items()} if row else {}


async def operator(connection: Connection) -> int:
    """The account whose people run the installation: it issues the invoices."""
    return int(await connection.fetchval(OPERATOR))


async def save_profile(connection: Connection, account_id: int, values: Mapping[str, Any]) -> None:
    """Set to whom an account's invoices go."""
    await connection.execute(SAVE_PROFILE, account_id, *(values.get(name) or "" for name in PROFILE_FIELDS[:5]),
                             values.get("country") or None, *(values.get(name) or "" for name in PROFILE_FIELDS[6:]))  # fmt: skip


async def save_limits(
    connection: Connection, account_id: int, day_cap: Decimal | None, low_at: Decimal | None, emails: Sequence[str]
) -> None:
    """Set the daily cap and the low-balance alert of an account."""
    await connection.execute(SAVE_LIMITS, account_id, day_cap, low_at, list(emails))


async def save_low_balance(
    connection: Connection, account_id: int, low_at: Decimal | None, emails: Sequence[str]
) -> None:
    """Set the low-balance alert of an account; it is armed anew."""
    await connection.execute(SAVE_LOW, account_id, low_at, list(emails))


async def set_kind(connection: Connection, account_id: int, kind: str, limit: Decimal) -> bool:
    """Make an account prepaid or postpaid; False when its balance is below the new limit, or another one pays for it."""
    return await connection.fetchval(SET_KIND, account_id, kind, limit) is not None


async def feature(connection: Connection, account_id: int) -> bool:
    """Whether an account may have sub-accounts."""
    return bool(await connection.fetchval(FEATURE, account_id))


async def set_feature(connection: Connection, account_id: int, enabled: bool) -> None:
    """Say whether an account may have sub-accounts."""
    await connection.execute(SET_FEATURE, account_id, enabled)
