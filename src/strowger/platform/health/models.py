"""The table of alarms."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Alarm(Base):
    """A trouble of the installation, from its first sign until it has been gone for a while.

    ``kind`` is carrier or queue, ``subject`` which one. ``told_at``: when the operator was mailed; ``calm_since``: since when
    nothing is seen of it (NULL while it lasts); ``ended_at``: it is over, and that was mailed.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index("uq_alarm_open", "kind", "subject", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_alarm_since", "since"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(Moment)
    told_at: Mapped[datetime | None] = mapped_column(Moment)
    calm_since: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
