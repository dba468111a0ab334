"""The table of documents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class Document(Base):
    """A document; its content is the stored file ``file_id``, which is also its public id.

    ``status`` is pending, approved or rejected (with ``reason``). ``purpose`` says which requirement a KYC document meets.
    ``bound_to`` names what rests on it (``kyc``): then it is not deleted.
    """

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "file_id"],
            ["stored_file.account_id", "stored_file.id"],
            name="fk_document_account_id_file_id",
        ),
        UniqueConstraint("account_id", "file_id"),
        Index("ix_document_account_id_id", "account_id", "id"),
        Index("ix_document_pending", "id", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    file_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text, server_default="")
    number_document_id: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    bound_to: Mapped[str] = mapped_column(Text, server_default="")
    uploaded_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str] = mapped_column(Text, server_default="")
