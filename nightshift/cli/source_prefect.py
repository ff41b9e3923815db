"""Has Prefect's server know what was changed of sources, and says what stands in the way."""

from __future__ import annotations

from nightshift.cli.output import errors
from utils.config import Settings
from utils.errors import NightShiftError
from utils.models.sanitize import visible
from utils.processes.prefect_environment import is_served


def tell(
    settings: Settings,
    source_id: str | None,
    schedule: str | None = None,
    *,
    quietly: bool = False,
    replace: bool = False,
) -> None:
    """Bring a source and its deployment together.

    Args:
        settings: Whose server.
        source_id: The source; None for all of them.
        schedule: What nobody keeps without a server.
        quietly: Say only what was taken over from there; the same is done again soon.
        replace: Schedules in Prefect that a source can't have give way.
    """
    if not is_served(settings):
        if schedule:
            errors.print("There is no Prefect server to keep its schedule: each night looks there. "
                         "`nightshift up` starts one.", style="yellow")  # fmt: skip
        return
    from deployments import source_deployments

    try:
        told = source_deployments.bring_together(settings, source_id, replace=replace)
    except NightShiftError as error:
        if not quietly:
            _say_later(str(error))
        return
    for one in told:
        if one.is_taken_over or not (one.done or quietly):
            done = f" ({one.done})" if one.done else ""
            errors.print(f"{one.source}: {one.found}{done}", markup=False)


def forget(settings: Settings, source_id: str) -> None:
    """Delete the deployment of a source that was removed."""
    if not is_served(settings):
        return
    from deployments import source_deployments

    try:
        source_deployments.remove(settings, source_id)
    except NightShiftError as error:
        _say_later(f"{error} Its deployment is still there.")


def _say_later(error: str) -> None:
    later = (
        "Here it is done; once the server answers, `nightshift doctor --fix` does it there, too."
    )
    errors.print(f"{visible(error)}\n{later}", style="yellow", markup=False)
