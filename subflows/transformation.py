"""The last part of a night of music: all that is known becomes tables that answer questions."""

from __future__ import annotations

from prefect import flow

from tasks.music_tables import build_tables
from utils.models.music import SubflowResult


@flow(name="transformation")
def transformation(full: bool = False) -> SubflowResult:
    """Build the star schema (docs/music.md); ``full``: read everything again.

    Its status is ``no_updates`` where nothing changed since the last build, ``failed`` where a
    test of the tables did: they stay as they were.
    """
    return build_tables(full)
