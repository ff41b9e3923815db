"""Listening: plays, what is known of their tracks, and what a part of the nightly work came to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from utils.models.base import Frozen


class Service(StrEnum):
    """Who kept a play."""

    SPOTIFY = "spotify"
    LASTFM = "lastfm"
    LISTENBRAINZ = "listenbrainz"


class Origin(StrEnum):
    """How a play came to us."""

    API = "api"
    EXPORT = "export"


class PlayKind(StrEnum):
    """What was played; tables of music hold tracks alone."""

    TRACK = "track"
    EPISODE = "episode"


class Play(Frozen):
    """One listening event, as its service tells it.

    ``played_at`` is the service's own moment, in UTC: Spotify notes the end of a play, Last.fm and
    ListenBrainz its beginning. ``precision_seconds``: 60 where that is told to the minute alone.
    ``account``: whose history it is. ``country``: where it was heard, ISO 3166-1 alpha-2.
    """

    account: str
    service: Service
    origin: Origin
    kind: PlayKind = PlayKind.TRACK
    played_at: datetime
    precision_seconds: int = 1
    ms_played: int | None = Field(None, ge=0)
    track: str
    artist: str | None = None
    album: str | None = None
    spotify_track_id: str | None = None
    isrc: str | None = None
    recording_mbid: str | None = None
    artist_mbid: str | None = None
    release_mbid: str | None = None
    country: str | None = None
    platform: str | None = None
    skipped: bool | None = None


class EntityKind(StrEnum):
    """What an outside service is asked for; its answers are kept in ``music_entities``."""

    TRACK = "track"
    ARTIST = "artist"
    ALBUM = "album"
    ISRC = "isrc"
    RECORDING = "recording"
    AREA = "area"
    FINGERPRINT = "fingerprint"


class Provider(StrEnum):
    """Who answered."""

    SPOTIFY = "spotify"
    MUSICBRAINZ = "musicbrainz"
    ACOUSTID = "acoustid"
    GEOGRAPHY = "geography"


class Entity(Frozen):
    """What a service says of one thing.

    ``document``: its answer, cut to what is used; None where it knows no such thing (``found`` is
    False, and it is asked again after ``expires_at``). ``canonical_id``: the id that it goes by
    now, where the service merged it into another.
    """

    source: Provider
    kind: EntityKind
    id: str
    found: bool = True
    document: dict[str, Any] | None = None
    canonical_id: str | None = None
    fetched_at: datetime
    expires_at: datetime | None = None


class Outcome(StrEnum):
    """What a subflow came to; ``failed``: nothing of it could be done."""

    SUCCESS = "success"
    NO_UPDATES = "no_updates"
    PARTIAL = "partial_success"
    FAILED = "failed"


class Fault(Frozen):
    """Why one thing could not be done: ``what`` is an id or a row, as people find it."""

    what: str
    error_class: str
    message: str


class SubflowResult(Frozen):
    """What a subflow came to.

    ``metrics``: counts by name (``rows``, ``new``, ``requests``, ``cache_hits``, ``throttled``,
    ``not_found``, ``rejected``…). ``errors``: the first hundred; ``metrics["errors"]`` counts all.
    """

    name: str
    status: Outcome
    metrics: dict[str, float] = Field(default_factory=dict)
    errors: tuple[Fault, ...] = ()
    seconds: float = 0.0
