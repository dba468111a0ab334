"""Tables of short links."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class ShortLink(Base):
    """A short link: ``<short URL>/<slug>`` leads to ``long_url`` until ``expires_at``. Slugs are unique in the installation.

    ``advanced``: each recipient gets a link of his own. ``link_type`` is URL or FILE. A link that was deleted (``deleted_at``)
    leads nowhere; its clicks stay and its slug is not given away.
    """

    __tablename__ = "short_link"
    __table_args__ = (Index("ix_short_link_account_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    long_url: Mapped[str] = mapped_column(Text)
    callback: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    clicks: Mapped[int] = mapped_column(BigInteger, server_default="0")
    last_click_at: Mapped[datetime | None] = mapped_column(Moment)
    title: Mapped[str] = mapped_column(Text, server_default="")
    advanced: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    link_type: Mapped[str] = mapped_column(Text, server_default="URL")
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)


class LinkToken(Base):
    """A link in one message. With a ``token`` it is the recipient's own: ``<short URL>/<slug>/<token>``; without, it is shared."""

    __tablename__ = "short_link_token"
    __table_args__ = (
        Index("ix_short_link_token_account_id", "account_id", "request_id", "n"),
        Index(
            "uq_short_link_token_link_id", "link_id", "token", unique=True, postgresql_where=text("token IS NOT NULL")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    link_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    recipient: Mapped[str] = mapped_column(Text)
    clicks: Mapped[int] = mapped_column(server_default="0")


class LinkClick(Base):
    """One opening of a short link; ``token_id`` is None for a shared link."""

    __tablename__ = "short_link_click"
    __table_args__ = (Index("ix_short_link_click_account_id", "account_id", "link_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    link_id: Mapped[int] = mapped_column(BigInteger)
    token_id: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Moment)
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    referer: Mapped[str | None] = mapped_column(Text)
