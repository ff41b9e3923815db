"""The nightly batch: look into all sources, take what waits, work through it, publish, report."""

from __future__ import annotations

from itertools import zip_longest
from typing import Annotated, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import AfterValidator, PositiveInt

from flows.process_item import process_item
from subflows.discovery import discover
from subflows.dispatch import dispatch_all
from subflows.distribution import publish_at_end
from subflows.fan_out import conclude, work_through
from tasks import ephemeral_server
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from tasks.retention import once_a_day
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.models.shift import ShiftReport
from utils.models.window import valid_window, valid_zone
from utils.rules import changes
from utils.scheduling import claims, run_session
from utils.scheduling import dispatch as dispatching
from utils.scheduling.estimate import Work

Hours = Annotated[str, AfterValidator(valid_window)]
Zone = Annotated[str, AfterValidator(valid_zone)]


@flow(name="night-shift")
def night_shift(
    limit: PositiveInt | None = None,
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    window: Hours | None = None,
    timezone: Zone | None = None,
    run_id: str | None = None,
    dispatch: Literal["inline", "workers"] | None = None,
    publish: bool = True,
) -> State[ShiftReport]:
    """Process up to ``limit`` items that wait, and report.

    Args:
        limit: Items that this shift takes; the setting ``shift_limit`` when not given.
        options: What to do with each item; the settings' defaults when not given.
        concurrency: Items in work at once; the setting when not given.
        window: When it may work, such as 22:00-06:00; the setting when not given. Outside of it
            the shift does nothing; what can't be through before it closes keeps its place.
        timezone: Of the window; the setting when not given.
        run_id: The id of the run; a new one when not given.
        dispatch: Work here, or hand chunks to the workers; the setting when not given.
        publish: Publish at the end what is approved and due at a target (targets.yaml).
    """
    settings = connect()
    options, limit = options or settings.pipeline, limit or settings.shift_limit
    run_id = run_id or run_of(flow_run)
    context = RunContext(run_id, run_id, options, settings, by_source=True)
    hours = run_session.hours(window, timezone, settings)
    with run_session.run_session("night-shift", run_id, settings) as recovered:
        ephemeral_server.end_with_us()
        close_zombies(settings, recovered.runs)
        if hours and run_session.missed(run_id, hours):
            return conclude(run_id, settings)
        entries, away = discover(context)
        changes.apply(settings)
        on_workers = (dispatch or settings.dispatch) == "workers"
        places = limit - _half(limit, entries)
        if on_workers:
            waiting = dispatching.waiting(places, settings.max_tries, away)
        else:
            waiting = claims.claim_waiting(run_id, places, settings.max_tries, away)
        works, at_once = _shared(limit, entries, waiting), concurrency or settings.concurrency
        if works and on_workers:
            dispatch_all(works, context, at_once, hours)
        elif works:
            work_through(works, context, process_item, at_once, hours)
        if publish:
            publish_at_end(settings, run_id)
        once_a_day(settings)
        return conclude(run_id, settings)


def _half(limit: int, entries: list[Entry]) -> int:
    """Places for entries: half of a shift, so that neither they nor the items starve."""
    return min(len(entries), (limit + 1) // 2)


def _shared(limit: int, entries: list[Entry], claimed: list[str]) -> list[Work]:
    """The shift's work: items and entries in turn, as both stand in an order of their own."""
    taken = entries[: limit - len(claimed)]
    pairs = zip_longest(claimed, taken)
    return [work for pair in pairs for work in pair if work is not None]


if __name__ == "__main__":
    night_shift()
