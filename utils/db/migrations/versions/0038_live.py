"""workers say how far they are; what runs, and what was done last, is found by an index"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0038"
down_revision = "0036"

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")
# With conditions, or for pages alone: not in the schema (utils/db/base.py).
INDEXES = {
    "ix_page_executions_running": "executions (run_id) WHERE status = 'running'",
    "ix_page_runs_running": "runs (id) WHERE status = 'running'",
    "ix_page_items_processed": "items (processed_at, status, kind)",
    "ix_page_items_broken": "items (status, error_class, failed_step, claimed_by, added_at) "
    "WHERE status IN ('failed', 'quarantined')",
    "ix_page_items_review": "items (approval, status, claimed_by)",
}


def upgrade() -> None:
    op.add_column("workers", sa.Column("progress", PLAIN))
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.drop_column("workers", "progress")
