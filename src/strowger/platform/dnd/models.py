"""Tables of do-not-disturb numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class DndMark(Base):
    """A number that an account itself marks as not to be disturbed by promotional messages."""

    __tablename__ = "dnd_mark"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)


class DndNumber(Base):
    """A number of the national register, in international digits; the register belongs to the installation."""

    __tablename__ = "dnd_number"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class DndImport(Base):
    """One import into the register: ``mode`` is replace, add or remove."""

    __tablename__ = "dnd_import"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    numbers: Mapped[int]
    refused: Mapped[int]
    total: Mapped[int] = mapped_column(BigInteger)
    added_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
