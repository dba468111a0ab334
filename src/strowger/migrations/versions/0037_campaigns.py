"""Campaigns: contacts, batches, and the requests that they became.

Revision ID: 0037
Revises: 0032
"""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0032"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE campaign (
    account_id bigint NOT NULL CONSTRAINT fk_campaign_account_id REFERENCES account (id),
    id uuid NOT NULL,
    channel text NOT NULL,
    name text NOT NULL,
    state text NOT NULL DEFAULT 'draft',
    sender text NOT NULL,
    type text NOT NULL,
    content jsonb NOT NULL DEFAULT '{}',
    plan jsonb NOT NULL DEFAULT '{}',
    options jsonb NOT NULL DEFAULT '{}',
    source text NOT NULL DEFAULT '',
    source_name text NOT NULL DEFAULT '',
    file_id uuid,
    columns text[] NOT NULL DEFAULT '{}',
    total integer NOT NULL DEFAULT 0,
    valid integer NOT NULL DEFAULT 0,
    invalid integer NOT NULL DEFAULT 0,
    duplicates integer NOT NULL DEFAULT 0,
    blocked integer NOT NULL DEFAULT 0,
    recent integer NOT NULL DEFAULT 0,
    accepted integer NOT NULL DEFAULT 0,
    pace integer NOT NULL,
    reason text NOT NULL DEFAULT '',
    replay_of uuid,
    created_by text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    launched_at timestamptz,
    first_at timestamptz,
    finished_at timestamptz,
    next_at timestamptz,
    CONSTRAINT pk_campaign PRIMARY KEY (account_id, id),
    CONSTRAINT uq_campaign_account_id_name UNIQUE (account_id, name)
);
CREATE INDEX ix_campaign_next_at ON campaign (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE campaign_contact (
    account_id bigint NOT NULL,
    campaign_id uuid NOT NULL,
    row integer NOT NULL,
    line integer NOT NULL,
    recipient text NOT NULL,
    cells text[] NOT NULL,
    state smallint NOT NULL DEFAULT 0,
    CONSTRAINT pk_campaign_contact PRIMARY KEY (account_id, campaign_id, row)
);
CREATE TABLE campaign_batch (
    account_id bigint NOT NULL,
    campaign_id uuid NOT NULL,
    n smallint NOT NULL,
    first_row integer NOT NULL,
    last_row integer NOT NULL,
    cursor integer NOT NULL,
    contacts integer NOT NULL,
    accepted integer NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'scheduled',
    due_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT pk_campaign_batch PRIMARY KEY (account_id, campaign_id, n),
    CONSTRAINT fk_campaign_batch_account_id FOREIGN KEY (account_id, campaign_id)
        REFERENCES campaign (account_id, id) ON DELETE CASCADE
);
CREATE TABLE campaign_chunk (
    account_id bigint NOT NULL,
    campaign_id uuid NOT NULL,
    request_id uuid NOT NULL,
    batch smallint NOT NULL,
    first_row integer NOT NULL,
    last_row integer NOT NULL,
    CONSTRAINT pk_campaign_chunk PRIMARY KEY (account_id, campaign_id, request_id),
    CONSTRAINT fk_campaign_chunk_account_id FOREIGN KEY (account_id, campaign_id)
        REFERENCES campaign (account_id, id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE campaign_chunk, campaign_batch, campaign_contact, campaign")
