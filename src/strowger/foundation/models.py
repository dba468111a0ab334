"""Tables of the foundation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

NOW = text("now()")


class Installation(Base):
    """What belongs to the installation as such. ``mark``: see ``foundation.origin``."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mark: Mapped[UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))


class Worker(Base):
    """A running worker process; claims and leases carry its id."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    heartbeat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)


class Mail(Base):
    """An outgoing mail. ``sealed`` holds its text and HTML: mails carry codes and links. ``state``: queued, sent, failed.

    ``mirror``: how often the installation's event webhook was called with it, -1 once it took it; ``mirror_at``: when again.
    """

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_next_at", "next_at", postgresql_where=text("state = 'queued'")),
        Index("ix_mail_account_id_id", "account_id", "id"),
        Index("ix_mail_mirror", "id", postgresql_where=text("mirror >= 0")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    error: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mirror: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    mirror_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
