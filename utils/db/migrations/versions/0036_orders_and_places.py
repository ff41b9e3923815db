"""the score orders the list of items, too; what filters ask, and names of places, in indexes"""

from alembic import op

revision = "0036"
down_revision = "0034"

# Of expressions, as those of migration 0023.
INDEXES = {
    "ix_page_items_score": "items (coalesce(score, -1), id)",
    "ix_page_keywords_word": "keywords (lower(word), item_id)",
    # All that filters ask: counting what passes reads this instead of the whole table.
    "ix_page_items_filters": "items (kind, language, verdict, approval, status, claimed_by, "
    "duration_seconds, captured_at, added_at, camera_make, camera_model, latitude, longitude, id)",
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")


def downgrade() -> None:
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
