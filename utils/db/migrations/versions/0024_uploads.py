"""uploads into the inbox"""

import sqlalchemy as sa
from alembic import op

from utils.db.base import UtcTime

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(16), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False, server_default=""),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.String(64)),
        sa.Column("unverified_from", sa.BigInteger()),
        sa.Column("landed", sa.Text()),
        sa.Column("item_id", sa.String(64), index=True),
        sa.Column("was_there", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("completed_at", UtcTime()),
    )


def downgrade() -> None:
    op.drop_table("uploads")
