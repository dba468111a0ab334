"""Tables of retention and erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Retention(Base):
    """How many days an account keeps a kind of data; without a row the installation's days count."""

    __tablename__ = "retention"
    __table_args__ = (CheckConstraint("days BETWEEN 1 AND 3650", name="days"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    days: Mapped[int]


class DataExport(Base):
    """An export that was asked for by API, then the file that it became.

    ``state``: queued, working (``seen_at`` moves while its worker lives), ready, failed. ``subject_sealed`` is the person (NULL:
    the whole account), emptied when it is done; ``file_id`` is no reference: an erasure may remove the file.
    """

    __tablename__ = "data_export"
    __table_args__ = (
        Index("ix_data_export_account_id_asked_at", "account_id", "asked_at"),
        Index("ix_data_export_open", "asked_at", postgresql_where=text("state IN ('queued', 'working')")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    hint: Mapped[str] = mapped_column(Text)
    by_user: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    file_id: Mapped[UUID | None] = mapped_column(Uuid)
    error: Mapped[str] = mapped_column(Text, server_default="")
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class Erasure(Base):
    """A person that is to be erased, then the certificate: ``rows`` are the tables and how many rows each.

    ``subject_sealed`` is the number or address, emptied when it is done; ``hint`` is what may be shown of it.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        Index("ix_erasure_account_id_asked_at", "account_id", "asked_at"),
        Index("ix_erasure_open", "asked_at", postgresql_where=text("done_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    hint: Mapped[str] = mapped_column(Text)
    by_user: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rows: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    subject_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
