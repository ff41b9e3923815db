"""items that are done say what they lack"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"

_TABLES = ("items", "run_items")


def upgrade() -> None:
    plain = sa.JSON().with_variant(JSONB(), "postgresql")
    for table in _TABLES:
        op.add_column(table, sa.Column("lacks", plain, server_default="[]", nullable=False))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "lacks")
