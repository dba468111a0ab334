"""Tables of SMPP access: who may bind, and who is bound."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

NOW = text("now()")
Moment = DateTime(timezone=True)


class SmppUser(Base):
    """A system_id of an account. ``tps`` is submits per second and bind (0: no limit), ``networks`` where it may bind from."""

    __tablename__ = "smpp_user"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    system_id: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text, server_default="")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    networks: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    max_binds: Mapped[int] = mapped_column(SmallInteger, server_default="4")
    window_size: Mapped[int] = mapped_column(SmallInteger, server_default="10")
    tps: Mapped[int] = mapped_column(server_default="50")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    last_bound_at: Mapped[datetime | None] = mapped_column(Moment)
    last_address: Mapped[str | None] = mapped_column(Text)


class SmppBind(Base):
    """A bind that stands, held by a process (``worker_id``); gone with it. ``mode`` is transmitter, receiver or transceiver."""

    __tablename__ = "smpp_bind"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(ForeignKey("smpp_user.id", ondelete="CASCADE"), index=True)
    worker_id: Mapped[int]
    mode: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    tls: Mapped[bool]
    since: Mapped[datetime] = mapped_column(Moment)
    counters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
