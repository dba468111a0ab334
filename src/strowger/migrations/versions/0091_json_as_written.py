"""JSON of the path of a message is stored as it was written: see Message.

Revision ID: 0091
Revises: 0110
"""

from __future__ import annotations

from alembic import op

revision = "0091"
down_revision = "0110"
branch_labels = None
depends_on = None

COLUMNS = {
    "message": ("options", "callback"),
    "message_event": ("detail",),
    "callback": ("target", "variables"),
    "callback_attempt": ("request_headers", "response_headers"),
}
PROFILE = """
ALTER TABLE callback ADD COLUMN profile_id uuid GENERATED ALWAYS AS ((target ->> 'profile')::uuid) STORED;
CREATE INDEX ix_callback_profile_id ON callback (account_id, profile_id, id) WHERE profile_id IS NOT NULL
"""


def _store_as(kind: str) -> None:
    op.execute("ALTER TABLE callback DROP COLUMN profile_id")  # made from target
    for table, columns in COLUMNS.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {kind} USING {column}::text::{kind}" for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
    for statement in PROFILE.split(";\n"):
        op.execute(statement)


def upgrade() -> None:
    """Write the columns anew, in every partition."""
    _store_as("json")


def downgrade() -> None:
    """As they were."""
    _store_as("jsonb")
