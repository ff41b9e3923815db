"""why sites refuse, when they are asked again, and the days of entries that are too old"""

import sqlalchemy as sa
from alembic import op

from utils.db.base import UtcTime

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("addresses", sa.Column("refusal", sa.String(16)))
    op.add_column("addresses", sa.Column("absent_since", UtcTime()))
    op.add_column("addresses", sa.Column("next_look_at", UtcTime()))
    op.create_table(
        "entry_dates",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("published_on", sa.Date(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("entry_dates")
    for name in ("next_look_at", "absent_since", "refusal"):
        op.drop_column("addresses", name)
