"""The three enrichments at once: Spotify, MusicBrainz, geography.

The second goes on with what the first finds (ISRCs), the third with what the second finds (areas),
until the run holds the result of the one that they follow: none waits for another's end.
"""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow

from subflows.geographic_enrichment import geographic_enrichment
from subflows.music_parts import Begun, Part
from subflows.musicbrainz_enrichment import musicbrainz_enrichment
from subflows.spotify_enrichment import spotify_enrichment
from tasks.database import connect
from utils import clock
from utils.models.music import Outcome, SubflowResult
from utils.models.music_report import together
from utils.models.music_settings import MusicSettings


@flow(name="enrichment-coordination")
def enrichment_coordination(run_id: str) -> SubflowResult:
    """Ask all three at once; it has failed if all of them did.

    Args:
        run_id: The run of `daily-etl` that holds what each comes to.
    """
    return coordinate(run_id, parts(connect().music, run_id))


def parts(settings: MusicSettings, run_id: str) -> tuple[Part, ...]:
    """The three, each after the one that it follows."""
    follow = {"follow": run_id}
    return (
        Part(spotify_enrichment, settings.spotify_timeout, "spotify_timeout"),
        Part(musicbrainz_enrichment, settings.musicbrainz_timeout, "musicbrainz_timeout", follow),
        Part(geographic_enrichment, settings.default_timeout, "default_timeout", follow),
    )


def coordinate(run_id: str, wanted: Sequence[Part]) -> SubflowResult:
    """Begin all parts, then wait for each: the time limit of a follower counts from there.

    ``metrics``: ``slowest_seconds`` and the number of parts by what they came to.
    """
    began = clock.monotonic()
    at_work = [Begun(part, run_id) for part in wanted]
    results = [one.result() for one in at_work]
    counts = {status.value: sum(r.status is status for r in results) for status in Outcome}
    return SubflowResult(
        name="enrichment-coordination",
        status=together(results),
        metrics={"slowest_seconds": max(r.seconds for r in results), **counts},
        errors=tuple(fault for result in results for fault in result.errors[:10]),
        seconds=round(clock.monotonic() - began, 3),
    )
