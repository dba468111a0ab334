"""Tables of the message log and its queue, as the migrations make them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSON, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)
Amount = Numeric(18, 6)


# JSON of the path is stored as it was written (json, ADR 91): no index is on it, and taking it apart (jsonb) costs much.
class Message(Base):
    """One message to or from one number. Its public id is ``<request_id>:<n>``; ``status`` is statuses.Status."""

    __tablename__ = "message"
    __table_args__ = (
        # "IS NOT NULL" keeps it from standing in for the primary key, which it would where a partition is still empty: it has
        # the account and the request, too. Every condition on the recipient implies it.
        Index(
            "ix_message_recipient",
            "account_id",
            "recipient",
            "request_id",
            postgresql_where=text("recipient IS NOT NULL"),
        ),
        {"postgresql_partition_by": "RANGE (request_id)"},
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    channel: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    direction: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    status: Mapped[int] = mapped_column(SmallInteger)
    trace: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    sender: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    units: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    length: Mapped[int] = mapped_column(server_default="0")
    encoding: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(CHAR(2))
    network: Mapped[str | None] = mapped_column(Text)
    carrier_id: Mapped[int | None]
    price: Mapped[Decimal | None] = mapped_column(Amount)
    refunded: Mapped[bool] = mapped_column(server_default=text("false"))
    source: Mapped[str] = mapped_column(Text, server_default="API")
    campaign_name: Mapped[str | None] = mapped_column(Text)
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    callback: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    valid_until: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    final_at: Mapped[datetime | None] = mapped_column(Moment)


# One change in a message's life; rows are only ever added. ``kind`` is statuses.EventKind; part 0 is the whole message.
# The table has no key: nothing ever points at an event.
message_event = Table(
    "message_event",
    Base.metadata,
    Column("account_id", BigInteger, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("n", SmallInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("trace", Text, nullable=False),
    Column("part", SmallInteger, nullable=False, server_default="0"),
    Column("carrier_id", Integer),
    Column("operator_id", Text),
    Column("detail", JSON),
    Index("ix_message_event_account_id_request_id", "account_id", "request_id", "n"),
    Index("ix_message_event_operator_id", "operator_id", "carrier_id", postgresql_where=text("kind = 2")),
    postgresql_partition_by="RANGE (request_id)",
)


class QueuedSubmission(Base):
    """A message on its way to a carrier. ``lane`` 0 has no carrier yet, else it is the carrier's id."""

    __tablename__ = "submission"
    __table_args__ = (Index("ix_submission_lane", "lane", "priority", "due_at"),)

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(server_default="0")
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    due_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    claimed_by: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    price: Mapped[Decimal | None] = mapped_column(Amount)
    tried: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    reason: Mapped[str | None] = mapped_column(Text)


class ScheduledRequest(Base):
    """A request of which messages were to leave later: what it is in short, and its first and last moment as they stand now."""

    __tablename__ = "scheduled_request"
    __table_args__ = (Index("ix_scheduled_request_due_at", "due_at"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[int] = mapped_column(SmallInteger)
    type: Mapped[str] = mapped_column(Text)
    sender: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    campaign_name: Mapped[str | None] = mapped_column(Text)
    total: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(Moment)
    last_due_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    changed_at: Mapped[datetime | None] = mapped_column(Moment)


class TextErasure(Base):
    """An account that keeps texts for fewer days than messages: those of messages accepted before ``until`` are erased."""

    __tablename__ = "text_erasure"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    until: Mapped[datetime] = mapped_column(Moment)


class EarlyReceipt(Base):
    """A receipt that came before its message was known to be submitted."""

    __tablename__ = "early_receipt"
    __table_args__ = (Index("ix_early_receipt_operator_id", "operator_id", "carrier_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    carrier_id: Mapped[int]
    operator_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSONB)


class IncomingPart(Base):
    """A part of an incoming message whose other parts are awaited."""

    __tablename__ = "mo_part"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    destination: Mapped[str] = mapped_column(Text, primary_key=True)
    reference: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    total: Mapped[int] = mapped_column(SmallInteger)
    carrier_id: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)


class SmppDelivery(Base):
    """A receipt (kind 0) or incoming message (kind 1) that waits for a client's receiver bind; oldest first by its id.

    ``user_id`` is the client's smpp_user; no key binds it, so that removing a client never stands in the journal's way.
    """

    __tablename__ = "smpp_delivery"
    __table_args__ = (Index("ix_smpp_delivery_user_id", "user_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    request_id: Mapped[UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    claimed_by: Mapped[int | None]
