"""claims beside the status; where a failure was raised; the field's words for tables"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_TABLES = (
    ("holders", "workers"),
    ("archive", "downloads"),
    ("likenesses", "fingerprints"),
    ("likeness_terms", "fingerprint_terms"),
)
_COLUMNS = (
    ("items", "asked_at", "requested_at"),
    ("leases", "holder", "worker"),
    ("fingerprint_terms", "likeness_id", "fingerprint_id"),
)
_INDEXES = (
    ("ix_holders_run_id", "ix_workers_run_id", "workers", "run_id"),
    ("ix_leases_holder", "ix_leases_worker", "leases", "worker"),
    ("ix_archive_url", "ix_downloads_url", "downloads", "url"),
)
# A claim covered the status; this is how it was found again from the rest of the row.
_STATUS_BENEATH = """
UPDATE items SET status = CASE
    WHEN error_class = 'DeferredError' THEN 'deferred'
    WHEN error_class = 'PermanentError' THEN 'quarantined'
    WHEN error_class IS NOT NULL AND tries >= 3 THEN 'quarantined'
    WHEN error_class IS NOT NULL THEN 'failed'
    WHEN done_key IS NOT NULL THEN 'done'
    ELSE 'pending' END
WHERE status = 'processing'
"""
# The step in which an error was raised was found by its text until now.
_FAILED_STEP = """
UPDATE items SET failed_step = (
    SELECT step FROM executions
    WHERE executions.item_id = items.id AND executions.status = 'failed'
      AND executions.error = items.error
    ORDER BY executions.id DESC LIMIT 1)
WHERE error IS NOT NULL
"""


def upgrade() -> None:
    for old, new in _TABLES:
        op.rename_table(old, new)
    for table, old, new in _COLUMNS:  # no batch: it would make the table anew
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    for old, new, table, column in _INDEXES:
        op.drop_index(old, table)
        op.create_index(new, table, [column])
    op.add_column("items", sa.Column("failed_step", sa.String(40), nullable=True))
    op.add_column("run_items", sa.Column("step", sa.String(40), nullable=True))
    op.execute(_STATUS_BENEATH)
    op.execute(_FAILED_STEP)


def downgrade() -> None:
    op.execute("UPDATE items SET status = 'processing' WHERE claimed_by IS NOT NULL")
    op.drop_column("run_items", "step")
    op.drop_column("items", "failed_step")
    for old, new, table, column in _INDEXES:
        op.drop_index(new, table)
        op.create_index(old, table, [column])
    for table, old, new in _COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    for old, new in _TABLES:
        op.rename_table(new, old)
