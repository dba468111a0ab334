"""Room on the pages of the message log, so that status changes stay out of its indexes."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0011"
branch_labels = None
depends_on = None

EACH = """
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'message'::regclass LOOP
        EXECUTE format('ALTER TABLE %s {action}', part);
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Leave half of each page free; rows that stand already stay where they are."""
    op.execute(EACH.format(action="SET (fillfactor = 50)"))


def downgrade() -> None:
    """Fill pages again."""
    op.execute(EACH.format(action="RESET (fillfactor)"))
