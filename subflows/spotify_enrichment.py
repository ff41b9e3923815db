"""A place for `spotify-enrichment`, until it is merged."""

from __future__ import annotations

from prefect import flow

from utils.models.music import Outcome, SubflowResult


@flow(name="spotify-enrichment")
def spotify_enrichment() -> SubflowResult:
    """Nothing was to be done."""
    return SubflowResult(name="spotify-enrichment", status=Outcome.NO_UPDATES)
