"""items that a person had forgotten, and where they were"""

import sqlalchemy as sa
from alembic import op

import utils.db.base

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "forgotten_items",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("forgotten_at", utils.db.base.UtcTime(), nullable=False),
    )
    op.create_table(
        "forgotten_places",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("modified_ns", sa.BigInteger(), nullable=True),
        sa.Column("inode", sa.String(24), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["forgotten_items.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_forgotten_places_item_id", "forgotten_places", ["item_id"])


def downgrade() -> None:
    op.execute("UPDATE items SET status = 'quarantined' WHERE status = 'superseded'")
    op.drop_table("forgotten_places")
    op.drop_table("forgotten_items")
