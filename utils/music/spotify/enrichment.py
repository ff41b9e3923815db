"""What of the tracks that were played is not known yet, and asking Spotify for it.

First the tracks, those played most first; then their artists and their albums, which are named by
the tracks. What was not found, and what was told some months ago, is asked for again in its time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils import clock
from utils.config import Settings
from utils.db import music_entities, plays
from utils.db.session import session
from utils.models.music import (
    Entity,
    EntityKind,
    Fault,
    Outcome,
    Provider,
    SubflowResult,
)
from utils.models.music_settings import MusicSettings
from utils.music.spotify import look_up
from utils.music.spotify.api import Spotify

NAME = "spotify-enrichment"
_FAULTS = 100
_WRITE = 50  # entities in one transaction: what is lost with a killed process


class Wanted(NamedTuple):
    """What is to be asked for, what is known already, and how many are over the limit."""

    ids: list[str]
    known: int
    over: int


class Tally(NamedTuple):
    """What came of looking up one kind."""

    new: int = 0
    not_found: int = 0
    left: int = 0
    faults: tuple[Fault, ...] = ()


def wanted_tracks(settings: Settings) -> Wanted:
    """The tracks that were played and are not known.

    As many as the larger limit of artists and albums, which are found by them.
    """
    music = settings.music
    limits = (music.spotify_artist_limit, music.spotify_album_limit)
    limit = None if None in limits else max(one for one in limits if one is not None)
    with session() as s:
        return _wanted(s, EntityKind.TRACK, list(plays.spotify_ids(s)), limit)


def wanted_of_tracks(kind: EntityKind, settings: Settings) -> Wanted:
    """The artists, or the albums, of the tracks that were played, as far as they are not known."""
    with session() as s:
        tracks = list(plays.spotify_ids(s))
        known = music_entities.documents(s, Provider.SPOTIFY, EntityKind.TRACK, tracks)
        ids = _named_by((known[one] for one in tracks if one in known), kind)
        return _wanted(s, kind, list(dict.fromkeys(ids)), _limit(kind, settings.music))


def fetch(spotify: Spotify, kind: EntityKind, ids: Sequence[str]) -> Tally:
    """Ask for things and keep what is said of them, some at a time, as it comes.

    It ends early, and says so, where Spotify does not go on.
    """
    kept: list[Entity] = []
    new = missing = left = 0
    faults: list[Fault] = []
    for answer in look_up.answers(spotify, kind, ids):
        new += sum(one.found for one in answer.entities)
        missing += sum(not one.found for one in answer.entities)
        left += answer.left
        faults += answer.faults
        kept += answer.entities
        if len(kept) >= _WRITE:
            _keep(kept)
            kept = []
    _keep(kept)
    return Tally(new, missing, left, tuple(faults))


def result(
    parts: Sequence[tuple[Wanted, Tally]], spotify: Spotify | None, began: float
) -> SubflowResult:
    """What a run came to, of its kinds together."""
    faults = [fault for _, tally in parts for fault in tally.faults]
    new = sum(tally.new for _, tally in parts)
    missing = sum(tally.not_found for _, tally in parts)
    metrics = Counter(
        new=new, not_found=missing, cache_hits=sum(wanted.known for wanted, _ in parts),
        left=sum(wanted.over + tally.left for wanted, tally in parts),
        requests=spotify.requests if spotify else 0,
        throttled=spotify.throttled if spotify else 0, errors=len(faults),
    )  # fmt: skip
    return SubflowResult(
        name=NAME, status=_outcome(new + missing, bool(faults)), metrics=dict(metrics),
        errors=tuple(faults[:_FAULTS]), seconds=round(clock.monotonic() - began, 3),
    )  # fmt: skip


def _outcome(learned: int, has_faults: bool) -> Outcome:
    if has_faults:
        return Outcome.PARTIAL if learned else Outcome.FAILED
    return Outcome.SUCCESS if learned else Outcome.NO_UPDATES


def _wanted(s: Session, kind: EntityKind, ids: Sequence[str], limit: int | None) -> Wanted:
    unknown = music_entities.unknown(s, Provider.SPOTIFY, kind, ids)
    asked = unknown if limit is None else unknown[:limit]
    return Wanted(asked, len(ids) - len(unknown), len(unknown) - len(asked))


def _named_by(tracks: Iterable[dict[str, Any]], kind: EntityKind) -> Iterator[str]:
    for document in tracks:
        if kind is EntityKind.ALBUM:
            found = [document.get("album_id")]
        else:
            found = [one.get("id") for one in document.get("artists", ())]
        yield from (one for one in found if one)


def _limit(kind: EntityKind, music: MusicSettings) -> int | None:
    return music.spotify_album_limit if kind is EntityKind.ALBUM else music.spotify_artist_limit


_writing = threading.Lock()  # SQLite has one writer: two kinds at once take turns here


def _keep(entities: Sequence[Entity]) -> None:
    if entities:
        with _writing, session() as s:
            music_entities.put(s, entities)
