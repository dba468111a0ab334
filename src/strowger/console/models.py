"""Tables of the console."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class SavedView(Base):
    """A named state of a list. ``query`` is its URL query; without ``user_id`` the whole account sees it."""

    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_account_id", "account_id", "list"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    list: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


class PageMark(Base):
    """A page that a person opened or starred; those that are only opened are the last few (see ``marks``)."""

    __tablename__ = "page_mark"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), type_=BigInteger, primary_key=True
    )
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    starred_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
