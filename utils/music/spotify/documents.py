"""Spotify's objects, cut to what is kept of them (docs/music.md), and its plays as ours.

Everything is looked at before it is taken: what is not of its kind counts as not said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from utils.config import Settings
from utils.models import sanitize
from utils.models.music import Entity, EntityKind, Origin, Play, PlayKind, Provider, Service
from utils.models.music_import import Reason
from utils.music import entities
from utils.music.history import validation
from utils.music.identifiers import isrc, spotify_id

SOURCE, TRACK = Provider.SPOTIFY, EntityKind.TRACK
_DATE = re.compile(r"[12]\d{3}(-[01]\d(-[0-3]\d)?)?")
_PRECISIONS = {4: "year", 7: "month", 10: "day"}
_LONGEST = 1000  # characters of a name


def entity(kind: EntityKind, asked: str, found: Any, settings: Settings) -> Entity | None:
    """What Spotify says of a thing that was asked for as ``asked``; None if it is no such thing.

    A track that is another in the account's country has that one's id as its canonical id.
    """
    if not isinstance(found, dict):
        return None
    own = spotify_id(found.get("id"))
    linked = found.get("linked_from")
    of = spotify_id(linked.get("id")) if isinstance(linked, dict) else None
    if own is None or (of is not None and asked not in {own, of}):
        return None
    document = _DOCUMENTS[kind](found)
    if document is None:
        return None
    canonical = own if own != asked else None
    return entities.told(Provider.SPOTIFY, kind, asked, document, settings, canonical)


def not_found(kind: EntityKind, asked: str, settings: Settings) -> Entity:
    """The memory that Spotify knows no such thing; it is asked again after its days."""
    return entities.told(Provider.SPOTIFY, kind, asked, None, settings)


def play(item: Any, account: str) -> Play:
    """A play of the list of what was played last.

    Raises:
        ValueError: it is none; its text is a ``Reason``.
    """
    item = item if isinstance(item, dict) else {}
    track, played_at = item.get("track"), moment(item)
    title = _text(track.get("name")) if isinstance(track, dict) else None
    if not isinstance(track, dict) or title is None:
        raise ValueError(Reason.NO_TRACK)
    external = track.get("external_ids")
    show = track.get("show") if track.get("type") == "episode" else None
    return Play(
        account=account, service=Service.SPOTIFY, origin=Origin.API,
        played_at=played_at, track=title,
        kind=PlayKind.EPISODE if track.get("type") == "episode" else PlayKind.TRACK,
        artist=_first(track.get("artists")), album=_name(track.get("album") or show),
        spotify_track_id=spotify_id(track.get("id")),
        isrc=isrc(external.get("isrc")) if isinstance(external, dict) else None,
    )  # fmt: skip


def track_of(item: Any, settings: Settings) -> Entity | None:
    """The track that came along with a play; None for a file of the listener's, and episodes."""
    track = item.get("track") if isinstance(item, dict) else None
    if not isinstance(track, dict):
        return None
    asked = spotify_id(track.get("id"))
    if asked is None or track.get("type", "track") != "track":
        return None
    return entity(EntityKind.TRACK, asked, track, settings)


def moment(item: Any) -> datetime:
    """When a play was; Spotify notes its end.

    Raises:
        ValueError: that can't be, by the rules of all histories; its text is a ``Reason``.
    """
    text = item.get("played_at") if isinstance(item, dict) else None
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(Reason.NO_TIME)
    if wrong := validation.fault_of_moment(Service.SPOTIFY, at.astimezone(UTC)):
        raise ValueError(wrong)
    return at


def milliseconds(at: datetime) -> int:
    """A moment as Spotify's cursors have it."""
    return round(at.timestamp() * 1000)


def _track(found: Mapping[str, Any]) -> dict[str, Any] | None:
    album, external = found.get("album"), found.get("external_ids")
    return {
        "title": _text(found.get("name")),
        "isrc": isrc(external.get("isrc")) if isinstance(external, dict) else None,
        "duration_ms": _number(found.get("duration_ms")),
        "explicit": found["explicit"] if isinstance(found.get("explicit"), bool) else None,
        "album_id": spotify_id(album.get("id")) if isinstance(album, dict) else None,
        "artists": _artists(found.get("artists")),
    }


def _artist(found: Mapping[str, Any]) -> dict[str, Any] | None:
    genres, followers = found.get("genres"), found.get("followers")
    return {
        "name": _text(found.get("name")),
        "genres": [one for one in map(_text, _list(genres)) if one],
        "followers": _number(followers.get("total")) if isinstance(followers, dict) else None,
        "popularity": _number(found.get("popularity")),
    }


def _album(found: Mapping[str, Any]) -> dict[str, Any] | None:
    released = found.get("release_date")
    released = released if isinstance(released, str) and _DATE.fullmatch(released) else None
    return {
        "title": _text(found.get("name")),
        "album_type": _text(found.get("album_type")),
        "released": released,
        "precision": _PRECISIONS[len(released)] if released else None,
        "label": _text(found.get("label")),
        "tracks": _number(found.get("total_tracks")),
        "artists": _artists(found.get("artists")),
    }


_DOCUMENTS = {EntityKind.TRACK: _track, EntityKind.ARTIST: _artist, EntityKind.ALBUM: _album}


def _artists(found: Any) -> list[dict[str, Any]]:
    named = [one for one in _list(found) if isinstance(one, dict)]
    known = [{"id": spotify_id(one.get("id")), "name": _text(one.get("name"))} for one in named]
    return [one for one in known if one["id"] or one["name"]]


def _first(found: Any) -> str | None:
    return next((one["name"] for one in _artists(found) if one["name"]), None)


def _name(found: Any) -> str | None:
    return _text(found.get("name")) if isinstance(found, dict) else None


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _text(value: Any) -> str | None:
    """A name of some length, fit for any database; None for nothing."""
    return sanitize.text(value).strip()[:_LONGEST] or None if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 2**31 else None
