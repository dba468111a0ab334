"""Tables of accounts, users, sessions and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

NOW = text("now()")
Moment = DateTime(timezone=True)


class Account(Base):
    """A tenant. ``state`` is active, trial, suspended, inactive or closed; ``settings`` hold its choices.

    ``parent_id``: the account that this sub-account belongs to.
    """

    __tablename__ = "account"
    __table_args__ = (Index("ix_account_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    sid: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(CHAR(2))
    currency: Mapped[str] = mapped_column(CHAR(3))
    time_zone: Mapped[str] = mapped_column(Text, server_default="UTC")
    state: Mapped[str] = mapped_column(Text, server_default="active")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))


class User(Base):
    """A person who signs in to the console.

    ``state`` is invited, active or disabled; ``blocked_until`` is set when too many codes were asked for; after
    ``access_until`` nothing is granted any more (experts). ``totp_step`` is the last time step whose code was used.
    """

    __tablename__ = "app_user"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text, server_default="owner")
    theme: Mapped[str] = mapped_column(Text, server_default="auto")
    preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    failed_logins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    last_login_at: Mapped[datetime | None] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(Text, server_default="active")
    mobile: Mapped[str | None] = mapped_column(Text)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    blocked_until: Mapped[datetime | None] = mapped_column(Moment)
    access_until: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class UserSession(Base):
    """A signed-in browser; the cookie's token is stored only as a hash."""

    __tablename__ = "user_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text, server_default="password")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    seen_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class ApiKey(Base):
    """An API key: SHA-256 for the look-up, sealed text for reveal, hint (its last four characters) for lists.

    ``scopes`` are the permissions it is limited to; none: everything that the API offers. It works from ``networks`` and from
    those of its IP configuration; without both, from everywhere.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    hint: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    networks: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    ip_config_id: Mapped[int | None] = mapped_column(ForeignKey("ip_config.id"), index=True)
    rate: Mapped[int | None]
    scopes: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_ip: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class UserImage(Base):
    """The picture of a user, cut to a square and written anew; ``version`` changes with it and is its ETag."""

    __tablename__ = "user_image"

    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    version: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime] = mapped_column(Moment)
