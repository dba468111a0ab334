"""Tables of the SMS channel."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Sender(Base):
    """A sender ID of an account. ``iso_code`` null means every country; ``status`` is Pending, Approved, Rejected or Disabled."""

    __tablename__ = "sender"
    __table_args__ = (Index("ix_sender_account_id_sender", "account_id", "sender"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    sender: Mapped[str] = mapped_column(Text)
    iso_code: Mapped[str | None] = mapped_column(CHAR(2))
    purpose: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="Approved")
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
