"""Tables of stored files."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base


class StoredFile(Base):
    """One file of an account. While ``finished_at`` is empty it is being written, and nobody sees it.

    ``sha256`` and ``size`` (bytes) are of the content before sealing; ``expires_at``: upkeep removes it after that.
    """

    __tablename__ = "stored_file"
    __table_args__ = (
        Index("ix_stored_file_expires_at", "expires_at", postgresql_where=text("expires_at IS NOT NULL")),
        Index("ix_stored_file_unfinished", "created_at", postgresql_where=text("finished_at IS NULL")),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger, server_default="0")
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    pieces: Mapped[int] = mapped_column(server_default="0")
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class StoredPiece(Base):
    """One piece of a file's content, in order of ``n`` from 0, sealed for its place."""

    __tablename__ = "stored_piece"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "file_id"], ["stored_file.account_id", "stored_file.id"], ondelete="CASCADE"
        ),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    file_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
