"""Tables of the foundation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Identity, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

NOW = text("now()")


class Worker(Base):
    """A running worker process; claims and leases carry its id."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
    heartbeat_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=NOW)
