"""What marks flow runs, task runs, limits and states as ours on a server that others use too."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from prefect import tags
from prefect.settings import PREFECT_API_URL

# An ephemeral server serves this process alone: a lane suffices, and a tag would cost each
# step a request to a busy SQLite (2 s for each one that is refused; with any tag at all a shift
# took 1.1 to 1.2 times as long). Asked at import, because Prefect sets the address of an
# ephemeral server too, once it runs.
SERVED = PREFECT_API_URL.value() is not None

# Of every flow run: by its deployment (prefect.yaml), or by whoever starts it.
TAG = "nightshift"
FLOWS = (
    *("night-shift", "shift", "content-ingestion", "run-ingestion", "process-item"),
    *("daily-etl", "spotify-ingestion"),
)

# Names of final states; Prefect names its events after them (deployments/register.py).
PARTIAL, NOTHING_TO_DO = "Partial", "NothingToDo"


def lane_tag(lane: str) -> str:
    """The tag that the tasks of a lane carry, and that limits them: such names are global."""
    return f"{TAG}-{lane}"


def marked() -> AbstractContextManager[object]:
    """Have the flow runs that are started within the block carry our tag, where others look."""
    return tags(TAG) if SERVED else nullcontext()
