"""The audit log follows the tables of SMPP access, money and sub-accounts.

Revision ID: 0035
Revises: 0034c
"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034c"
branch_labels = None
depends_on = None

AUDITED = "smpp_user billing_profile payment_method tax_rate subaccount"
# The worker counts on wallets all the time; what people change there is this.
WALLET = """
CREATE TRIGGER audit_row AFTER INSERT OR DELETE OR UPDATE OF kind, credit_limit, payer_id, margin, day_cap, month_limit, low_at,
    alert_emails ON wallet FOR EACH ROW EXECUTE FUNCTION audit_row()
"""


def upgrade() -> None:
    """Attach the triggers."""
    for table in AUDITED.split():
        op.execute(f"SELECT audit_table('{table}')")
    op.execute(WALLET)


def downgrade() -> None:
    """Take them away."""
    op.execute("DROP TRIGGER audit_row ON wallet")
    for table in AUDITED.split():
        op.execute(f"DROP TRIGGER audit_row ON {table}")
