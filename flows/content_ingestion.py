"""Bring in what some addresses and paths hold, and process it."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.process_item import process_item
from subflows.fan_out import conclude, not_claimed, work_through
from subflows.listing import list_addresses, note_listed
from tasks import ephemeral_server
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from utils.db.sources import is_url
from utils.models.options import PipelineOptions
from utils.models.shift import ShiftReport
from utils.observability import progress
from utils.pipeline.fingerprint import wanted_key
from utils.scheduling import claims, run_session
from utils.scheduling.estimate import Work
from utils.sources import scan
from utils.storage.sealing import sealed


@flow(name="content-ingestion")
def content_ingestion(
    urls: list[str],
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    run_id: str | None = None,
    again: bool = False,
) -> State[ShiftReport]:
    """Fetch or find everything at ``urls``, process what is new, and report.

    Args:
        urls: Addresses that yt-dlp knows, folders and files, in any mixture. Prefect keeps them
            as they are given: `nightshift run` and `source add` seal what is secret in them first.
        options: What to do with each item; the settings' defaults when not given.
        concurrency: Items in work at once; the setting when not given.
        run_id: The id of the run; a new one when not given.
        again: Take what was forgotten (`nightshift forget`), too.
    """
    settings = connect()
    options = options or settings.pipeline
    run_id = run_id or run_of(flow_run)
    context = RunContext(run_id, run_id, options, settings, again=again)
    with run_session.run_session("content-ingestion", run_id, settings) as recovered:
        ephemeral_server.end_with_us()
        close_zombies(settings, recovered.runs)
        key = wanted_key(options, settings)
        paths = [url for url in urls if not is_url(url)]
        found = scan.scan(paths, key, settings, again, progress.reading)
        addresses = [sealed(url, settings) for url in urls if is_url(url)]
        listing = list_addresses(addresses, settings, key, again)
        failures = note_listed(listing, settings)
        run_session.note_left_out(run_id, found.left_out)
        told = [*failures, *listing.waiting, *listing.fetched_before]
        run_session.note(run_id, [*found.outcomes, *told])
        wanted = [*found.pending, *listing.pending]
        claimed = claims.claim_requested(run_id, wanted)
        run_session.note(run_id, not_claimed(wanted, claimed))
        works: list[Work] = [*claimed, *listing.entries]
        if works:
            work_through(works, context, process_item, concurrency or settings.concurrency)
        return conclude(run_id, settings)
