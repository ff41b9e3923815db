"""Which recording a song is, and how often it was heard, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from utils.db import recordings
from utils.models.item import MediaKind


def document(s: Session, item: Any) -> dict[str, Any] | None:
    """What is known of a song's recording and of its plays; None of what is no song, or not looked
    at.

    One statement, of songs alone.
    """
    found = recordings.with_heard(s, item.id) if item.kind == MediaKind.AUDIO.value else None
    if found is None:
        return None
    row, heard = found
    names = ("title", "artist", "album", "isrc", "recording_mbid", "how", "score", "doubts")
    return {name: getattr(row, name) for name in names} | {
        "heard": {
            "plays": heard.plays,
            "minutes": heard.minutes,
            "first_at": _moment(heard.first_at),
            "last_at": _moment(heard.last_at),
            "by": heard.by,
            "of_the_same_name": heard.others,
        }
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
