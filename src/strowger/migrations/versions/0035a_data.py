"""Data of accounts: how long it is kept, persons who are erased.

Revision ID: 0035a
Revises: 0036c
"""

from __future__ import annotations

from alembic import op

revision = "0035a"
down_revision = "0036c"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE retention (
    account_id bigint NOT NULL CONSTRAINT fk_retention_account_id REFERENCES account (id),
    kind text NOT NULL,
    days integer NOT NULL CONSTRAINT ck_retention_days CHECK (days BETWEEN 1 AND 3650),
    CONSTRAINT pk_retention PRIMARY KEY (account_id, kind)
);
CREATE TABLE erasure (
    id uuid CONSTRAINT pk_erasure PRIMARY KEY,
    account_id bigint NOT NULL CONSTRAINT fk_erasure_account_id REFERENCES account (id),
    hint text NOT NULL,
    by_user text NOT NULL,
    asked_at timestamptz NOT NULL,
    done_at timestamptz,
    rows jsonb NOT NULL DEFAULT '{}',
    subject_sealed bytea
);
CREATE INDEX ix_erasure_account_id_asked_at ON erasure (account_id, asked_at);
CREATE INDEX ix_erasure_open ON erasure (asked_at) WHERE done_at IS NULL;
SELECT audit_table('retention')
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE erasure")
    op.execute("DROP TABLE retention")
