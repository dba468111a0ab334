"""Status traces of the installation's own, and what countries let a text be.

Revision ID: 0070
Revises: 0060
"""

from __future__ import annotations

from alembic import op

revision = "0070"
down_revision = "0060"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE status_trace (
    code text CONSTRAINT pk_status_trace PRIMARY KEY,
    status text NOT NULL,
    meaning text NOT NULL,
    remedy text NOT NULL DEFAULT '',
    retry boolean NOT NULL DEFAULT false,
    blacklistable boolean NOT NULL DEFAULT false,
    updated_by text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL
);
CREATE TABLE country_rule (
    country char(2) CONSTRAINT pk_country_rule PRIMARY KEY,
    max_parts smallint,
    unicode_allowed boolean NOT NULL DEFAULT true,
    updated_by text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL
);
SELECT audit_table('status_trace'), audit_table('country_rule');
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take them back."""
    op.execute("DROP TABLE status_trace, country_rule")
