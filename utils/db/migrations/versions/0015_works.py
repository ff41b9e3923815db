"""works of several files, and what feeds and sites said of what was fetched from them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0015"
down_revision = "0014"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("work_clues", "listings"):
        op.create_table(
            table,
            sa.Column("item_id", sa.String(64), primary_key=True),
            sa.Column("document", _JSON, nullable=False),
            sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        )
    op.create_table(
        "work_keys",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("item_id", sa.String(64), primary_key=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_work_keys_item_id", "work_keys", ["item_id"])
    op.create_table(
        "work_links",
        sa.Column("first_id", sa.String(64), primary_key=True),
        sa.Column("second_id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(9), nullable=True),
        sa.Column("decided_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["first_id"], ["items.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["second_id"], ["items.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_work_links_second_id", "work_links", ["second_id"])


def downgrade() -> None:
    for table in ("work_links", "work_keys", "work_clues", "listings"):
        op.drop_table(table)
