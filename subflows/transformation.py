"""A place for `transformation`, until it is merged."""

from __future__ import annotations

from prefect import flow

from utils.models.music import Outcome, SubflowResult


@flow(name="transformation")
def transformation(full: bool = False) -> SubflowResult:
    """Nothing was to be done."""
    return SubflowResult(name="transformation", status=Outcome.NO_UPDATES)
