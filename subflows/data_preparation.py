"""A place for `data-preparation`, until it is merged."""

from __future__ import annotations

from prefect import flow

from utils.models.music import Outcome, SubflowResult


@flow(name="data-preparation")
def data_preparation() -> SubflowResult:
    """Nothing was to be done."""
    return SubflowResult(name="data-preparation", status=Outcome.NO_UPDATES)
