"""Names as they are compared (utils/models/music_names.py: the database keeps them with plays)."""

from __future__ import annotations

from utils.models.music_names import (
    album_key_name,
    artist_key_name,
    folded,
    folded_artist,
    folded_title,
    track_key_name,
)

__all__ = [
    "album_key_name",
    "artist_key_name",
    "folded",
    "folded_artist",
    "folded_title",
    "track_key_name",
]
