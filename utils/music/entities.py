"""What an outside service said, or did not know, with the day on which it is asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from utils import clock
from utils.config import Settings
from utils.models.music import Entity, EntityKind, Provider


def told(
    service: Provider,
    kind: EntityKind,
    known_as: str,
    document: dict[str, Any] | None,
    settings: Settings,
    canonical_id: str | None = None,
) -> Entity:
    """An answer of ``service``; without a document, that it knows no such thing."""
    music, moment = settings.music, clock.now()
    days = music.refresh_days if document else music.not_found_days
    return Entity(
        source=service,
        kind=kind,
        id=known_as,
        found=bool(document),
        document=document or None,
        canonical_id=canonical_id,
        fetched_at=moment,
        expires_at=moment + timedelta(days=days),
    )
