"""Tables of campaigns."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Campaign(Base):
    """A campaign of any channel. ``state`` is schemas.State; ``content`` is the message as its channel keeps it.

    ``next_at`` is when the worker has to look at it again; empty: never. ``columns`` name the cells of its contacts.
    ``plan`` is the schedule as it was entered (planning.py), ``options`` how contacts were read (contacts.py).
    """

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("account_id", "name"),
        Index("ix_campaign_next_at", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    sender: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    source: Mapped[str] = mapped_column(Text, server_default="")
    source_name: Mapped[str] = mapped_column(Text, server_default="")
    file_id: Mapped[UUID | None] = mapped_column(Uuid)
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    total: Mapped[int] = mapped_column(server_default="0")
    valid: Mapped[int] = mapped_column(server_default="0")
    invalid: Mapped[int] = mapped_column(server_default="0")
    duplicates: Mapped[int] = mapped_column(server_default="0")
    blocked: Mapped[int] = mapped_column(server_default="0")
    recent: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    pace: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    replay_of: Mapped[UUID | None] = mapped_column(Uuid)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    launched_at: Mapped[datetime | None] = mapped_column(Moment)
    first_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    next_at: Mapped[datetime | None] = mapped_column(Moment)


class CampaignContact(Base):
    """A contact of a campaign, in the order of its source; ``state`` is schemas.Kept. ``line`` is its place in the file.

    ``recipient`` is the number in international digits, or what stands there when it is none. No key binds rows to their
    campaign: they are written by COPY, half a million at once.
    """

    __tablename__ = "campaign_contact"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    line: Mapped[int]
    recipient: Mapped[str] = mapped_column(Text)
    cells: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class CampaignBatch(Base):
    """A part of the contacts that goes at its own time: rows ``first_row`` to ``last_row``, done up to ``cursor``."""

    __tablename__ = "campaign_batch"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "campaign_id"], ["campaign.account_id", "campaign.id"], ondelete="CASCADE"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    first_row: Mapped[int]
    last_row: Mapped[int]
    cursor: Mapped[int]
    contacts: Mapped[int]
    accepted: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(Text, server_default="scheduled")
    due_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class CampaignChunk(Base):
    """The request that a run of rows became. Its message ``n`` is the n-th contact of the run that was not left out."""

    __tablename__ = "campaign_chunk"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "campaign_id"], ["campaign.account_id", "campaign.id"], ondelete="CASCADE"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    campaign_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    batch: Mapped[int] = mapped_column(SmallInteger)
    first_row: Mapped[int]
    last_row: Mapped[int]
