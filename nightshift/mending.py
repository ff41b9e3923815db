"""What `nightshift doctor --fix` does: the sweep that each run begins with, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from nightshift.checks import MENDED, OK, PROBLEM, Check
from utils import sweep
from utils.config import Settings, is_served


def mend(settings: Settings) -> list[Check]:
    """Put in order what killed processes left behind; says what it did."""
    swept = sweep.sweep(settings)
    done = [
        Check(MENDED, "leftovers", f"put in order: {sweep.in_words(swept)}")
        if swept
        else Check(OK, "leftovers", "nothing was left behind")
    ]
    return [*done, *_mend_server(swept)] if is_served(settings) else done


def _mend_server(swept: sweep.Swept) -> Iterator[Check]:
    from tasks import zombies

    try:
        closed, freed = zombies.close_zombies(swept.runs), zombies.free_slots()
    except (httpx.HTTPError, RuntimeError) as error:
        yield Check(PROBLEM, "Prefect server", f"could not be put in order: {error}")
        return
    if closed:
        yield Check(MENDED, "flow runs", f"marked as Crashed: {', '.join(closed)}")
    if freed:
        yield Check(MENDED, "slots", f"freed: {', '.join(freed)}")
