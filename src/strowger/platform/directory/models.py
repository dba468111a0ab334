"""Tables of the directory."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Moment = DateTime(timezone=True)


class Contact(Base):
    """A person of an account's directory. ``mobile`` is international digits; ``fields`` maps ids of custom fields to texts.

    ``source`` tells what made it: manual, api, import, blocklist, auto, message.
    """

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("account_id", "mobile"),
        Index("ix_contact_account_id_name", "account_id", "name", "id"),
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    mobile: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, server_default="")
    email: Mapped[str] = mapped_column(Text, server_default="")
    city: Mapped[str] = mapped_column(Text, server_default="")
    state: Mapped[str] = mapped_column(Text, server_default="")
    country: Mapped[str] = mapped_column(Text, server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    source: Mapped[str] = mapped_column(Text, server_default="manual")
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)


class Tag(Base):
    """A name for a group of contacts; unique in an account without regard to case. ``colour`` is a tone of the console.

    ``criteria`` makes it dynamic: a saved filter of the contacts' list, as its URL has it; who fits is looked up when asked.
    """

    __tablename__ = "tag"
    __table_args__ = (Index("uq_tag_account_id_name", "account_id", text("lower(name)"), unique=True),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    colour: Mapped[str] = mapped_column(Text, server_default="neutral")
    criteria: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)


class ContactTag(Base):
    """A contact wears a tag."""

    __tablename__ = "contact_tag"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "tag_id"], ["tag.account_id", "tag.id"], name="fk_contact_tag_tag", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["account_id", "contact_id"],
            ["contact.account_id", "contact.id"],
            name="fk_contact_tag_contact",
            ondelete="CASCADE",
        ),
        Index("ix_contact_tag_account_id_contact_id", "account_id", "contact_id"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tag_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    added_at: Mapped[datetime] = mapped_column(Moment)


class ContactField(Base):
    """A field that an account adds to its contacts; ``kind`` is text, number, date or boolean."""

    __tablename__ = "contact_field"
    __table_args__ = (Index("uq_contact_field_account_id_name", "account_id", text("lower(name)"), unique=True),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)


class ContactImport(Base):
    """One import. ``mode`` is contacts or tags; ``options`` say how (schemas.Options); ``state`` is draft, waiting, running,
    done or failed. ``cursor`` is the last row that was written. ``counts`` tell what became of the rows."""

    __tablename__ = "contact_import"
    __table_args__ = (Index("ix_contact_import_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL")),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), type_=BigInteger, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    mode: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    file_id: Mapped[UUID | None] = mapped_column(Uuid)
    result_id: Mapped[UUID | None] = mapped_column(Uuid)
    headings: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    cursor: Mapped[int] = mapped_column(BigInteger, server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    created_by: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    due_at: Mapped[datetime | None] = mapped_column(Moment)


class ContactImportRow(Base):
    """A row of a file as it was read, until its import has ended; ``error`` says why it cannot be taken.

    ``blocks`` maps channels to whether the number is to be blocked there.
    """

    __tablename__ = "contact_import_row"
    __table_args__ = (Index("ix_contact_import_row_mobile", "account_id", "import_id", "mobile", "row"),)

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    import_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    line: Mapped[int]
    mobile: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    home: Mapped[str] = mapped_column(Text, server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    blocks: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    error: Mapped[str] = mapped_column(Text, server_default="")
