"""approval of items, reviews of people, visuals, publications"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0033"
down_revision = "0032"

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("items", sa.Column("approval", sa.String(8)))
    op.add_column("items", sa.Column("approval_score", sa.Float()))
    op.add_column("items", sa.Column("approval_reason", sa.Text()))
    op.add_column("items", sa.Column("requested_changes", PLAIN))
    op.create_index("ix_items_approval", "items", ["approval"])
    op.create_table(
        "reviews",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("items.id", ondelete="CASCADE"),
                  nullable=False, index=True),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("changes", PLAIN, nullable=False),
        sa.Column("snapshot", PLAIN, nullable=False),
        sa.Column("former_status", sa.String(8)),
        sa.Column("former_item", PLAIN),
        sa.Column("made_by", sa.Text()),
        sa.Column("made_at", UtcTime(), nullable=False, index=True),
        sa.Column("undone_at", UtcTime()),
    )  # fmt: skip
    op.create_table(
        "visuals",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("items.id", ondelete="CASCADE"),
                  nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("aspect", sa.String(8), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("duration_seconds", sa.Float()),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("by_model", sa.Boolean(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("workflow", sa.Text()),
        sa.Column("prompt", sa.Text()),
        sa.Column("seed", sa.String(20)),
        sa.Column("inputs", PLAIN, nullable=False),
        sa.Column("warnings", PLAIN, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.UniqueConstraint("item_id", "kind", "aspect"),
    )  # fmt: skip
    op.create_table(
        "publications",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("item_id", sa.String(64), nullable=False, index=True),
        sa.Column("target", sa.String(40), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False, index=True),
        sa.Column("due_at", UtcTime(), nullable=False, index=True),
        sa.Column("claimed_by", sa.String(64), index=True),
        sa.Column("package_key", sa.String(64)),
        sa.Column("target_key", sa.String(64)),
        sa.Column("address", sa.Text()),
        sa.Column("remote_id", sa.Text()),
        sa.Column("objects", PLAIN, nullable=False),
        sa.Column("document", PLAIN, nullable=False),
        sa.Column("extra", PLAIN, nullable=False),
        sa.Column("state", PLAIN, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("flaws", PLAIN, nullable=False),
        sa.Column("forced", sa.Text()),
        sa.Column("made_by", sa.Text()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("wanted_at", UtcTime()),
        sa.Column("published_at", UtcTime()),
        sa.Column("compared_at", UtcTime()),
        sa.Column("verified_at", UtcTime()),
        sa.Column("retracted_at", UtcTime()),
        sa.UniqueConstraint("item_id", "target"),
    )  # fmt: skip


def downgrade() -> None:
    for name in ("publications", "visuals", "reviews"):
        op.drop_table(name)
    op.drop_index("ix_items_approval", "items")
    for name in ("requested_changes", "approval_reason", "approval_score", "approval"):
        op.drop_column("items", name)
