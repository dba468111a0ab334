"""The table of SMS templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

LIVE = text("status <> 3 AND replaces IS NULL")


class SmsTemplate(Base):
    """A template of an account. ``status`` is schemas.State.

    A changed text of an approved one waits as a row of its own whose ``replaces`` names it; approval puts it in its
    place. ``defaults`` are values by variable. Deleted rows stay: reports and history name them.
    """

    __tablename__ = "sms_template"
    __table_args__ = (
        Index(
            "uq_sms_template_account_id_template_id", "account_id", "template_id", unique=True, postgresql_where=LIVE
        ),
        Index(
            "uq_sms_template_account_id_title", "account_id", text("lower(title)"), unique=True, postgresql_where=LIVE
        ),
        Index("uq_sms_template_replaces", "replaces", unique=True, postgresql_where=text("status <> 3")),
        Index("ix_sms_template_account_id_id", "account_id", "id"),
        Index("ix_sms_template_pending", "id", postgresql_where=text("status = 0")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    title: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    template_id: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[str | None] = mapped_column(Text)
    senders: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    purpose: Mapped[str] = mapped_column(Text)
    iso_code: Mapped[str] = mapped_column(CHAR(2))
    language: Mapped[str] = mapped_column(Text, server_default="en")
    defaults: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    status: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="1")
    replaces: Mapped[int | None] = mapped_column(ForeignKey("sms_template.id"))
    author: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
