"""The table of schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Notification(Base):
    """A report that an account gets by itself. ``key`` is its type; ``frequency`` daily, weekly (on Monday) or monthly (on the
    first), at ``hour`` of the account's time zone, about the day, week or month that is over then. ``next_at`` is when next."""

    __tablename__ = "notification"
    __table_args__ = (Index("ix_notification_next_at", "next_at", postgresql_where=text("enabled")),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    frequency: Mapped[str] = mapped_column(Text)
    hour: Mapped[int] = mapped_column(SmallInteger)
    recipients: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    format: Mapped[str] = mapped_column(Text, server_default="csv")
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    send_empty: Mapped[bool] = mapped_column(server_default=text("false"))
    next_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[str] = mapped_column(Text, server_default="")
    changed_at: Mapped[datetime] = mapped_column(Moment)
