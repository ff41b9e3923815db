"""A place for `geographic-enrichment`, until it is merged."""

from __future__ import annotations

from prefect import flow

from utils.models.music import Outcome, SubflowResult


@flow(name="geographic-enrichment")
def geographic_enrichment(follow: str | None = None) -> SubflowResult:
    """Nothing was to be done."""
    return SubflowResult(name="geographic-enrichment", status=Outcome.NO_UPDATES)
