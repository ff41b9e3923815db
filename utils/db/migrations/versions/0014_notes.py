"""what people wrote of an item is kept: captions, names, subtitles; and its rating"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("items", sa.Column("rating", sa.Integer(), nullable=True))
    op.create_table(
        "notes",
        sa.Column("item_id", sa.String(64), sa.ForeignKey("items.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=True),
        sa.Column("end_seconds", sa.Float(), nullable=True),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("notes")
    op.drop_column("items", "rating")
