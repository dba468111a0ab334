"""Reports made in the background, and the addresses outside an account that agreed to get them.

Revision ID: 0031
Revises: 0036
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE report (
    account_id bigint NOT NULL CONSTRAINT fk_report_account_id REFERENCES account (id),
    id uuid NOT NULL,
    type text NOT NULL,
    title text NOT NULL,
    params jsonb NOT NULL,
    format text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    spans integer NOT NULL DEFAULT 0,
    done_spans integer NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    file_id uuid,
    requested_by text NOT NULL DEFAULT '',
    recipients jsonb NOT NULL DEFAULT '[]',
    mailed jsonb NOT NULL DEFAULT '[]',
    notification text,
    period date,
    send_empty boolean NOT NULL DEFAULT true,
    attempts smallint NOT NULL DEFAULT 0,
    claimed_by integer,
    problem text NOT NULL DEFAULT '',
    summary jsonb,
    next_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    expires_at timestamptz,
    CONSTRAINT pk_report PRIMARY KEY (account_id, id)
);
CREATE INDEX ix_report_waiting ON report (next_at) WHERE state IN ('queued', 'running');
CREATE INDEX ix_report_expires_at ON report (expires_at) WHERE state = 'done';
CREATE UNIQUE INDEX uq_report_notification ON report (account_id, notification, period) WHERE notification IS NOT NULL;
CREATE TABLE report_recipient (
    account_id bigint NOT NULL CONSTRAINT fk_report_recipient_account_id REFERENCES account (id),
    address text NOT NULL,
    state text NOT NULL DEFAULT 'asked',
    token_hash bytea NOT NULL CONSTRAINT uq_report_recipient_token_hash UNIQUE,
    asked_at timestamptz NOT NULL,
    decided_at timestamptz,
    CONSTRAINT pk_report_recipient PRIMARY KEY (account_id, address)
);
CREATE TABLE notification (
    account_id bigint NOT NULL CONSTRAINT fk_notification_account_id REFERENCES account (id),
    key text NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    frequency text NOT NULL,
    hour smallint NOT NULL,
    recipients jsonb NOT NULL DEFAULT '[]',
    format text NOT NULL DEFAULT 'csv',
    filters jsonb NOT NULL DEFAULT '{}',
    send_empty boolean NOT NULL DEFAULT false,
    next_at timestamptz NOT NULL,
    changed_by text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL,
    CONSTRAINT pk_notification PRIMARY KEY (account_id, key)
);
CREATE INDEX ix_notification_next_at ON notification (next_at) WHERE enabled;
SELECT audit_table('notification');
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for table in ("notification", "report_recipient", "report"):
        op.execute(f"DROP TABLE {table}")
