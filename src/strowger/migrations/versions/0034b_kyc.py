"""KYC cases.

Revision ID: 0034b
Revises: 0034a
"""

from __future__ import annotations

from alembic import op

revision = "0034b"
down_revision = "0034a"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE kyc_case (
    account_id bigint CONSTRAINT pk_kyc_case PRIMARY KEY CONSTRAINT fk_kyc_case_account_id REFERENCES account (id),
    state text NOT NULL DEFAULT 'draft',
    details jsonb NOT NULL DEFAULT '{}',
    reason text NOT NULL DEFAULT '',
    submitted_by text NOT NULL DEFAULT '',
    submitted_ip text NOT NULL DEFAULT '',
    submitted_at timestamptz,
    reviewer text NOT NULL DEFAULT '',
    decided_at timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX ix_kyc_case_waiting ON kyc_case (submitted_at) WHERE state IN ('submitted', 'in_review');
SELECT audit_table('kyc_case')
"""
SIGN_UP = """
ALTER TABLE sign_up ADD COLUMN code_hash bytea, ADD COLUMN code_until timestamptz,
    ADD COLUMN codes integer NOT NULL DEFAULT 0, ADD COLUMN wrong integer NOT NULL DEFAULT 0
"""


def upgrade() -> None:
    """Make the table, and room for the mobile codes of sign-ups."""
    for statement in (*TABLES.split(";\n"), SIGN_UP):
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE kyc_case")
    op.execute(
        "ALTER TABLE sign_up DROP COLUMN code_hash, DROP COLUMN code_until, DROP COLUMN codes, DROP COLUMN wrong"
    )
