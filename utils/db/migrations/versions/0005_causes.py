"""why a step was executed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("executions", schema=None) as batch_op:
        json = sa.JSON().with_variant(JSONB(), "postgresql")
        batch_op.add_column(sa.Column("inputs", json, nullable=True))
        batch_op.add_column(sa.Column("cause", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("executions", schema=None) as batch_op:
        batch_op.drop_column("cause")
        batch_op.drop_column("inputs")
