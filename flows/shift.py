"""A chunk of a night on a worker: claimed as a holder of its own, worked through, given back."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.batch import concurrency_or_default, not_claimed, work_through
from tasks.database import connect
from tasks.zombies import close_zombies
from utils import shift as night
from utils.config import load_settings
from utils.demand import Work
from utils.models.item import Entry
from utils.models.options import PipelineOptions


def _run_name() -> str:
    given = flow_run.parameters
    return f"{given['holder']}: {len(given['items']) + len(given.get('entries') or ())} items"


@flow(name="shift", flow_run_name=_run_name)
def shift(
    items: list[str],
    run_id: str,
    holder: str,
    entries: list[Entry] | None = None,
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    window: str | None = None,
    timezone: str | None = None,
) -> int:
    """Work through a chunk that a night with ``dispatch="workers"`` hands out; returns its size.

    What another holder has is left to it; what is not settled when this ends is given back.

    Args:
        items: Checksums of the items.
        run_id: The run that outcomes are noted for.
        holder: Who claims: one name a chunk, so that its death frees these items alone.
        entries: What is to be fetched first.
        options: What to do with each item; the settings' defaults when not given.
        concurrency: Items in work at once; the setting when not given.
        window: The night's, with its ``timezone``: what can't be through before it closes is left.
    """
    connect()
    options = options or load_settings().pipeline
    hours = night.hours(window, timezone)
    with night.holding(None, run_id, holder) as swept:
        close_zombies(swept.runs)
        claimed = night.claim_handed(holder, items)
        night.note(run_id, not_claimed(items, claimed))
        works: list[Work] = [*claimed, *(entries or ())]
        if works:
            at_once = concurrency_or_default(concurrency)
            work_through(run_id, works, options, at_once, holder, hours)
    return len(works)
