"""requests to services that want few of them: when the next may be sent"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0028"


def upgrade() -> None:
    op.create_table(
        "request_slots",
        sa.Column("service", sa.String(32), primary_key=True),
        sa.Column("next_us", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("request_slots")
