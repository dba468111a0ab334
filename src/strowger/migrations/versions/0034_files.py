"""Stored files of accounts.

Revision ID: 0034
Revises: 0016a
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0016a"
branch_labels = None
depends_on = None

# Sealed content cannot be compressed: external storage saves the attempt.
TABLES = """
CREATE TABLE stored_file (
    account_id bigint NOT NULL CONSTRAINT fk_stored_file_account_id REFERENCES account (id),
    id uuid NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    sha256 bytea,
    pieces integer NOT NULL DEFAULT 0,
    created_by text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT pk_stored_file PRIMARY KEY (account_id, id)
);
CREATE INDEX ix_stored_file_expires_at ON stored_file (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX ix_stored_file_unfinished ON stored_file (created_at) WHERE finished_at IS NULL;
CREATE TABLE stored_piece (
    account_id bigint NOT NULL,
    file_id uuid NOT NULL,
    n integer NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_stored_piece PRIMARY KEY (account_id, file_id, n),
    CONSTRAINT fk_stored_piece_account_id FOREIGN KEY (account_id, file_id)
        REFERENCES stored_file (account_id, id) ON DELETE CASCADE
);
ALTER TABLE stored_piece ALTER COLUMN sealed SET STORAGE EXTERNAL
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE stored_piece, stored_file")
