"""The table of feature flags."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class FeatureFlag(Base):
    """A feature switched on or off for an account and its sub-accounts; null account: for everybody who has no own flag."""

    __tablename__ = "feature_flag"
    __table_args__ = (UniqueConstraint("account_id", "feature", postgresql_nulls_not_distinct=True),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), type_=BigInteger)
    feature: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool]
    by_user: Mapped[str] = mapped_column(Text, server_default=text("''"))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
