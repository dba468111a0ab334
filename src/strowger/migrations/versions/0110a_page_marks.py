"""Pages that people opened last or starred.

Revision ID: 0110a
Revises: 0091
"""

from __future__ import annotations

from alembic import op

revision = "0110a"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The table."""
    op.execute(
        """
        CREATE TABLE page_mark (
            account_id bigint NOT NULL CONSTRAINT fk_page_mark_account_id REFERENCES account (id),
            user_id bigint NOT NULL CONSTRAINT fk_page_mark_user_id REFERENCES app_user (id) ON DELETE CASCADE,
            path text NOT NULL,
            title text NOT NULL,
            opened_at timestamptz,
            starred_at timestamptz,
            CONSTRAINT pk_page_mark PRIMARY KEY (account_id, user_id, path)
        )
        """
    )


def downgrade() -> None:
    """Without it."""
    op.execute("DROP TABLE page_mark")
