"""Tables of money: wallet, ledger, tariff, usage by day, recharges, invoices, and the notices that money causes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Amount = Numeric(18, 6)
Percent = Numeric(7, 4)
Moment = DateTime(timezone=True)
NOW = text("now()")


class Wallet(Base):
    """What an account may still spend; always the sum of its ledger. Never below ``-credit_limit``.

    ``kind``: prepaid, postpaid (``credit_limit`` is the month's limit) or shared (``payer_id`` pays). ``margin`` is the
    percentage on top of the parent's prices, ``margin_booked`` the last entry whose part of it the parent has. ``day`` and
    ``month`` say to which day and month of the account's time zone the sums beside them belong.
    ``told`` are the marks already told of: day80, day100, low, limit75, limit100, month100.
    """

    __tablename__ = "wallet"
    __table_args__ = (CheckConstraint("balance >= -credit_limit", name="never_overdrawn"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    balance: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    credit_limit: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    kind: Mapped[str] = mapped_column(Text, server_default="prepaid")
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    margin: Mapped[Decimal] = mapped_column(Percent, server_default="0")
    margin_booked: Mapped[UUID | None]
    day: Mapped[date | None] = mapped_column(Date)
    day_spent: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    day_cap: Mapped[Decimal | None] = mapped_column(Amount)
    month: Mapped[date | None] = mapped_column(Date)
    month_spent: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    month_limit: Mapped[Decimal | None] = mapped_column(Amount)
    low_at: Mapped[Decimal | None] = mapped_column(Amount)
    alert_emails: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    told: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))


class LedgerEntry(Base):
    """One movement; rows are only ever added, and each one sums to zero over three books.

    ``amount`` goes to the account's balance, ``reserved`` to its reservations, and minus their sum to the book ``contra``
    (payments, revenue, transfers, adjustments, receivables, margins). ``used_by`` is the account whose messages it pays
    when that is another one; ``counter_id`` the other half of a transfer. ``balance_after`` is null where the balance is
    not touched.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_account_id_id", "account_id", "id"),
        Index("ix_ledger_entry_used_by_id", "used_by", "id", postgresql_where=text("used_by IS NOT NULL")),
        Index(
            "ix_ledger_entry_income", "account_id", "id", postgresql_where=text("kind IN ('recharge', 'transfer_in')")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Amount)
    reserved: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    contra: Mapped[str] = mapped_column(Text, server_default="revenue")
    balance_after: Mapped[Decimal | None] = mapped_column(Amount)
    messages: Mapped[int] = mapped_column(server_default="0")
    service: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    used_by: Mapped[int | None] = mapped_column(BigInteger)
    counter_id: Mapped[UUID | None]
    by_user: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class LedgerSum(Base):
    """What the entries of an account up to the entry ``upto`` sum to, so that its reservations need not be added up anew.

    Only entries that are certainly committed are in it; whoever wants the sum adds those after ``upto``.
    """

    __tablename__ = "ledger_sum"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    upto: Mapped[UUID]
    reserved: Mapped[Decimal] = mapped_column(Amount)


class UsageDay(Base):
    """What an account used of a service on a day of its time zone: reserved less released and refunded."""

    __tablename__ = "usage_day"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    messages: Mapped[int] = mapped_column(server_default="0")


class Tariff(Base):
    """The price of one unit (SMS part) plus ``fee``, which is never refunded; null account, country ... means every one.

    ``sender`` is a prefix. A price is never changed: it ends and another begins, so that the rows are their own history.
    """

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    channel: Mapped[str] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(CHAR(2))
    network: Mapped[str | None] = mapped_column(Text)
    type: Mapped[str | None] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(CHAR(3))
    unit_price: Mapped[Decimal] = mapped_column(Amount)
    fee: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    refund_undelivered: Mapped[bool] = mapped_column(server_default=text("false"))
    valid_from: Mapped[datetime] = mapped_column(Moment, server_default="2000-01-01 00:00:00+00")
    valid_until: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    ended_by: Mapped[str | None] = mapped_column(Text)


class BillingNotice(Base):
    """Something about money that an account's owner is told; ``mailed_at`` is for whoever mails it."""

    __tablename__ = "billing_notice"
    __table_args__ = (Index("ix_billing_notice_account_id_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    mailed_at: Mapped[datetime | None] = mapped_column(Moment)


class Recharge(Base):
    """A wish to add credits. ``status``: pending, paid, failed, refunded. ``provider_id`` is the payment service's id.

    ``auto``: nobody asked for it, the balance had fallen under the account's threshold.
    """

    __tablename__ = "recharge"
    __table_args__ = (UniqueConstraint("method", "provider_id"), Index("ix_recharge_account_id_id", "account_id", "id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    reference: Mapped[str] = mapped_column(Text, unique=True)
    method: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    tax_rate: Mapped[Decimal] = mapped_column(Percent, server_default="0")
    tax_name: Mapped[str] = mapped_column(Text, server_default="")
    total: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(CHAR(3))
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    provider_id: Mapped[str | None] = mapped_column(Text)
    pay_url: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    by_user: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    auto: Mapped[bool] = mapped_column(server_default=text("false"))


class Invoice(Base):
    """An invoice, numbered without gaps per installation and year; ``content`` is all that its PDF shows."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("year", "seq"),
        UniqueConstraint("account_id", "month"),
        Index("ix_invoice_account_id", "account_id", "issued_at"),
    )

    number: Mapped[str] = mapped_column(Text, primary_key=True)
    year: Mapped[int]
    seq: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    recharge_id: Mapped[UUID | None] = mapped_column(ForeignKey("recharge.id"), unique=True)
    month: Mapped[date | None] = mapped_column(Date)
    total: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(CHAR(3))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)


class BillingProfile(Base):
    """To whom invoices are addressed. ``tan``: tax deduction account number, India only."""

    __tablename__ = "billing_profile"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    company: Mapped[str] = mapped_column(Text, server_default="")
    address: Mapped[str] = mapped_column(Text, server_default="")
    city: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text, server_default="")
    postal_code: Mapped[str] = mapped_column(Text, server_default="")
    country: Mapped[str | None] = mapped_column(CHAR(2))
    email: Mapped[str] = mapped_column(Text, server_default="")
    tax_id: Mapped[str] = mapped_column(Text, server_default="")
    tan: Mapped[str] = mapped_column(Text, server_default="")


class PaymentMethod(Base):
    """A payment plug-in as the operator has set it up; its secrets are sealed."""

    __tablename__ = "payment_method"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)


class TaxRate(Base):
    """The tax on recharges of accounts of a country, in per cent."""

    __tablename__ = "tax_rate"

    country: Mapped[str] = mapped_column(CHAR(2), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    rate: Mapped[Decimal] = mapped_column(Percent)


class AutoRecharge(Base):
    """When an account is recharged by itself: under ``threshold``, by ``amount``, up to ``month_limit`` in a month.

    ``stored`` is the sealed name of the payment method at the service, ``label`` its words for people; ``setup_*`` belong to
    storing it. After ``failures`` in a row it waits until ``next_at``, and switches itself off at the third.
    """

    __tablename__ = "auto_recharge"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    method: Mapped[str] = mapped_column(Text)
    threshold: Mapped[Decimal] = mapped_column(Amount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    month_limit: Mapped[Decimal | None] = mapped_column(Amount)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    setup_reference: Mapped[str | None] = mapped_column(Text, unique=True)
    setup_id: Mapped[str | None] = mapped_column(Text)
    setup_url: Mapped[str | None] = mapped_column(Text)
    stored: Mapped[bytes | None] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(Text, server_default="")
    failures: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    by_user: Mapped[str] = mapped_column(Text, server_default="")
    changed_at: Mapped[datetime] = mapped_column(Moment)
