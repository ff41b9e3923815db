"""content that items got from us"""

import sqlalchemy as sa
from alembic import op

from utils.db.base import UtcTime

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.create_table(
        "item_contents",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("item_id", sa.String(64), nullable=False, index=True),
        sa.Column("written_at", UtcTime(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("item_contents")
