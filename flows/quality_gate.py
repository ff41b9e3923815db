"""Judge items that are there: those that are named, or all whose approval is missing or old."""

from __future__ import annotations

from itertools import islice

from prefect import flow
from prefect.runtime import flow_run
from pydantic import PositiveInt

from flows.process_item import process_item
from subflows.fan_out import conclude, not_claimed, work_through
from tasks import ephemeral_server
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import close_zombies, run_of
from utils.db import approvals
from utils.db import items as known
from utils.db.session import session
from utils.models.approval import ApprovalStatus
from utils.models.options import PipelineOptions
from utils.pipeline import approvals_due
from utils.scheduling import claims, run_session
from utils.sources import own_options


@flow(name="quality-gate")
def quality_gate(
    items: list[str] | None = None,
    limit: PositiveInt | None = None,
    options: PipelineOptions | None = None,
    run_id: str | None = None,
) -> dict[str, int]:
    """Judge done items by the rules, the house rules and the critic; what is known is recalled.

    Returns ``{"total", "approved", "review", "rejected", "failed"}``; what an item lacks, and why
    one failed, is in the run's report.

    Args:
        items: Ids, beginnings of ids, or paths; when not given, all done items whose approval is
            missing, or was made with another critic, other house rules or weights.
        limit: Items that are judged at most; the setting ``shift_limit`` when not given.
        options: How it is judged (`approval`, `critic`, `verdict`), and whether that is done
            again (`force`). What it names is laid over each item's own options; all else, the
            transcription say, is each item's own.
        run_id: The id of the run; a new one when not given.
    """
    settings = connect()
    given = options or PipelineOptions()
    changes = own_options.given_in(given, ("approval", "critic", "verdict"))
    run_id = run_id or run_of(flow_run)
    # Of the step that decides the others follow, and without a critic's answer it decides alone.
    alone = settings.pipeline.model_copy(
        update={"only": (approvals_due.DECIDE,), "force": given.force}
    )
    context = RunContext(run_id, run_id, alone, settings, by_source=True, wanted=changes)
    with run_session.run_session("quality-gate", run_id, settings) as recovered:
        ephemeral_server.end_with_us()
        close_zombies(settings, recovered.runs)
        with session() as s:
            if items is None:
                due = approvals_due.due(s, changes, settings)
                wanted = list(islice(due, limit or settings.shift_limit))
            else:
                found = dict.fromkeys(known.find(s, item).id for item in items)
                wanted = list(found)[: limit or len(found)]
        claimed = claims.claim_dispatched(run_id, wanted)
        run_session.note(run_id, not_claimed(wanted, claimed))
        if claimed:
            work_through(claimed, context, process_item, settings.concurrency)
        state = conclude(run_id, settings)
    return _counts(claimed, failed=_failed(state.data))


def _failed(told: object) -> int:
    """How many items of a run failed."""
    report = getattr(told, "report", told)
    counts = getattr(report, "counts", None)
    return counts.failures if counts else 0


def _counts(item_ids: list[str], failed: int) -> dict[str, int]:
    with session() as s:
        found = approvals.count_by_status(s, item_ids)
    return {
        "total": len(item_ids),
        **{status.value: found.get(status.value, 0) for status in ApprovalStatus},
        "failed": failed,
    }
