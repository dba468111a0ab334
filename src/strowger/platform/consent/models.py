"""Tables of opt-outs and consent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Identity, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class OptOut(Base):
    """A recipient who said stop to a sender or number (``*``: to all of the account)."""

    __tablename__ = "opt_out"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    sender: Mapped[str] = mapped_column(Text, primary_key=True)
    via: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class OptInDeclaration(Base):
    """What an account declared once about the agreement of those whom it writes to, before its first campaign of a channel."""

    __tablename__ = "opt_in_declaration"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    statements: Mapped[list[str]] = mapped_column(ARRAY(Text))
    ip: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class Consent(Base):
    """The present consent of a contact towards a sender: 0 opted out, 1 opted in, 2 deactivated."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_account_id_created_at", "account_id", "channel", "created_at"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    contact: Mapped[str] = mapped_column(Text, primary_key=True)
    sender: Mapped[str] = mapped_column(Text, primary_key=True)
    category: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    topic: Mapped[str] = mapped_column(Text, primary_key=True, server_default="")
    status: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
    source_identifier: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class ConsentHistory(Base):
    """Each statement about consent as it came; rows are only ever added. ``applied``: it was the newest then."""

    __tablename__ = "consent_history"
    __table_args__ = (Index("ix_consent_history_account_id_contact", "account_id", "contact", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger)
    channel: Mapped[str] = mapped_column(Text)
    sender: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text, server_default="")
    topic: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
    source_identifier: Mapped[str | None] = mapped_column(Text)
    inbound_message_identifier: Mapped[str | None] = mapped_column(Text)
    request_identifier: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(Moment)
    applied: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Moment)
