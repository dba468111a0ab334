"""Sums of ledgers, kept by the workers; an index for the last credits that came in.

Revision ID: 0061
Revises: 0071
"""

from alembic import op

revision = "0061"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An empty table is right: what is not summed yet is read from the ledger."""
    op.execute("""
        CREATE TABLE ledger_sum (
            account_id bigint NOT NULL CONSTRAINT pk_ledger_sum PRIMARY KEY
                CONSTRAINT fk_ledger_sum_account_id REFERENCES account (id),
            upto uuid NOT NULL,
            reserved numeric(18, 6) NOT NULL
        )
    """)
    op.execute(
        "CREATE INDEX ix_ledger_entry_income ON ledger_entry (account_id, id) WHERE kind IN ('recharge', 'transfer_in')"
    )


def downgrade() -> None:
    """Every page adds up the ledger again."""
    op.execute("DROP INDEX ix_ledger_entry_income")
    op.execute("DROP TABLE ledger_sum")
