"""One item, from its file to its verdict, its rendition and its place in the index."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run

from subflows.analysis import analyse
from subflows.extraction import extract
from subflows.outcome import recorded
from subflows.processing import process
from subflows.storage import store
from tasks.database import connect
from tasks.policy import acting, working_as
from tasks.zombies import run_of
from utils import pipeline, shift
from utils.config import load_settings
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord
from utils.store import lent


def _run_name() -> str:
    wanted = str(flow_run.parameters["item"])
    return wanted[:12] if len(wanted) == 64 else wanted


@flow(name="process-item", flow_run_name=_run_name)
def process_item(
    item: str, options: PipelineOptions | None = None, run_id: str | None = None
) -> ItemRecord | None:
    """Process one item; steps that the ledger knows are recalled, not repeated.

    Returns the item's record; None if single steps were asked for and that was not among them.

    Args:
        item: A checksum, a unique prefix of one, or a path.
        options: What to do; the settings' defaults when not given.
        run_id: The run that this belongs to, if any.
    """
    connect()
    options = options or load_settings().pipeline
    run = run_id or run_of(flow_run)
    holder = working_as.get() or run
    # A batch keeps the claims of all its items; on its own, an item needs its own heartbeat.
    alone = nullcontext() if working_as.get() else shift.holding(None, run, holder)
    with alone:
        media = shift.claim_one(item, holder)
        with (
            acting(run, holder, pipeline.forced(options)),
            recorded(media, run_id, holder, options) as put_off,
            lent(media.item_id),
        ):
            facts = extract(media, options)
            findings = analyse(facts, options)
            put_off += findings.put_off
            product = process(facts, findings, options)
            return store(facts, findings, product, options)


if __name__ == "__main__":
    import sys

    process_item(str(Path(sys.argv[1]).absolute()))
