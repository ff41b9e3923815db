"""objects of a source know the listing that last saw them"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("source_files", sa.Column("listing", sa.String(32)))


def downgrade() -> None:
    op.drop_column("source_files", "listing")
