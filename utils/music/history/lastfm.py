"""Last.fm's scrobbles: pages of its API as tools keep them, and what tools make of them.

JSON: pages of ``user.getRecentTracks`` (also with ``extended=1``), lists of them or of their
tracks, and lastfmstats.com's ``scrobbles``. CSV: utils/music/history/csv_records.py. What plays
while a page is made has no moment and is left out. An id of a track is taken for MusicBrainz's of
its recording, as Last.fm means it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from utils.models.music import Service
from utils.music.history.validation import Draft


def is_row(value: Any) -> bool:
    """True for a scrobble."""
    if not isinstance(value, dict) or "artist" not in value:
        return False
    has_moment = "date" in value or "uts" in value or is_playing_now(value)
    return has_moment and ("name" in value or "track" in value)


def rows(value: Any) -> Iterator[tuple[Any, str | None]]:
    """The scrobbles of a page, each with the user whom the page names; a scrobble is itself."""
    page = value.get("recenttracks", value) if isinstance(value, dict) else value
    if isinstance(page, dict) and not is_row(page) and "track" in page:
        said = page.get("@attr")
        user = said.get("user") if isinstance(said, dict) else None
        tracks = page["track"] if isinstance(page["track"], list) else [page["track"]]
        yield from ((track, user if isinstance(user, str) else None) for track in tracks)
    elif page is value or page:
        yield page, None


def is_page(value: Any) -> bool:
    """True for an answer of the API, also an empty one."""
    if not isinstance(value, dict):
        return False
    return "recenttracks" in value or (
        "track" in value and "@attr" in value and "artist" not in value
    )


def is_playing_now(row: Any) -> bool:
    """True for the track that was playing when the page was made."""
    said = row.get("@attr") if isinstance(row, dict) else None
    return isinstance(said, dict) and str(said.get("nowplaying")).lower() == "true"


def draft(row: dict[str, Any], username: str | None) -> Draft:
    """What a scrobble says."""
    artist, album = row.get("artist"), row.get("album")
    return Draft(
        service=Service.LASTFM,
        played_at=_moment(row),
        track=row.get("name") if "name" in row else row.get("track"),
        artist=_named(artist),
        album=_named(album),
        recording_mbid=row.get("mbid") or row.get("track_mbid"),
        artist_mbid=row.get("artist_mbid") or _mbid(artist),
        release_mbid=row.get("album_mbid") or _mbid(album),
        username=username,
    )


def _moment(row: dict[str, Any]) -> Any:
    date = row.get("uts") or row.get("date")
    return (date.get("uts") or date.get("#text")) if isinstance(date, dict) else date


def _named(thing: Any) -> Any:
    return (thing.get("#text") or thing.get("name")) if isinstance(thing, dict) else thing


def _mbid(thing: Any) -> Any:
    return thing.get("mbid") if isinstance(thing, dict) else None
