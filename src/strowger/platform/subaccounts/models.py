"""Tables of sub-accounts: what the parent keeps of each, what was done to it, and who acts in one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Subaccount(Base):
    """An account with a parent. ``status``: invited, active, suspended, deleted; ``credit_type``: assigned, shared.

    ``number`` ends its SID, ``<parent's SID>_<number>``, and is never used again. ``ip_config_id`` is the IP configuration that
    the parent put on its keys, and that keys made later take.
    """

    __tablename__ = "subaccount"
    __table_args__ = (UniqueConstraint("parent_id", "number"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    credit_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    channels: Mapped[list[str]] = mapped_column(JSONB)
    ip_config_id: Mapped[int | None] = mapped_column(ForeignKey("ip_config.id"), index=True)
    invite_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    invite_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)


Index(
    "uq_subaccount_parent_id_name",
    Subaccount.parent_id,
    func.lower(Subaccount.name),
    unique=True,
    postgresql_where=Subaccount.status != "deleted",
)
Index("uq_subaccount_invite_hash", Subaccount.invite_hash, unique=True)


class SubaccountEvent(Base):
    """What was done to a sub-account and by whom; rows are only ever added."""

    __tablename__ = "subaccount_event"
    __table_args__ = (Index("ix_subaccount_event_account_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    act: Mapped[str] = mapped_column(Text)
    by_user: Mapped[str] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))


class ActingSession(Base):
    """A session of a parent's user that works in a sub-account at present."""

    __tablename__ = "acting_session"

    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary, ForeignKey("user_session.token_hash", ondelete="CASCADE"), primary_key=True
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    started_at: Mapped[datetime] = mapped_column(Moment)
