"""The first part of a night of music: what was heard since the last one, as it is to be counted."""

from __future__ import annotations

from prefect import flow

from tasks.music_plays import prepare_plays
from utils.models.music import SubflowResult


@flow(name="data-preparation")
def data_preparation() -> SubflowResult:
    """Validate new plays, and find those that several services or exports tell of.

    Its status is ``no_updates`` where no play is new, ``partial_success`` where some were refused;
    they are kept with their reasons (`nightshift music rejects`).
    """
    return prepare_plays()
