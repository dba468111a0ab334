"""Tables of single sign-on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class IdentityProvider(Base):
    """The provider of an account. ``trusts_addresses``: an address counts although nothing says that it is verified."""

    __tablename__ = "identity_provider"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    is_on: Mapped[bool]
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    default_role: Mapped[str] = mapped_column(Text)
    is_required: Mapped[bool]
    trusts_addresses: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(Moment)


class SsoDomain(Base):
    """A domain whose people go to the provider of an account; one account has it."""

    __tablename__ = "sso_domain"

    domain: Mapped[str] = mapped_column(Text, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("identity_provider.account_id", ondelete="CASCADE"), index=True)


class SsoAttempt(Base):
    """A sign-in that was sent to a provider; used once, in the browser that began it."""

    __tablename__ = "sso_attempt"

    state_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    target: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class SsoIdentity(Base):
    """Whom a provider means by a subject: addresses change, subjects do not."""

    __tablename__ = "sso_identity"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    issuer: Mapped[str] = mapped_column(Text, primary_key=True)
    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
