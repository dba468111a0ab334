"""Tables of tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Ticket(Base):
    """A question of a customer. ``state``: open (the operator's turn), answered (the customer's) or closed."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("account_id", "id"),
        Index("ix_ticket_state_updated_at", "state", "updated_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger)
    subject: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default=text("'open'"))
    by_email: Mapped[str] = mapped_column(Text)
    by_name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class TicketPost(Base):
    """One contribution to a ticket; ``files`` are stored files of the account: id and name."""

    __tablename__ = "ticket_post"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "ticket_id"],
            ["ticket.account_id", "ticket.id"],
            ondelete="CASCADE",
            name="fk_ticket_post_ticket",
        ),
        Index("ix_ticket_post_account_id_ticket_id", "account_id", "ticket_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    ticket_id: Mapped[int] = mapped_column(BigInteger)
    by_name: Mapped[str] = mapped_column(Text)
    from_operator: Mapped[bool]
    body: Mapped[str] = mapped_column(Text)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    at: Mapped[datetime] = mapped_column(Moment)
