"""Tables of lookups: requests, their numbers with what was found, and the providers that are asked."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
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
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from strowger.foundation.database import Base

Amount = Numeric(18, 6)
Moment = DateTime(timezone=True)
EMPTY, NONE = text("''"), text("0")


class LookupRequest(Base):
    """Numbers that were asked for together. ``price`` is what was charged so far; ``finished_at`` is set with the last answer.

    ``source``: api, console, file or v4. ``profile_id`` is the callback profile that is told of the end.
    """

    __tablename__ = "lookup_request"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    by_user: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(server_default=NONE)
    failed: Mapped[int] = mapped_column(server_default=NONE)
    price: Mapped[Decimal] = mapped_column(Amount, server_default=NONE)
    currency: Mapped[str] = mapped_column(CHAR(3))
    profile_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class LookupItem(Base):
    """One number of a request. ``state``: 0 waits (``price`` is reserved), 1 is done (``price`` was charged).

    ``due_at`` is when a worker may take it; taking it moves that on, so that what a dead process held is taken again.
    ``source`` says where the facts come from: plan (numbering plan) or hlr.
    """

    __tablename__ = "lookup_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "request_id"], ["lookup_request.account_id", "lookup_request.id"], ondelete="CASCADE",
            name="fk_lookup_item_request",
        ),
        Index("ix_lookup_item_waiting", "n", "due_at", postgresql_where=text("state = 0")),
        Index("ix_lookup_item_account_id_number", "account_id", "number", "finished_at"),
    )  # fmt: skip

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[int] = mapped_column(SmallInteger)
    given: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Amount)
    cached: Mapped[bool] = mapped_column(server_default=text("false"))
    source: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    country: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    country_code: Mapped[int | None]
    line_type: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    current_mcc: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    current_mnc: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    current_operator: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    original_mcc: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    original_mnc: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    original_operator: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    ported: Mapped[bool | None]
    roaming: Mapped[bool | None]
    roaming_country: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    status: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    error_code: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    error_message: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    due_at: Mapped[datetime] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=NONE)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)


class LookupProvider(Base):
    """Somebody who is asked about numbers, for some countries or (none named) for all; lower ``priority`` first.

    ``kind`` names the folder that speaks its protocol, ``config`` is that folder's to read; the secret is sealed.
    """

    __tablename__ = "lookup_provider"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    config: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    countries: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    priority: Mapped[int] = mapped_column(server_default=text("100"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    simulated: Mapped[bool] = mapped_column(server_default=text("false"))
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None] = mapped_column(Moment)
    last_answer_at: Mapped[datetime | None] = mapped_column(Moment)
