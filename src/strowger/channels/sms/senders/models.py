"""The table of sender IDs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Sender(Base):
    """A sender ID of an account. ``iso_code`` null means every country; ``status`` is one of schemas.STATES.

    Deleted rows stay: reports and history name them.
    """

    __tablename__ = "sender"
    __table_args__ = (
        Index("ix_sender_account_id_sender", "account_id", "sender"),
        Index("ix_sender_pending", "id", postgresql_where=text("status = 'Pending'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sender: Mapped[str] = mapped_column(Text)
    iso_code: Mapped[str | None] = mapped_column(CHAR(2))
    purpose: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="Approved")
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    entity_id: Mapped[str | None] = mapped_column(Text)
    sample: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(Text)
