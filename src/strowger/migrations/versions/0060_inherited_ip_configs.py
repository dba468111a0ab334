"""The IP configuration that a parent put on a sub-account, for keys made later; a column that nothing read goes.

Revision ID: 0060
Revises: 0040
"""

from alembic import op

revision = "0060"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is on the first active key of a sub-account and is its parent's was put there by the parent."""
    op.execute(
        "ALTER TABLE subaccount ADD COLUMN ip_config_id bigint CONSTRAINT fk_subaccount_ip_config_id REFERENCES ip_config"
    )
    op.execute("CREATE INDEX ix_subaccount_ip_config_id ON subaccount (ip_config_id)")
    op.execute("""
        UPDATE subaccount s SET ip_config_id = c.id FROM ip_config c
        WHERE c.account_id = s.parent_id AND c.id = (
            SELECT k.ip_config_id FROM api_key k WHERE k.account_id = s.account_id AND k.active ORDER BY k.id LIMIT 1
        )
    """)
    op.execute("ALTER TABLE subaccount DROP COLUMN low_balance_alert")


def downgrade() -> None:
    """The alert is on where the wallet has a limit."""
    op.execute("ALTER TABLE subaccount ADD COLUMN low_balance_alert boolean NOT NULL DEFAULT false")
    op.execute("""
        UPDATE subaccount s SET low_balance_alert = true FROM wallet w WHERE w.account_id = s.account_id AND w.low_at IS NOT NULL
    """)
    op.execute("ALTER TABLE subaccount DROP COLUMN ip_config_id")
