"""Tables of carriers, their live links and routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

NOW = text("now()")
Moment = DateTime(timezone=True)


class Carrier(Base):
    """A way out: ``kind`` names the folder that speaks its protocol, ``config`` is that folder's to read.

    ``state`` is active, paused (connected, sends nothing) or removed; the password is sealed, bound to the carrier's name,
    and so are the secret of the address at which a carrier that speaks HTTP calls us, and that with which it signs.
    """

    __tablename__ = "carrier"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    hook_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    signing_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="active")
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class CarrierLink(Base):
    """One bind of a carrier: which worker holds it, its state (down, connecting, bound, throttled) and counters."""

    __tablename__ = "carrier_link"

    carrier_id: Mapped[int] = mapped_column(ForeignKey("carrier.id", ondelete="CASCADE"), primary_key=True)
    bind: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    worker_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(Text, server_default="down")
    detail: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment, server_default=NOW)
    counters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class Route(Base):
    """Messages that fit country, network, prefix, type and sender (null fits all) may go to the carrier; lower priority first.

    Routes of one rank share what fits them by weight.
    """

    __tablename__ = "route"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    carrier_id: Mapped[int] = mapped_column(ForeignKey("carrier.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(Text, server_default="sms")
    country: Mapped[str | None] = mapped_column(CHAR(2))
    type: Mapped[str | None] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(Text)
    network: Mapped[str | None] = mapped_column(Text)
    prefix: Mapped[str | None] = mapped_column(Text)
    weight: Mapped[int] = mapped_column(server_default="1")
    priority: Mapped[int] = mapped_column(server_default="100")
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class NumberRange(Base):
    """Numbers that begin with ``prefix`` belong to ``network`` (MCC and MNC); the longest prefix counts.
    ``circle`` is the region of the range, where known.

    ``batch`` counts the imports, so that a process sees whether its copy is the newest.
    """

    __tablename__ = "number_range"
    __table_args__ = (
        Index("ix_number_range_batch", "batch"),
        Index("ix_number_range_circle", "prefix", postgresql_where=text("circle <> ''")),
    )

    prefix: Mapped[str] = mapped_column(Text, primary_key=True)
    network: Mapped[str] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(CHAR(2))
    operator: Mapped[str] = mapped_column(Text, server_default="")
    circle: Mapped[str] = mapped_column(Text, server_default="")
    batch: Mapped[int] = mapped_column(BigInteger)


class CarrierReport(Base):
    """A receipt or incoming message that a carrier has handed in over HTTP and no worker has taken yet."""

    __tablename__ = "carrier_report"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    carrier_id: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime] = mapped_column(Moment)
