"""ListenBrainz's listens: its export (``listens/YYYY/M.jsonl``), its API's payload, its dumps.

An id that the listener's player sent goes before one that ListenBrainz matched.
"""

from __future__ import annotations

from typing import Any

from utils.models.music import Service
from utils.music.history.validation import Draft

_MOMENTS = ("listened_at", "timestamp")


def is_row(value: Any) -> bool:
    """True for a listen."""
    if not isinstance(value, dict) or not isinstance(value.get("track_metadata"), dict):
        return False
    return any(name in value for name in _MOMENTS) or is_playing_now(value)


def is_playing_now(row: Any) -> bool:
    """True for what is playing: it has no moment yet."""
    return isinstance(row, dict) and row.get("playing_now") is True


def draft(row: dict[str, Any]) -> Draft:
    """What a listen says."""
    said = row["track_metadata"]
    sent, matched = _table(said.get("additional_info")), _table(said.get("mbid_mapping"))
    seconds = sent.get("duration_played")
    user = row.get("user_name")
    return Draft(
        service=Service.LISTENBRAINZ,
        played_at=next((row[name] for name in _MOMENTS if row.get(name) is not None), None),
        track=said.get("track_name"),
        artist=said.get("artist_name"),
        album=said.get("release_name"),
        ms_played=seconds * 1000 if isinstance(seconds, (int, float)) and seconds > 0 else None,
        spotify_track_id=sent.get("spotify_id") or sent.get("origin_url"),
        isrc=sent.get("isrc"),
        recording_mbid=sent.get("recording_mbid") or matched.get("recording_mbid"),
        artist_mbid=_first(sent.get("artist_mbids")) or _first(matched.get("artist_mbids")),
        release_mbid=sent.get("release_mbid") or matched.get("release_mbid"),
        platform=sent.get("media_player") or sent.get("music_service_name"),
        username=user if isinstance(user, str) and user.strip() else None,
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(values: Any) -> Any:
    return values[0] if isinstance(values, list) and values else None
