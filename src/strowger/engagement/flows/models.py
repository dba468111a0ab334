"""Tables of flows."""

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
    Identity,
    Index,
    LargeBinary,
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


class Flow(Base):
    """A flow. ``draft`` is schemas.Definition as it is being edited, ``version`` counts its changes; ``revision`` is the
    published one. ``triggers`` are those of the draft. The token of the webhook's address is made at the first publishing.
    """

    __tablename__ = "flow"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(start=10001), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    draft: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default="1")
    published_version: Mapped[int | None]
    revision: Mapped[int | None]
    triggers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    token_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    modified_by: Mapped[str] = mapped_column(Text, server_default="")
    modified_at: Mapped[datetime] = mapped_column(Moment)
    published_at: Mapped[datetime | None] = mapped_column(Moment)


class FlowRevision(Base):
    """What was published, once; never changed afterwards."""

    __tablename__ = "flow_revision"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "flow_id"], ["flow.account_id", "flow.id"], ondelete="CASCADE"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flow_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    definition: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)


class FlowSecret(Base):
    """A header's value of an API widget; definitions name it by its id."""

    __tablename__ = "flow_secret"
    __table_args__ = (
        ForeignKeyConstraint(["account_id", "flow_id"], ["flow.account_id", "flow.id"], ondelete="CASCADE"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    flow_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    value_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


class FlowRun(Base):
    """An execution, and while it is not ended the queue of executions: ``claimed_by`` is the worker that has it.

    It stands before ``at_widget`` of revision ``at_revision`` of ``at_flow`` with ``steps`` steps behind it. ``vars`` are its
    variables (variables.py). No key binds it to its flow: logs outlive flows.
    """

    __tablename__ = "flow_run"
    __table_args__ = (
        Index("ix_flow_run_waiting", "account_id", "id", postgresql_where=text("ended_at IS NULL AND claimed_by IS NULL")),
        Index("ix_flow_run_claimed_by", "claimed_by", postgresql_where=text("claimed_by IS NOT NULL")),
        Index("ix_flow_run_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("ix_flow_run_account_id_flow_id_id", "account_id", "flow_id", "id"),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    flow_id: Mapped[int] = mapped_column(BigInteger)
    flow_name: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    trigger: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="running")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    vars: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    at_flow: Mapped[int] = mapped_column(BigInteger)
    at_revision: Mapped[int]
    at_widget: Mapped[str] = mapped_column(Text)
    steps: Mapped[int] = mapped_column(server_default="0")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    claimed_by: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)


class FlowStep(Base):
    """A widget that an execution went through: by which ``branch`` it left, what it did (``data``)."""

    __tablename__ = "flow_step"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    flow_id: Mapped[int] = mapped_column(BigInteger)
    revision: Mapped[int]
    widget: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    branch: Mapped[str] = mapped_column(Text, server_default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    entered_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime] = mapped_column(Moment)
