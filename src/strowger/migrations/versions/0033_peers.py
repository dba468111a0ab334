"""Until when the texts of an account's messages are erased.

Revision ID: 0033
Revises: 0035
"""

from alembic import op

revision = "0033"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing is erased yet."""
    op.execute(
        """
        CREATE TABLE text_erasure (
            account_id bigint NOT NULL CONSTRAINT fk_text_erasure_account_id REFERENCES account (id),
            until timestamptz NOT NULL,
            CONSTRAINT pk_text_erasure PRIMARY KEY (account_id)
        )
        """
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE text_erasure")
