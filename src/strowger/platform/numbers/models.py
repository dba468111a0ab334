"""Tables of numbers: those on which accounts receive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Number(Base):
    """A number of an account, in international digits.

    ``callback`` is where incoming messages are reported, ``smpp_user_id`` the SMPP client that they are delivered to.
    """

    __tablename__ = "number"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    msisdn: Mapped[str] = mapped_column(Text, unique=True)
    label: Mapped[str] = mapped_column(Text, server_default="")
    callback: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    smpp_user_id: Mapped[int | None] = mapped_column(ForeignKey("smpp_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
