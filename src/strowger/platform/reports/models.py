"""Tables of reports, and of the addresses outside an account that agreed to get them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Report(Base):
    """One report. ``state``: queued, running, done, failed, expired (its file has gone), cancelled.

    ``params`` is what was asked for (schemas.Params). ``spans`` of which ``done_spans`` are written tell how far it is.
    ``claimed_by`` is the worker that makes it; ``next_at`` when it may be claimed (again). ``notification`` and ``period``
    name the schedule and the first day that it is of; ``mailed`` are those of ``recipients`` who have got it.
    ``summary`` is what the screen shows: totals, chart, first rows.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_waiting", "next_at", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_report_expires_at", "expires_at", postgresql_where=text("state = 'done'")),
        Index(
            "uq_report_notification", "account_id", "notification", "period", unique=True,
            postgresql_where=text("notification IS NOT NULL"),
        ),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    format: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    spans: Mapped[int] = mapped_column(server_default="0")
    done_spans: Mapped[int] = mapped_column(server_default="0")
    rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    file_id: Mapped[UUID | None]
    requested_by: Mapped[str] = mapped_column(Text, server_default="")
    recipients: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    mailed: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    notification: Mapped[str | None] = mapped_column(Text)
    period: Mapped[date | None] = mapped_column(Date)
    send_empty: Mapped[bool] = mapped_column(server_default=text("true"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    claimed_by: Mapped[int | None]
    problem: Mapped[str] = mapped_column(Text, server_default="")
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    next_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)


class ReportRecipient(Base):
    """An address outside the account's people. ``state``: asked, confirmed, refused; the link's token is kept as a hash."""

    __tablename__ = "report_recipient"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default="asked")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
