"""The audit log follows further tables; a table that nothing uses goes.

Revision ID: 0016a
Revises: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016a"
down_revision = "0015"
branch_labels = None
depends_on = None

AUDITED = "sms_template callback_profile callback_default blocklist_entry country_limit blocked_prefix"


def upgrade() -> None:
    """Attach the trigger where the tables are, drop what is not used."""
    for table in AUDITED.split():
        op.execute(
            f"DO $$ BEGIN IF to_regclass('{table}') IS NOT NULL THEN PERFORM audit_table('{table}'); END IF; END $$"
        )
    op.execute("DROP TABLE passkey")


def downgrade() -> None:
    """Undo it."""
    for table in AUDITED.split():
        op.execute(
            f"DO $$ BEGIN IF to_regclass('{table}') IS NOT NULL THEN DROP TRIGGER IF EXISTS audit_row ON {table}; END IF; END $$"
        )
    op.execute(
        "CREATE TABLE passkey (id bytea CONSTRAINT pk_passkey PRIMARY KEY,"
        " user_id bigint NOT NULL CONSTRAINT fk_passkey_user_id REFERENCES app_user (id) ON DELETE CASCADE,"
        " name text NOT NULL, public_key bytea NOT NULL, sign_count bigint NOT NULL DEFAULT 0,"
        " created_at timestamptz NOT NULL, last_used_at timestamptz)"
    )
