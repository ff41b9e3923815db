"""who works on what: holders instead of a lease on each item; leases by name; flags"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "holders",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("lock", sa.Text(), nullable=False),
        sa.Column("alive_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_holders_run_id", "holders", ["run_id"])
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_leases_holder", "leases", ["holder"])
    op.create_table(
        "flags",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("set_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    # No batch: that makes the table anew, and dropping the old one would drop what refers to it.
    op.drop_column("items", "claimed_until")
    op.add_column("items", sa.Column("asked_at", _TIME, nullable=True))
    op.add_column("executions", sa.Column("bytes_written", sa.BigInteger(), nullable=True))
    op.create_index("ix_executions_run_id", "executions", ["run_id"])
    op.add_column("runs", sa.Column("left_over", sa.Integer(), server_default="0", nullable=False))
    op.add_column("runs", sa.Column("reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "reason")
    op.drop_column("runs", "left_over")
    op.drop_index("ix_executions_run_id", "executions")
    op.drop_column("executions", "bytes_written")
    op.drop_column("items", "asked_at")
    op.add_column("items", sa.Column("claimed_until", _TIME, nullable=True))
    for table in ("flags", "leases", "holders"):
        op.drop_table(table)
