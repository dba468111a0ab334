"""Auto-recharge: threshold, amount and the stored payment method of an account.

Revision ID: 0036b
Revises: 0036a
"""

from alembic import op

revision = "0036b"
down_revision = "0036a"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; recharges say whether they came by themselves."""
    op.execute("ALTER TABLE recharge ADD COLUMN auto boolean NOT NULL DEFAULT false")
    op.execute(
        """
        CREATE TABLE auto_recharge (
            account_id bigint CONSTRAINT pk_auto_recharge PRIMARY KEY
                CONSTRAINT fk_auto_recharge_account_id REFERENCES account (id),
            method text NOT NULL,
            threshold numeric(18, 6) NOT NULL,
            amount numeric(18, 6) NOT NULL,
            month_limit numeric(18, 6),
            enabled boolean NOT NULL DEFAULT true,
            setup_reference text CONSTRAINT uq_auto_recharge_setup_reference UNIQUE,
            setup_id text,
            setup_url text,
            stored bytea,
            label text NOT NULL DEFAULT '',
            failures integer NOT NULL DEFAULT 0,
            last_error text,
            next_at timestamptz,
            by_user text NOT NULL DEFAULT '',
            changed_at timestamptz NOT NULL
        )
        """
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE auto_recharge")
    op.execute("ALTER TABLE recharge DROP COLUMN auto")
