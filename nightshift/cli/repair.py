"""What `nightshift doctor --fix` does: the recovery that each run begins with, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from nightshift.cli import music_checks, source_checks
from nightshift.cli.checks import OK, PROBLEM, REPAIRED, Check
from utils.config import Settings
from utils.housekeeping import recovery
from utils.processes.prefect_environment import is_served


def repair(settings: Settings) -> list[Check]:
    """Put in order what killed processes left behind; says what it did."""
    recovered = recovery.recover(settings)
    done = [
        Check(REPAIRED, "leftovers", f"put in order: {recovery.in_words(recovered)}")
        if recovered
        else Check(OK, "leftovers", "nothing was left behind")
    ]
    if not is_served(settings):
        return done
    return [
        *done,
        *_repair_server(settings, recovered),
        *source_checks.repair(settings),
        *music_checks.repair(settings),
    ]


def _repair_server(settings: Settings, recovered: recovery.Recovered) -> Iterator[Check]:
    from tasks import flow_runs

    try:
        closed = flow_runs.close_zombies(settings, recovered.runs)
        freed = flow_runs.free_slots(settings)
    except (httpx.HTTPError, RuntimeError) as error:
        yield Check(PROBLEM, "Prefect server", f"could not be put in order: {error}")
        return
    if closed:
        yield Check(REPAIRED, "flow runs", f"marked as Crashed: {', '.join(closed)}")
    if freed:
        yield Check(REPAIRED, "slots", f"freed: {', '.join(freed)}")
