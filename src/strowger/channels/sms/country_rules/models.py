"""The table of the countries whose texts are held to less than the protocol allows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import CHAR
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class CountryRuleRow(Base):
    """One country by its ISO code; ``max_parts`` null: as many as everywhere."""

    __tablename__ = "country_rule"

    country: Mapped[str] = mapped_column(CHAR(2), primary_key=True)
    max_parts: Mapped[int | None] = mapped_column(SmallInteger)
    unicode_allowed: Mapped[bool] = mapped_column(server_default=text("true"))
    updated_by: Mapped[str] = mapped_column(Text, server_default="")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
