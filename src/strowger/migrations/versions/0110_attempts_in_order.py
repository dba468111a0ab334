"""Attempts of callbacks can be read on from a place: each row names the transaction that wrote it.

Revision ID: 0110
Revises: 0072
"""

from __future__ import annotations

from alembic import op

revision = "0110"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows that are there come before all others; neither column nor default rewrites them."""
    op.execute("ALTER TABLE callback_attempt ADD COLUMN transaction_id bigint NOT NULL DEFAULT 0")
    op.execute(
        "ALTER TABLE callback_attempt ALTER COLUMN transaction_id SET DEFAULT (pg_current_xact_id()::text::bigint)"
    )
    op.execute("CREATE INDEX ix_callback_attempt_transaction_id ON callback_attempt (account_id, transaction_id)")


def downgrade() -> None:
    """Without the order."""
    op.execute("ALTER TABLE callback_attempt DROP COLUMN transaction_id")
