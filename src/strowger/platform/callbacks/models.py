"""Tables of callbacks: what waits or failed, every attempt made, and the accounts' signing secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Callback(Base):
    """A callback that waits (state 0), failed (2) or was dropped (3); a delivered one is only in the attempts."""

    __tablename__ = "callback"
    __table_args__ = (
        Index("ix_callback_endpoint_due_at", "endpoint", "due_at", postgresql_where=text("state = 0")),
        Index("ix_callback_account_id", "account_id", "request_id", "n"),
        Index(
            "ix_callback_profile_id", "account_id", "profile_id", "id", postgresql_where=text("profile_id IS NOT NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    request_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    event: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str] = mapped_column(Text)
    target: Mapped[dict[str, Any]] = mapped_column(JSON)
    variables: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    due_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    profile_id: Mapped[UUID | None] = mapped_column(Computed("(target ->> 'profile')::uuid", persisted=True))


# Every attempt: request, answer, duration. Rows are only ever added, and nothing points at one, so there is no key.
callback_attempt = Table(
    "callback_attempt",
    Base.metadata,
    Column("account_id", BigInteger, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("n", SmallInteger, nullable=False),
    Column("callback_id", Uuid, nullable=False),
    Column("event", Text, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("http_status", SmallInteger),
    Column("error", Text),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("request_headers", JSON),
    Column("request_body", Text),
    Column("response_headers", JSON),
    Column("response_body", Text),
    Column("profile_id", Uuid),
    # Which transaction wrote it: the order in which attempts are read on (attempts/repository.py).
    Column("transaction_id", BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint")),
    Index("ix_callback_attempt_transaction_id", "account_id", "transaction_id"),
    Index("ix_callback_attempt_account_id", "account_id", "request_id", "n"),
    Index(
        "ix_callback_attempt_profile_id",
        "account_id",
        "profile_id",
        "callback_id",
        postgresql_where=text("profile_id IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (callback_id)",
)


class CallbackSecret(Base):
    """The secret with which an account's callbacks are signed, and the one before it while both are valid."""

    __tablename__ = "callback_secret"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    previous_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    previous_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
