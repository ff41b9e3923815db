"""Spotify's part of the music library as Prefect tasks; one request's retries stand in the client.

Tokens and pauses are the whole account's, so that all tasks of a run ask through one connection.
"""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.logs import shorten_known_errors
from tasks.policy import tries
from utils.config import Settings
from utils.models.music import EntityKind, SubflowResult
from utils.music.spotify import enrichment, history
from utils.music.spotify.api import Spotify
from utils.music.spotify.enrichment import Tally
from utils.processes import deadline

_RETRIES = 2  # chosen: of a whole look, on top of each request's own
shorten_known_errors()


@task(name="take-spotify-plays", cache_policy=NO_CACHE, persist_result=False)
def take_plays(settings: Settings, limit: int) -> SubflowResult:
    """What was played since the last look, into the tables."""
    for attempt in tries(_RETRIES):
        with attempt:
            return history.take(settings, limit)
    raise AssertionError("tries() raises what the last one did")


@task(
    name="look-up-at-spotify",
    task_run_name="look-up-{kind}s",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look_up(spotify: Spotify, kind: EntityKind, ids: list[str], seconds: float) -> Tally:
    """What Spotify says of things, kept as it comes, for so many seconds at most."""
    with deadline.within(deadline.Limit(seconds, "NIGHTSHIFT_MUSIC__SPOTIFY_TIMEOUT")):
        return enrichment.fetch(spotify, kind, ids)
