"""MusicBrainz and geography as tasks: one task is all that a subflow asks for.

A look-up takes milliseconds and there are thousands: each is tried again by the class of its
error in utils/music/musicbrainz/walk.py, and not as a task of its own.
"""

from __future__ import annotations

from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.database import connect
from tasks.logs import shorten_known_errors
from utils.db import music_runs
from utils.db.session import session
from utils.models.music import SubflowResult
from utils.music import geography
from utils.music.musicbrainz import enrichment

shorten_known_errors()


@task(name="look-up-recordings", cache_policy=NO_CACHE, persist_result=False)
def look_up_recordings(follow: str | None) -> SubflowResult:
    """Ask MusicBrainz for what was played, until the run ``follow`` has all that Spotify says.

    Raises:
        StoppedError: the process is to end.
    """
    return enrichment.enrich(connect(), partial(_is_over, follow, "spotify-enrichment"))


@task(name="locate-areas", cache_policy=NO_CACHE, persist_result=False)
def locate_areas(follow: str | None) -> SubflowResult:
    """Say where areas lie, until the run ``follow`` has all that MusicBrainz says.

    Raises:
        StoppedError: the process is to end.
    """
    limit = connect().music.geographic_limit
    return geography.enrich(limit, partial(_is_over, follow, enrichment.NAME))


def _is_over(follow: str | None, name: str) -> bool:
    """True where there is nobody to wait for (any more)."""
    if follow is None:
        return True
    with session() as s:
        return music_runs.has(s, follow, name) or not music_runs.is_open(s, follow)
