"""subtitle files of ours, and the vocabulary of a source"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "subtitle_files",
        sa.Column("path", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("is_nightly", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_subtitle_files_item_id", "subtitle_files", ["item_id"])
    op.create_index("ix_subtitle_files_name", "subtitle_files", ["name"])
    op.add_column("sources", sa.Column("vocabulary", sa.Text(), nullable=True))
    op.add_column("downloads", sa.Column("source", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("downloads", "source")
    op.drop_column("sources", "vocabulary")
    op.drop_table("subtitle_files")
