"""A place for `musicbrainz-enrichment`, until it is merged."""

from __future__ import annotations

from prefect import flow

from utils.models.music import Outcome, SubflowResult


@flow(name="musicbrainz-enrichment")
def musicbrainz_enrichment(follow: str | None = None) -> SubflowResult:
    """Nothing was to be done."""
    return SubflowResult(name="musicbrainz-enrichment", status=Outcome.NO_UPDATES)
