"""each order of the list of items has an index, and the runs by their beginning"""

from alembic import op

revision = "0023"
down_revision = "0022"

# Of expressions, which SQLite can't be asked for: not in the schema (utils/db/base.py).
INDEXES = {
    "ix_page_items_added": "items (added_at, id)",
    "ix_page_items_captured": "items (coalesce(captured_at, added_at), id)",
    "ix_page_items_title": "items (lower(substr(title, 1, 200)), id)",
    "ix_page_items_duration": "items (coalesce(duration_seconds, -1), id)",
    "ix_page_items_size": "items (size_bytes, id)",
    "ix_page_runs_started": "runs (started_at, id)",
    "ix_page_executions_encoding": "executions (item_id) WHERE status = 'done' AND step IN "
    "('compress_video', 'compress_audio')",
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
