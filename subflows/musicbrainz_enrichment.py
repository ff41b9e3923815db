"""What MusicBrainz says of what was played: recordings, artists, areas."""

from __future__ import annotations

from prefect import flow

from tasks.music_musicbrainz import look_up_recordings
from utils.models.music import SubflowResult


@flow(name="musicbrainz-enrichment")
def musicbrainz_enrichment(follow: str | None = None) -> SubflowResult:
    """Ask MusicBrainz for recordings, artists and areas of what was played, most played first.

    Args:
        follow: A run of `daily-etl`: new ISRCs are looked for until it has the result of Spotify;
            what is there now when not given.
    """
    return look_up_recordings(follow)
