"""The index of recipients serves searches for a number, and nothing else: see Message.

Revision ID: 0072
Revises: 0061
"""

from __future__ import annotations

from alembic import op

revision = "0072"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it anew with a condition, in every partition."""
    op.execute("DROP INDEX ix_message_account_id_recipient")
    op.execute(
        "CREATE INDEX ix_message_recipient ON message (account_id, recipient, request_id) WHERE recipient IS NOT NULL"
    )


def downgrade() -> None:
    """As it was."""
    op.execute("DROP INDEX ix_message_recipient")
    op.execute("CREATE INDEX ix_message_account_id_recipient ON message (account_id, recipient, request_id)")
