"""Tables of receiving: configurations, what was done for each message, and how often somebody was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)
NOW = text("now()")


class ReceiveConfiguration(Base):
    """What is done with messages to a number that begin with a keyword; ``keyword`` empty: with those that match none.

    ``folded`` is the keyword as it is compared, ``callback`` a target as platform/callbacks/schemas.py stores it. ``msisdn`` is
    the number, which may be shared: a keyword is one account's, whoever holds the number. ``reply_template`` and
    ``reply_entity`` are the reply's ids in a content registry, ``tag_id`` the directory's tag that whoever wrote gets or loses.
    """

    __tablename__ = "receive_configuration"
    __table_args__ = (
        Index("uq_receive_configuration_number_id", "number_id", "folded", unique=True),
        Index("ix_receive_configuration_account_id", "account_id"),
        Index("ix_receive_configuration_msisdn", "msisdn"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number_id: Mapped[int] = mapped_column(ForeignKey("number.id", ondelete="CASCADE"))
    msisdn: Mapped[str] = mapped_column(Text)
    keyword: Mapped[str] = mapped_column(Text, server_default="")
    folded: Mapped[str] = mapped_column(Text, server_default="")
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    reply_text: Mapped[str] = mapped_column(Text, server_default="")
    reply_sender: Mapped[str] = mapped_column(Text, server_default="")
    reply_minutes: Mapped[int] = mapped_column(server_default="0")
    reply_template: Mapped[str] = mapped_column(Text, server_default="")
    reply_entity: Mapped[str] = mapped_column(Text, server_default="")
    forward_numbers: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    forward_emails: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    callback: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    smpp_user_id: Mapped[int | None] = mapped_column(ForeignKey("smpp_user.id", ondelete="SET NULL"))
    consent: Mapped[str] = mapped_column(Text, server_default="")
    tag_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class ReceiveLog(Base):
    """What was done for a received message (``request_id`` is its id). ``done`` is described in schemas.Done."""

    __tablename__ = "receive_log"
    __table_args__ = (Index("ix_receive_log_at", "at"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    configuration_id: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    keyword: Mapped[str] = mapped_column(Text, server_default="")
    captured: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    done: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    at: Mapped[datetime] = mapped_column(Moment)


class ReceiveCount(Base):
    """How many answers or forwards one number has caused since ``began_at``; ``kind`` is reply or forward."""

    __tablename__ = "receive_count"
    __table_args__ = (Index("ix_receive_count_began_at", "began_at"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Moment)
    used: Mapped[int]
