"""Links by themselves, shared numbers, registered replies, opt-in declarations.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

STATEMENTS = """
ALTER TABLE short_link ADD COLUMN title text NOT NULL DEFAULT '';
ALTER TABLE short_link ADD COLUMN advanced boolean NOT NULL DEFAULT false;
ALTER TABLE short_link ADD COLUMN link_type text NOT NULL DEFAULT 'URL';
ALTER TABLE short_link ADD COLUMN deleted_at timestamptz;
ALTER TABLE number ADD COLUMN shared boolean NOT NULL DEFAULT false;
CREATE TABLE number_share (
    account_id bigint NOT NULL CONSTRAINT fk_number_share_account_id_account REFERENCES account (id),
    number_id bigint NOT NULL CONSTRAINT fk_number_share_number_id_number REFERENCES number (id) ON DELETE CASCADE,
    msisdn text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_number_share PRIMARY KEY (account_id, number_id)
);
CREATE INDEX ix_number_share_number_id ON number_share (number_id);
ALTER TABLE receive_configuration ADD COLUMN msisdn text;
UPDATE receive_configuration c SET msisdn = n.msisdn FROM number n WHERE n.id = c.number_id;
ALTER TABLE receive_configuration ALTER COLUMN msisdn SET NOT NULL;
CREATE INDEX ix_receive_configuration_msisdn ON receive_configuration (msisdn);
ALTER TABLE receive_configuration ADD COLUMN reply_template text NOT NULL DEFAULT '';
ALTER TABLE receive_configuration ADD COLUMN reply_entity text NOT NULL DEFAULT '';
ALTER TABLE receive_configuration ADD COLUMN tag_id bigint;
CREATE TABLE opt_in_declaration (
    account_id bigint NOT NULL CONSTRAINT fk_opt_in_declaration_account_id_account REFERENCES account (id),
    channel text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    statements text[] NOT NULL,
    ip text,
    at timestamptz NOT NULL,
    CONSTRAINT pk_opt_in_declaration PRIMARY KEY (account_id, channel)
)
"""
BACK = """
DROP TABLE opt_in_declaration;
ALTER TABLE receive_configuration DROP COLUMN tag_id;
ALTER TABLE receive_configuration DROP COLUMN reply_entity;
ALTER TABLE receive_configuration DROP COLUMN reply_template;
ALTER TABLE receive_configuration DROP COLUMN msisdn;
DROP TABLE number_share;
ALTER TABLE number DROP COLUMN shared;
ALTER TABLE short_link DROP COLUMN deleted_at;
ALTER TABLE short_link DROP COLUMN link_type;
ALTER TABLE short_link DROP COLUMN advanced;
ALTER TABLE short_link DROP COLUMN title
"""


def upgrade() -> None:
    """Add what is new."""
    for statement in STATEMENTS.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop it; keywords on shared numbers go."""
    op.execute(
        "DELETE FROM receive_configuration c USING number n WHERE n.id = c.number_id AND n.account_id <> c.account_id"
    )
    for statement in BACK.split(";\n"):
        op.execute(statement)
