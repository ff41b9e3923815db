"""Make pictures for items that are there: those that are named, or all that may be published."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.process_item import process_item
from subflows.fan_out import conclude, not_claimed, work_through
from subflows.visuals import alone
from tasks import ephemeral_server
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from utils.config import Settings
from utils.db import items as library
from utils.db import visuals
from utils.db.session import session
from utils.models.options import PipelineOptions
from utils.models.shift import ShiftReport
from utils.scheduling import claims, run_session
from utils.sources import own_options


@flow(name="visual-generation")
def visual_generation(
    items: list[str] | None = None,
    limit: PositiveInt | None = None,
    options: PipelineOptions | None = None,
    concurrency: PositiveInt | None = None,
    run_id: str | None = None,
) -> State[ShiftReport]:
    """Make the pictures of items by ComfyUI, or draw them here; nothing else is done again.

    Args:
        items: Checksums, their beginnings, or paths of items; when not given those that are
            approved and have no pictures yet, the newest first.
        limit: Items to take when none are named; the setting of a shift when not given.
        options: What pictures (`visuals`), whether lyric videos too (`steps`, `lyric_video`), and
            whether what was made is made again (`force`). What it names is laid over each item's
            own options; all else, the transcription say, is each item's own.
        concurrency: Items in work at once; the setting when not given.
        run_id: The id of the run; a new one when not given.
    """
    settings = connect()
    run_id = run_id or run_of(flow_run)
    given = options or PipelineOptions(steps=settings.pipeline.steps)
    # All but the pictures stays as it was made: by each item's own options.
    base = settings.pipeline.model_copy(update={"only": alone(given).only, "force": given.force})
    changes = own_options.given_in(given, ("visuals", "lyric_video"))
    context = RunContext(run_id, run_id, base, settings, by_source=True, wanted=changes)
    wanted = _wanted(items, limit, settings)
    with run_session.run_session("visual-generation", run_id, settings) as recovered:
        ephemeral_server.end_with_us()
        close_zombies(settings, recovered.runs)
        claimed = claims.claim_requested(run_id, wanted)
        run_session.note(run_id, not_claimed(wanted, claimed))
        if claimed:
            work_through(claimed, context, process_item, concurrency or settings.concurrency)
        return conclude(run_id, settings)


def _wanted(named: Sequence[str] | None, limit: int | None, settings: Settings) -> list[str]:
    with session() as s:
        if named is None:
            return visuals.approved_without(s, limit or settings.shift_limit)
        return list(dict.fromkeys(library.find(s, name).id for name in named))
