"""A chunk of a night on a worker: claimed by a worker of its own, worked through, released."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.process_item import process_item
from subflows.fan_out import not_claimed, work_through
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.scheduling import claims, run_session
from utils.scheduling.estimate import Work


def _run_name() -> str:
    given = flow_run.parameters
    return f"{given['worker']}: {len(given['items']) + len(given.get('entries') or ())} items"


@flow(name="shift", flow_run_name=_run_name)
def shift(
    items: list[str],
    run_id: str,
    worker: str,
    entries: list[Entry] | None = None,
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    window: str | None = None,
    timezone: str | None = None,
) -> int:
    """Work through a chunk that a night with ``dispatch="workers"`` dispatches; returns its size.

    What another worker has is left to it; what is not settled when this ends is released.

    Args:
        items: Checksums of the items.
        run_id: The run that outcomes are noted for.
        worker: The name that claims, one a chunk: if its process dies, only these items are free.
        entries: What is to be fetched first.
        options: What to do with each item; the settings' defaults when not given.
        concurrency: Items in work at once; the setting when not given.
        window: The night's, with its ``timezone``: what can't be through before it closes is left.
    """
    settings = connect()
    options = options or settings.pipeline
    context = RunContext(run_id, worker, options, settings, by_source=True)
    hours = run_session.hours(window, timezone, settings)
    with run_session.run_session(None, run_id, settings, worker) as recovered:
        close_zombies(settings, recovered.runs)
        claimed = claims.claim_dispatched(worker, items)
        run_session.note(run_id, not_claimed(items, claimed))
        works: list[Work] = [*claimed, *(entries or ())]
        if works:
            at_once = concurrency or settings.concurrency
            work_through(works, context, process_item, at_once, hours)
    return len(works)
