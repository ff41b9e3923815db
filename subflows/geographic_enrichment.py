"""Where the areas of artists lie, offline."""

from __future__ import annotations

from prefect import flow

from tasks.music_musicbrainz import locate_areas
from utils.models.music import SubflowResult


@flow(name="geographic-enrichment")
def geographic_enrichment(follow: str | None = None) -> SubflowResult:
    """Say of each area which country it is in, on which continent, and where.

    Args:
        follow: A run of `daily-etl`: new areas are looked for until it has the result of
            MusicBrainz; what is there now when not given.
    """
    return locate_areas(follow)
