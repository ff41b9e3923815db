"""What `nightshift doctor` says of listening: is Spotify asked where it may be."""

from __future__ import annotations

from collections.abc import Iterator

from nightshift.cli.checks import OK, PROBLEM, REPAIRED, WARNING, Check
from utils.config import Settings
from utils.errors import NightShiftError
from utils.processes.prefect_environment import is_served


def schedule(settings: Settings) -> Iterator[Check]:
    """The schedule of `spotify-ingestion`: off without a login, on with one."""
    from deployments import switched_schedules
    from deployments.switched_schedules import SPOTIFY

    if not is_served(settings):
        return
    found = switched_schedules.look(SPOTIFY, settings)
    if found.is_on is None:
        if found.is_wanted:
            yield Check(WARNING, "Spotify", "logged in, but spotify-ingestion is not registered",
                        "nightshift deploy --only music")  # fmt: skip
    elif found.is_right:
        yield Check(OK, "Spotify", "asked every 30 minutes" if found.is_on else
                    "not asked: nobody is logged in")  # fmt: skip
    else:
        is_off = "logged in, but the schedule of spotify-ingestion is off"
        is_on = "nobody is logged in, but the schedule of spotify-ingestion is on"
        yield Check(WARNING, "Spotify", is_off if found.is_wanted else is_on,
                    "nightshift doctor --fix")  # fmt: skip


def repair(settings: Settings) -> Iterator[Check]:
    """Switch the schedule on or off, as the login has it."""
    from deployments import switched_schedules
    from deployments.switched_schedules import SPOTIFY

    try:
        found = switched_schedules.look(SPOTIFY, settings)
        if not found.is_right:
            yield Check(REPAIRED, "Spotify", switched_schedules.bring_together(SPOTIFY, settings))
    except NightShiftError as error:
        yield Check(PROBLEM, "Spotify", f"its schedule could not be put in order: {error}")
