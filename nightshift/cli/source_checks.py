"""What `nightshift doctor` says of sources: are they well, does Prefect's server know them."""

from __future__ import annotations

from collections.abc import Iterator

from nightshift.cli.checks import OK, PROBLEM, REPAIRED, WARNING, Check
from utils.config import Settings
from utils.errors import NightShiftError
from utils.processes.prefect_environment import is_served


def health(settings: Settings) -> Iterator[Check]:
    """Sources that are gone or fail; folders are looked at now, addresses with the next shift."""
    from utils.db import sources
    from utils.db.session import session
    from utils.sources import health as places

    with session() as s:
        rows, failing = sources.every(s), {row.location: row for row in sources.failing(s)}
    wrong = {location: str(row.error) for location, row in failing.items()}
    for location in {row.location for row in rows if row.paused_at is None}:
        if sources.is_folder(location):
            try:
                places.check_place(location)
            except NightShiftError as error:
                wrong[location] = str(error)
    for location, found in sorted(wrong.items()):
        row = failing.get(location)
        since = f" (since {row.failing_since:%Y-%m-%d})" if row else ""
        yield Check(PROBLEM, "source", f"{found}{since}", "nightshift source list")
    if not wrong:
        paused = sum(row.paused_at is not None for row in rows)
        more = f", {paused} paused" if paused else ""
        yield Check(OK, "sources", f"{len(rows)} besides the inbox, none fails{more}")


def deployments(settings: Settings) -> Iterator[Check]:
    """In what sources and their deployments on Prefect's server differ."""
    from utils.db import sources
    from utils.db.session import session

    if not is_served(settings):
        with session() as s:
            names = [row.name for row in sources.every(s) if row.schedule]
        if names:
            found = f"no Prefect server keeps that of {', '.join(names)}: each night looks there"
            yield Check(WARNING, "schedules", found, "nightshift up")
        return
    from deployments import source_deployments

    try:
        told = source_deployments.bring_together(settings, dry_run=True)
    except NightShiftError as error:
        yield Check(PROBLEM, "deployments", f"of sources: {error}")
        return
    for one in told:
        remedy = f"nightshift doctor --fix ({one.done})" if one.done else ""
        yield Check(WARNING, "deployments", f"{one.source}: {one.found}", remedy)
    if not told:
        yield Check(OK, "deployments", "each source has its own, as it should be")


def repair(settings: Settings) -> Iterator[Check]:
    """Bring sources and their deployments together; what was changed in Prefect is taken over."""
    from deployments import source_deployments

    try:
        told = source_deployments.bring_together(settings)
    except NightShiftError as error:
        yield Check(PROBLEM, "deployments", f"of sources could not be put in order: {error}")
        return
    for one in told:
        if one.done:
            yield Check(REPAIRED, "deployments", f"{one.source}: {one.found}: {one.done}")
