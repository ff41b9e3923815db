"""runs say what of their folders was left out"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    plain = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("runs", sa.Column("left_out", plain, server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("runs", "left_out")
