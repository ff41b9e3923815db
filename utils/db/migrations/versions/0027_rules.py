"""what the rules say of an item"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0025"


def upgrade() -> None:
    for column in (
        sa.Column("priority", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("queue", sa.String(16)),
        sa.Column("ruling", sa.JSON().with_variant(JSONB(), "postgresql")),
    ):
        op.add_column("items", column)


def downgrade() -> None:
    for column in ("ruling", "queue", "priority"):
        op.drop_column("items", column)
