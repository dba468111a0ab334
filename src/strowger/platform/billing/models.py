"""Tables of money: wallet, ledger, tariff."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Amount = Numeric(18, 6)


class Wallet(Base):
    """What an account may still spend; always the sum of its ledger. Never below ``-credit_limit``."""

    __tablename__ = "wallet"
    __table_args__ = (CheckConstraint("balance >= -credit_limit", name="never_overdrawn"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    balance: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    credit_limit: Mapped[Decimal] = mapped_column(Amount, server_default="0")


class LedgerEntry(Base):
    """One movement; rows are only ever added. ``kind``: recharge, reserve, release, adjustment."""

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_entry_account_id_id", "account_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Amount)
    balance_after: Mapped[Decimal] = mapped_column(Amount)
    messages: Mapped[int] = mapped_column(server_default="0")
    reference: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


class Tariff(Base):
    """The price of one unit (SMS part); null account or country means every one."""

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    channel: Mapped[str] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(CHAR(2))
    currency: Mapped[str] = mapped_column(CHAR(3))
    unit_price: Mapped[Decimal] = mapped_column(Amount)
