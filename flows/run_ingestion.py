"""Look into one source, take what is new or has changed, work through it, and report."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.process_item import process_item
from subflows import ingestion
from subflows.fan_out import conclude, work_through
from tasks import ephemeral_server
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from tasks.retention import once_a_day
from utils.models.options import PipelineOptions
from utils.models.shift import ShiftReport
from utils.models.source import Refresh, Trigger
from utils.scheduling import run_session


@flow(name="run-ingestion")
def run_ingestion(
    source_id: str,
    trigger: Trigger = Trigger.MANUAL,
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    run_id: str | None = None,
    refresh: Refresh | None = None,
) -> State[ShiftReport]:
    """Take what is new in a source or has changed since it was looked into, each content once.

    Its state and its run say what it came to: success, partial (something failed), failed (all
    that was worked on did, or the source could not be listed), nothing to do (no new files).

    Args:
        source_id: The id of the source, or its name.
        trigger: Why: scheduled, manual, api; retry lists nothing, and takes what failed before.
        options: What to do with each item, under the source's own; the settings' when not given.
        concurrency: Items in work at once; the setting when not given.
        run_id: The id of the run; a new one when not given.
        refresh: Do all again (full), or only what is new (new-only) or has changed (changed).
    """
    settings = connect()
    source = ingestion.find(source_id, options or settings.pipeline, settings)
    run_id = run_id or run_of(flow_run)
    with run_session.run_session("run-ingestion", run_id, settings) as recovered:
        run_session.note_source(run_id, source.id, trigger)
        ephemeral_server.end_with_us()
        close_zombies(settings, recovered.runs)
        options = ingestion.options_for(options or settings.pipeline, refresh)
        context = RunContext(run_id, run_id, options, settings, by_source=True)
        if ingestion.is_open(source, context):
            found = ingestion.discover(source, trigger, context)
            at_once = concurrency or settings.concurrency
            for works in ingestion.batches(source, found, trigger, refresh, context):
                work_through(works, context, process_item, at_once)
            ingestion.note_metrics(source, found, context)
        once_a_day(settings)
        return conclude(run_id, settings)
