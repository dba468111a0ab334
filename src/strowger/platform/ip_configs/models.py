"""The table of IP configurations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Index, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class IpConfig(Base):
    """A named set of networks (CIDR), at least one: what keys that use it may be used from, besides their own networks.

    A parent's set may be on the keys of its sub-accounts.
    """

    __tablename__ = "ip_config"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(Text)
    networks: Mapped[list[str]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


Index("uq_ip_config_account_id_name", IpConfig.account_id, func.lower(IpConfig.name), unique=True)
