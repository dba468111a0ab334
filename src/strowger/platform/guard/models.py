"""Tables of limits and of the fraud guard."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class CountryLimit(Base):
    """How many messages an account may send to a country in a day and in a month (None: no limit)."""

    __tablename__ = "country_limit"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    country: Mapped[str] = mapped_column(CHAR(2), primary_key=True)
    daily: Mapped[int | None]
    monthly: Mapped[int | None]


class UsageCounter(Base):
    """How much of a limit is used in the period that began at ``period``."""

    __tablename__ = "usage_counter"
    __table_args__ = (Index("ix_usage_counter_period", "period"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    period: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    count: Mapped[int]


class RecentSend(Base):
    """A message that went on to a carrier, for as long as duplicates and caps look back. ``content`` is a digest."""

    __tablename__ = "recent_send"
    __table_args__ = (Index("ix_recent_send_at", "at"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    recipient: Mapped[str] = mapped_column(Text, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class PrefixTraffic(Base):
    """Sends to, and conversions from, a watched prefix within one minute."""

    __tablename__ = "prefix_traffic"
    __table_args__ = (Index("ix_prefix_traffic_minute", "minute"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    prefix: Mapped[str] = mapped_column(Text, primary_key=True)
    minute: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    sends: Mapped[int] = mapped_column(server_default="0")
    conversions: Mapped[int] = mapped_column(server_default="0")


class BlockedPrefix(Base):
    """A prefix that an account does not send to. ``source`` is watch or manual; ``until`` None: until it is lifted."""

    __tablename__ = "blocked_prefix"
    __table_args__ = (Index("ix_blocked_prefix_account_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger)
    prefix: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    sends: Mapped[int] = mapped_column(server_default="0")
    conversions: Mapped[int] = mapped_column(server_default="0")
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime | None] = mapped_column(Moment)
    lifted_at: Mapped[datetime | None] = mapped_column(Moment)
    lifted_by: Mapped[str | None] = mapped_column(Text)
