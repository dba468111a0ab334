"""The number plan names the circle (region) of a range, too.

Revision ID: 0071
Revises: 0070
"""

from __future__ import annotations

from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and an index of the ranges that have one."""
    op.execute("ALTER TABLE number_range ADD COLUMN circle text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX ix_number_range_circle ON number_range (prefix) WHERE circle <> ''")


def downgrade() -> None:
    """Take them back."""
    op.execute("ALTER TABLE number_range DROP COLUMN circle")
