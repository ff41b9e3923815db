"""Pictures and films of an item as JSON: what commands and the API say of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from utils.db import ledger, visuals
from utils.db.visual_tables import VisualRow
from utils.models.visuals import Visuals

_MAKERS = ("generate_visuals", "make_lyric_video")


def document(s: Session, item_id: str) -> dict[str, Any]:
    """What was made for an item, each with what it was made from; ``notes``: what was not, why."""
    made = (ledger.latest_result(s, item_id, step, Visuals) for step in _MAKERS)
    return {
        "visuals": [_of(s, row) for row in visuals.of_item(s, item_id)],
        "notes": [note for result in made if result for note in result.notes],
    }


def _of(s: Session, row: VisualRow) -> dict[str, Any]:
    """One picture or film; its ``seed`` is text: programs lose the end of so large a number."""
    path = visuals.path_of(s, row)
    return {
        "kind": row.kind,
        "aspect": row.aspect,
        "path": str(path),
        "is_there": path.is_file(),
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
        "width": row.width,
        "height": row.height,
        "duration_seconds": row.duration_seconds,
        "engine": row.engine,
        "by_model": row.by_model,
        "model": row.model,
        "workflow": row.workflow,
        "prompt": row.prompt,
        "seed": row.seed,
        "inputs": row.inputs,
        "warnings": row.warnings,
        "made_at": row.made_at.isoformat(),
    }
