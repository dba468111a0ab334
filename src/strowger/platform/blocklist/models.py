"""The table of blocked addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class BlocklistEntry(Base):
    """An address that an account does not send to on a channel. ``address`` is digits, or an e-mail address."""

    __tablename__ = "blocklist_entry"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
