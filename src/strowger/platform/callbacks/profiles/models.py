"""Tables of callback profiles: the profiles, an account's defaults, and what became of their callbacks by the hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)
NOW = text("now()")


class CallbackProfile(Base):
    """A saved receiver. ``status`` is 1 active, 2 switched off by its failures, 3 disabled; secrets are sealed.

    A deleted profile stays as a row without secrets, so that what refers to it can still be told.
    """

    __tablename__ = "callback_profile"
    __table_args__ = (
        Index(
            "uq_callback_profile_title", "account_id", "title", unique=True, postgresql_where=text("deleted_at IS NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    pod: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    statuses: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    method: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    body_type: Mapped[str] = mapped_column(Text, server_default="json")
    body: Mapped[Any] = mapped_column(JSON, nullable=True)  # not JSONB: the order of its keys is the sender's
    response_message: Mapped[str] = mapped_column(Text, server_default="")
    retry: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    signed: Mapped[bool] = mapped_column(server_default=text("true"))
    headers_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    auth_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    enc_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_previous_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret_previous_until: Mapped[datetime | None] = mapped_column(Moment)
    status: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    failing_since: Mapped[datetime | None] = mapped_column(Moment)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    told: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_why: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    modified_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)


class CallbackDefault(Base):
    """The profile that an account's events go to when nothing else was asked for."""

    __tablename__ = "callback_default"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    event: Mapped[str] = mapped_column(Text, primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(ForeignKey("callback_profile.id"))


class CallbackTally(Base):
    """How many callbacks of a profile came to what within an hour; ``bucket`` is the class of their duration.

    ``outcome`` is AttemptOutcome, 4 for what was dropped unsent; ``http_status`` 0 stands for no answer.
    """

    __tablename__ = "callback_tally"
    __table_args__ = (Index("ix_callback_tally_hour", "hour"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    outcome: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    http_status: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    ms: Mapped[int] = mapped_column(BigInteger)
