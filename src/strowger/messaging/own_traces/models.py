"""The table of the installation's own status traces."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class OwnTrace(Base):
    """One trace; ``status`` is the word of the status that it belongs to, as in traces.json."""

    __tablename__ = "status_trace"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    meaning: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str] = mapped_column(Text, server_default="")
    retry: Mapped[bool] = mapped_column(server_default=text("false"))
    blacklistable: Mapped[bool] = mapped_column(server_default=text("false"))
    updated_by: Mapped[str] = mapped_column(Text, server_default="")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
