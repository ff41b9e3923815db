"""sources have health, addresses that failed are kept, outcomes have longer words"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "source_looks",
        sa.Column("location", sa.Text(), primary_key=True),
        sa.Column("looked_at", UtcTime(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=True),
        sa.Column("error_class", sa.String(40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failing_since", UtcTime(), nullable=True),
    )
    op.create_table(
        "addresses",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("entry", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error_class", sa.String(40), nullable=True),
        sa.Column("failed_step", sa.String(40), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("added_at", UtcTime(), nullable=False),
    )
    op.create_index("ix_addresses_url", "addresses", ["url"])
    op.create_index("ix_addresses_status", "addresses", ["status"])
    _retype(8, 16)
    op.execute(
        "UPDATE run_items SET outcome = 'waits_for_you' "
        "WHERE outcome = 'done' AND verdict IN ('reject', 'revise')"
    )


def downgrade() -> None:
    op.execute("UPDATE run_items SET outcome = 'done' WHERE outcome = 'done_with_lacks'")
    op.execute(
        "UPDATE run_items SET outcome = CASE WHEN error IS NULL THEN 'done' ELSE 'skipped' END "
        "WHERE outcome = 'waits_for_you'"
    )
    op.execute("UPDATE run_items SET outcome = 'failed' WHERE outcome = 'quarantined'")
    _retype(16, 8)
    op.drop_table("addresses")
    op.drop_table("source_looks")


def _retype(old: int, new: int) -> None:
    """The width of an outcome; nothing refers to these rows, so SQLite may make the table anew."""
    with op.batch_alter_table("run_items") as batch:
        batch.alter_column("outcome", existing_type=sa.String(old), type_=sa.String(new),
                           existing_nullable=False)  # fmt: skip
