"""Which recording a file is: what its tags say, what its sound says, and what follows from that."""

from __future__ import annotations

from enum import StrEnum

from utils.models.base import Frozen


class How(StrEnum):
    """By what a recording is known, the surest first.

    ``tags``: its MusicBrainz id stands in the file; ``isrc``: its ISRC does; ``acoustid``: its
    sound is known; ``names``: only title and artist are.
    """

    TAGS = "tags"
    ISRC = "isrc"
    ACOUSTID = "acoustid"
    NAMES = "names"


class RecordingTags(Frozen):
    """What the tags of a file say of its recording; ``faults``: ids among them that are none."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    isrc: str | None = None
    recording_mbid: str | None = None
    faults: tuple[str, ...] = ()


class Match(Frozen):
    """A recording of MusicBrainz that sounds like the file, as AcoustID says; ``score`` 0 to 1."""

    id: str
    score: float
    title: str | None = None
    artists: tuple[str, ...] = ()


class Identification(Frozen):
    """What one look at a file found: its tags, and what AcoustID says where it was asked."""

    item_id: str
    tags: RecordingTags
    matches: tuple[Match, ...] = ()


class Recording(Frozen):
    """Which recording a file is.

    ``score``: how sure that is, 0 to 1. ``doubts``: in words, what of it was not believed or had
    to be guessed.
    """

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    isrc: str | None = None
    recording_mbid: str | None = None
    how: How | None = None
    score: float | None = None
    doubts: tuple[str, ...] = ()
