"""An object of a source and what became of it, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from utils.db.source_tables import SourceFile
from utils.privacy import redaction


def document(row: SourceFile) -> dict[str, Any]:
    """One object, as its source spells it."""
    return {
        "key": row.key,
        "status": row.status,
        "size_bytes": row.size_bytes,
        "etag": row.etag,
        "modified_at": _iso(row.modified_at),
        "version": row.version,
        "tries": row.tries,
        "item_id": row.item_id,
        "error_class": row.error_class,
        "error": redaction.shown(row.error) if row.error else None,
        "discovered_at": _iso(row.discovered_at),
        "changed_at": _iso(row.changed_at),
        "vanished_at": _iso(row.vanished_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
