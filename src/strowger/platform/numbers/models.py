"""Tables of numbers: those on which accounts receive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Number(Base):
    """A number of an account, in international digits.

    ``callback`` is where incoming messages are reported, ``smpp_user_id`` the SMPP client that they are delivered to.
    ``shared``: accounts of NumberShare receive on it too, by keywords of their own.
    """

    __tablename__ = "number"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    msisdn: Mapped[str] = mapped_column(Text, unique=True)
    label: Mapped[str] = mapped_column(Text, server_default="")
    callback: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    smpp_user_id: Mapped[int | None] = mapped_column(ForeignKey("smpp_user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
    shared: Mapped[bool] = mapped_column(server_default=text("false"))


class NumberShare(Base):
    """An account may receive by keyword on a number of another account. It sees this row, not the number's."""

    __tablename__ = "number_share"
    __table_args__ = (Index("ix_number_share_number_id", "number_id"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    number_id: Mapped[int] = mapped_column(
        ForeignKey("number.id", ondelete="CASCADE"), type_=BigInteger, primary_key=True
    )
    msisdn: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
