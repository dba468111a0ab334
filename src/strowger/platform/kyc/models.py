"""The table of KYC cases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class KycCase(Base):
    """The one case of an account. ``state``: draft, submitted, in_review, approved, rejected, expired; no row: not started.

    ``reason`` is what the operator wrote last: why it was rejected, or what is missing.
    """

    __tablename__ = "kyc_case"
    __table_args__ = (
        Index("ix_kyc_case_waiting", "submitted_at", postgresql_where=text("state IN ('submitted', 'in_review')")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    details: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    submitted_by: Mapped[str] = mapped_column(Text, server_default="")
    submitted_ip: Mapped[str] = mapped_column(Text, server_default="")
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reviewer: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
