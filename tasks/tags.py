"""What marks flow runs, task runs and limits as ours on a Prefect server that others use too."""

from __future__ import annotations

# Of every flow run: by its deployment (prefect.yaml), or by whoever starts it.
TAG = "nightshift"
FLOWS = ("night-shift", "shift", "content-ingestion", "process-item")


def lane_tag(lane: str) -> str:
    """The tag that the tasks of a lane carry, and that limits them: such names are global."""
    return f"{TAG}-{lane}"
