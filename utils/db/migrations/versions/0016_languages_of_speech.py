"""each stretch of speech has its language"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("segments", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("segments", "language")
