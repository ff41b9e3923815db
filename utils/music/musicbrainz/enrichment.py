"""All that is to be asked of MusicBrainz: what was begun before, then tracks, most played first."""

from __future__ import annotations

from collections.abc import Callable

from utils import clock
from utils.config import Settings
from utils.db import music_entities, music_lookups
from utils.db.session import session
from utils.errors import RetryableError, SettingsError
from utils.models.music import EntityKind, Provider, SubflowResult
from utils.music.musicbrainz.tally import Tally
from utils.music.musicbrainz.walk import Walk, leads
from utils.processes import deadline

NAME = "musicbrainz-enrichment"
_LOOK_SECONDS = 1.0  # between two looks for new tracks, while Spotify is being asked
_IN_ORDER = (EntityKind.ISRC, EntityKind.RECORDING, EntityKind.ARTIST, EntityKind.AREA)


def enrich(settings: Settings, is_last: Callable[[], bool]) -> SubflowResult:
    """Look up what was played and is not known, until there is no more or the time is over.

    Args:
        settings: Of the music library: the address, the rate, the limit of tracks, the time-out.
        is_last: Whether no more tracks will become known; asked again while they may.

    Raises:
        StoppedError: the process is to end.
    """
    begun, tally = clock.monotonic(), Tally()
    walk = Walk(settings, begun + settings.music.musicbrainz_timeout, tally)
    try:
        _work(walk, settings.music.musicbrainz_fetch_limit, is_last)
        if walk.is_over() and tally.left:
            raise RetryableError(
                f"MusicBrainz can't be asked more within {settings.music.musicbrainz_timeout} s: "
                f"{tally.left} look-ups are for the next run. "
                "NIGHTSHIFT_MUSIC__MUSICBRAINZ_TIMEOUT gives more."
            )
    except (RetryableError, SettingsError) as error:
        tally.note("MusicBrainz", error)
    return SubflowResult(
        name=NAME,
        status=tally.outcome(),
        metrics=tally.metrics(),
        errors=tuple(tally.faults),
        seconds=clock.monotonic() - begun,
    )


def _work(walk: Walk, limit: int | None, is_last: Callable[[], bool]) -> None:
    seen = None
    _add_unfinished(walk)
    while True:
        is_over = is_last()  # looked at first: what came until then is taken below
        with session() as s:
            now = (music_lookups.newest_play(s),
                   music_lookups.newest_answer(s, Provider.SPOTIFY))  # fmt: skip
        if is_over or now != seen:
            seen = now
            _add_played(walk, limit)
        walk.work()
        if is_over or walk.is_over():
            return
        deadline.pause(_LOOK_SECONDS)


def _add_unfinished(walk: Walk) -> None:
    """What answers of before lead to and is not known: a run was killed, or it is too old now."""
    for kind in _IN_ORDER:
        with session() as s:
            known = music_entities.every(s, Provider.MUSICBRAINZ, kind)
            wanted = [lead for one in known if one.document for lead in leads(kind, one.document)]
            for other in dict.fromkeys(its for its, _ in wanted):
                ids = [one for its, one in wanted if its is other]
                for one in music_entities.unknown(s, Provider.MUSICBRAINZ, other, ids):
                    walk.add(other, one)


def _add_played(walk: Walk, limit: int | None) -> None:
    """Tracks that were not asked for, as many as the limit lets, and artists that plays name."""
    with session() as s:
        tracks, artists = music_lookups.played_tracks(s), music_lookups.played_artists(s)
        walk.tally.cache_hits = music_lookups.count_known(s, [EntityKind.ISRC])
    walk.add_tracks(tracks, limit)
    for artist in artists:
        walk.add(EntityKind.ARTIST, artist)
