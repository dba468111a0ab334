"""Tables of signing in beyond the password. Tokens and codes are stored as hashes only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


def _user() -> Mapped[int]:
    return mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)


class SignInStep(Base):
    """A sign-in whose password was right and whose second factor is awaited; ``method`` is the one in use."""

    __tablename__ = "sign_in_step"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = _user()
    method: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_until: Mapped[datetime | None] = mapped_column(Moment)
    wrong: Mapped[int] = mapped_column(server_default="0")
    challenge: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class CodeAttempt(Base):
    """A code that was asked for (``kind`` sent) or tried (``kind`` tried); what the limits count."""

    __tablename__ = "code_attempt"
    __table_args__ = (Index("ix_code_attempt_user_id_at", "user_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class RecoveryCode(Base):
    """One of the codes for when the phone is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = _user()
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class TrustedDevice(Base):
    """A browser that gave a right code and is not asked again for some hours."""

    __tablename__ = "trusted_device"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int] = _user()
    expires_at: Mapped[datetime] = mapped_column(Moment)


class OneTimeLink(Base):
    """A link that was mailed: ``purpose`` is invitation, password-reset or sign-in."""

    __tablename__ = "one_time_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = _user()
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class LoginEvent(Base):
    """One attempt to sign in, as the login history shows it."""

    __tablename__ = "login_event"
    __table_args__ = (Index("ix_login_event_account_id_id", "account_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="SET NULL"), index=True)
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class Passkey(Base):
    """A passkey of a user. ``id`` is the credential's id, ``number`` names it in pages; ``sign_count`` is its counter when it was
    last used."""

    __tablename__ = "passkey"

    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[int] = _user()
    name: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)


class PasskeyChallenge(Base):
    """What a browser has to sign, as a hash; used once. ``purpose``: register, enter (nobody known yet) or factor."""

    __tablename__ = "passkey_challenge"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    purpose: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class SignUp(Base):
    """A sign-up whose e-mail address is not confirmed yet; the account is made when it is, and the mobile number, too.

    ``codes`` were sent to that number; ``wrong`` counts tries of the last one.
    """

    __tablename__ = "sign_up"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    email: Mapped[str] = mapped_column(Text, index=True)
    password_hash: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    mails: Mapped[int] = mapped_column(server_default="1")
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_until: Mapped[datetime | None] = mapped_column(Moment)
    codes: Mapped[int] = mapped_column(server_default="0")
    wrong: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class EmailChange(Base):
    """A change of a user's e-mail address: asked for, confirmed from the new mailbox, stopped or undone from the old one.

    ``stop_hash`` is of the link in the first mail to the old address, ``undo_hash`` of the one in the mail after the change.
    """

    __tablename__ = "email_change"

    confirm_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    stop_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    undo_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    user_id: Mapped[int] = _user()
    old_email: Mapped[str] = mapped_column(Text, index=True)
    new_email: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class SpentProof(Base):
    """A proof of work that was used; kept until it would be too old anyway."""

    __tablename__ = "spent_proof"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class SignInFailure(Base):
    """A wrong password, under the hash of a network or of an e-mail address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
