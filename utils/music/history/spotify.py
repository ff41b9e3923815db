"""Spotify's exports: the extended streaming history, and the short one of the account's data.

Extended (``Streaming_History_Audio_*.json``, ``endsong_*.json``): ``ts`` is the end of a play in
UTC, to the second; ``offline_timestamp`` (seconds or milliseconds) is not used, since many exports
have it wrong. Short (``StreamingHistory*.json``): ``endTime`` in UTC, to the minute. Podcasts,
audiobooks and what ``Streaming_History_Video_*.json`` holds are episodes. The artist is the
album's: no export names the track's own. Plays of private sessions are plays. Addresses, user
agents and names of users are not kept.
"""

from __future__ import annotations

from typing import Any

from utils.models.music import PlayKind, Service
from utils.music.history.validation import Draft

_SKIPPED = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
_FLAGS = (bool, int, float, str)  # pandas writes 0.0
_UNKNOWN = "Unknown Track"  # in the place of one that Spotify has no more
_NOT_KEPT = ("ip_addr", "user_agent", "username")


def is_row(value: Any) -> bool:
    """True for a row of either export."""
    if not isinstance(value, dict):
        return False
    is_extended = "ts" in value and ("ms_played" in value or _TRACK in value)
    return is_extended or ("endTime" in value and "msPlayed" in value)


_TRACK = "master_metadata_track_name"


def draft(row: dict[str, Any], is_video: bool) -> Draft:
    """What a row says."""
    if "endTime" in row:
        return _short(row)
    kind, names = _names(row)
    skipped = row.get("skipped")
    return Draft(
        service=Service.SPOTIFY,
        played_at=row.get("ts"),
        track=names[0],
        artist=names[1],
        album=names[2],
        kind=PlayKind.EPISODE if is_video else kind,
        ms_played=row.get("ms_played"),
        spotify_track_id=row.get("spotify_track_uri"),
        country=row.get("conn_country"),
        platform=row.get("platform"),
        skipped=_SKIPPED.get(skipped) if isinstance(skipped, _FLAGS) else None,
        username=username_of(row),
    )


def username_of(row: dict[str, Any]) -> str | None:
    """The user whom older exports name in each row."""
    name = row.get("username")
    return name.strip() or None if isinstance(name, str) else None


def fit_to_keep(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the address and the device of who listened."""
    return {name: value for name, value in row.items() if not name.startswith(_NOT_KEPT)}


def _names(row: dict[str, Any]) -> tuple[PlayKind, tuple[Any, Any, Any]]:
    """What was played, by whom, on what; for an episode its show, for a chapter its book."""
    if row.get(_TRACK) or row.get("spotify_track_uri"):
        artist = row.get("master_metadata_album_artist_name")
        return PlayKind.TRACK, (
            row.get(_TRACK),
            artist,
            row.get("master_metadata_album_album_name"),
        )
    if row.get("episode_name") or row.get("spotify_episode_uri"):
        name = row.get("episode_name") or row.get("spotify_episode_uri")
        return PlayKind.EPISODE, (name, row.get("episode_show_name"), None)
    name = row.get("audiobook_chapter_title") or row.get("audiobook_chapter_uri")
    return PlayKind.EPISODE, (
        name or row.get("audiobook_title"),
        row.get("audiobook_title"),
        None,
    )


def _short(row: dict[str, Any]) -> Draft:
    is_podcast = "episodeName" in row or "podcastName" in row
    track = row.get("episodeName" if is_podcast else "trackName")
    return Draft(
        service=Service.SPOTIFY,
        played_at=row.get("endTime"),
        track=None if track == _UNKNOWN else track,
        artist=row.get("podcastName" if is_podcast else "artistName"),
        kind=PlayKind.EPISODE if is_podcast else PlayKind.TRACK,
        ms_played=row.get("msPlayed"),
    )
