"""The secret with which an HTTP carrier signs its reports.

Revision ID: 0043
Revises: 0041b
"""

from alembic import op

revision = "0043"
down_revision = "0041b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE carrier ADD COLUMN signing_sealed bytea")


def downgrade() -> None:
    """Take it back."""
    op.execute("ALTER TABLE carrier DROP COLUMN signing_sealed")
