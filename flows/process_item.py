"""One item, from its file to its verdict, its rendition and its place in the index."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from subflows import rules
from subflows.analysis import analyse
from subflows.extraction import extract
from subflows.outcome import recorded
from subflows.processing import process
from subflows.quality_gate import judge
from subflows.storage import store
from subflows.visuals import draw
from tasks import assets
from tasks.context import RunContext
from tasks.database import connect
from tasks.flow_runs import run_of
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord
from utils.models.sanitize import visible
from utils.pipeline import planning
from utils.scheduling import claims, run_session
from utils.storage import files
from utils.storage.blobs import checked_out


def _run_name() -> str:
    wanted = str(flow_run.parameters["item"])
    return wanted[:12] if len(wanted) == 64 else visible(wanted)


@flow(name="process-item", flow_run_name=_run_name)
def process_item(
    item: str,
    options: PipelineOptions | None = None,
    run_id: str | None = None,
    worker: str | None = None,
) -> ItemRecord | None:
    """Process one item; steps that the ledger knows are recalled, not repeated.

    Returns the item's record; None if single steps were asked for and that was not among them, or
    if a rule leaves the item out.

    Args:
        item: A checksum, a unique prefix of one, or a path.
        options: What to do; the settings' defaults when not given.
        run_id: The run that this belongs to, if any.
        worker: Who claims the item and has a heartbeat: a batch. On its own an item has both.
    """
    settings = connect()
    run = run_id or run_of(flow_run)
    context = RunContext(run, worker or run, options or settings.pipeline, settings)
    alone = nullcontext() if worker else run_session.run_session(None, run, settings)
    with alone:
        media = claims.claim_one(item, context.claim_owner, settings)
        context = context.for_claimed_item(files.seen(media.path))
        record = None  # a rule may leave it out
        with (
            recorded(context, media, is_reported=run_id is not None) as deferred,
            checked_out(media.item_id, settings),
        ):
            context = rules.found(context, media)
            context, facts = rules.probed(context, extract(context, media))
            findings = analyse(context, facts)
            context, facts = rules.heard(context, facts, findings)
            context, findings, judgement = judge(context, facts, findings)
            deferred += findings.deferred
            product = process(context, facts, findings, judgement)
            draw(context, facts, findings, judgement, product)
            record = store(context, facts, findings, judgement, product)
            context.lacks.extend(planning.dependent_lacks(facts.plan, context.lacks))
        assets.show(media.item_id)
    return record


if __name__ == "__main__":
    import sys

    process_item(str(Path(sys.argv[1]).absolute()))
