"""Callback profiles: saved receivers, defaults of accounts, hourly figures; callbacks and attempts know their profile.

Revision ID: 0014
Revises: 0011a
"""

from alembic import op

revision = "0014"
down_revision = "0011a"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE callback_profile (
    id uuid CONSTRAINT pk_callback_profile PRIMARY KEY,
    account_id bigint NOT NULL CONSTRAINT fk_callback_profile_account_id REFERENCES account (id),
    pod text NOT NULL,
    title text NOT NULL,
    channel text NOT NULL,
    events jsonb NOT NULL DEFAULT '[]',
    statuses jsonb NOT NULL DEFAULT '[]',
    method text NOT NULL,
    url text NOT NULL,
    body_type text NOT NULL DEFAULT 'json',
    body json,
    response_message text NOT NULL DEFAULT '',
    retry jsonb,
    signed boolean NOT NULL DEFAULT true,
    headers_sealed bytea,
    auth_sealed bytea,
    enc_sealed bytea,
    secret_sealed bytea,
    secret_previous_sealed bytea,
    secret_previous_until timestamptz,
    status smallint NOT NULL DEFAULT 1,
    failing_since timestamptz,
    failures integer NOT NULL DEFAULT 0,
    last_error text,
    told smallint NOT NULL DEFAULT 0,
    disabled_at timestamptz,
    disabled_why text,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX uq_callback_profile_title ON callback_profile (account_id, title) WHERE deleted_at IS NULL;
CREATE TABLE callback_default (
    account_id bigint NOT NULL CONSTRAINT fk_callback_default_account_id REFERENCES account (id),
    event text NOT NULL,
    profile_id uuid NOT NULL CONSTRAINT fk_callback_default_profile_id REFERENCES callback_profile (id),
    CONSTRAINT pk_callback_default PRIMARY KEY (account_id, event)
);
CREATE TABLE callback_tally (
    account_id bigint NOT NULL,
    profile_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    host text NOT NULL,
    outcome smallint NOT NULL,
    http_status smallint NOT NULL,
    bucket smallint NOT NULL,
    number integer NOT NULL,
    ms bigint NOT NULL,
    CONSTRAINT pk_callback_tally PRIMARY KEY (account_id, profile_id, hour, host, outcome, http_status, bucket)
);
CREATE INDEX ix_callback_tally_hour ON callback_tally (hour);
"""
QUEUE = """
ALTER TABLE callback ADD COLUMN profile_id uuid GENERATED ALWAYS AS ((target ->> 'profile')::uuid) STORED;
CREATE INDEX ix_callback_profile_id ON callback (account_id, profile_id, id) WHERE profile_id IS NOT NULL;
ALTER TABLE callback_attempt ADD COLUMN profile_id uuid;
CREATE INDEX ix_callback_attempt_profile_id ON callback_attempt (account_id, profile_id, callback_id)
    WHERE profile_id IS NOT NULL;
"""
BACK = """
DROP INDEX ix_callback_attempt_profile_id;
ALTER TABLE callback_attempt DROP COLUMN profile_id;
DROP INDEX ix_callback_profile_id;
ALTER TABLE callback DROP COLUMN profile_id;
DROP TABLE callback_tally;
DROP TABLE callback_default;
DROP TABLE callback_profile;
"""


def upgrade() -> None:
    for statement in (TABLES + QUEUE).split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for statement in BACK.split(";\n"):
        if statement.strip():
            op.execute(statement)
