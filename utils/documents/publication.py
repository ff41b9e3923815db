"""Publications as JSON: what commands and the API say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from utils.db import publications
from utils.db.publication_tables import PublicationRow
from utils.distribution import flaws
from utils.models.publishing import PublishReport

_MOMENTS = (
    "due_at", "created_at", "published_at", "compared_at", "verified_at", "retracted_at",
)  # fmt: skip


def facts(row: PublicationRow, flawed: Sequence[str] = ()) -> dict[str, Any]:
    """A publication as lists have it; ``flawed``: what is not as it should be there."""
    told: dict[str, Any] = {
        "publication_id": row.id,
        "item_id": row.item_id,
        "title": row.title,
        "target": row.target,
        "kind": row.kind,
        "status": row.status,
        "address": row.address,
        "tries": row.tries,
        "error": row.error,
        "flaws": list(flawed),
        "forced": row.forced,
        "made_by": row.made_by,
    }
    for name in _MOMENTS:
        moment = getattr(row, name)
        told[name] = moment.isoformat() if moment else None
    return told


def document(s: Session, row: PublicationRow) -> dict[str, Any]:
    """All that is known of a publication, with what lies there."""
    return facts(row, _flaws(s, [row]).get(row.id, ())) | {
        "remote_id": row.remote_id,
        "objects": list(row.objects or ()),
        "extra": row.extra or {},
    }


def records(s: Session, rows: Sequence[PublicationRow]) -> list[dict[str, Any]]:
    """Publications as lists have them."""
    flawed = _flaws(s, rows)
    return [facts(row, flawed.get(row.id, ())) for row in rows]


def of_item(s: Session, item_id: str) -> list[dict[str, Any]]:
    """Where an item is published."""
    return records(s, publications.of_items(s, [item_id]))


def report(found: PublishReport) -> dict[str, Any]:
    """What came of publishing, with its numbers."""
    return {**found.counts(), **found.model_dump(mode="json", exclude={"run_id"})}


def _flaws(s: Session, rows: Sequence[PublicationRow]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for one in flaws.of(s, [row.id for row in rows]):
        found.setdefault(one.publication_id, []).append(one.flaw)
    return found
