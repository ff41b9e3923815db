"""A place for `spotify-ingestion`, until it is merged."""

from __future__ import annotations

from prefect import flow


@flow(name="spotify-ingestion")
def spotify_ingestion(limit: int = 50, run_id: str | None = None) -> None:
    """Nothing was to be done."""
