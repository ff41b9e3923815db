"""The fan-out that batch flows share: many items through ``process_item``, none stops another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from functools import partial

import httpx
from prefect import get_run_logger, task, unmapped
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.futures import PrefectFuture
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows.process_item import process_item
from subflows.fetching import fetch
from tasks.policy import SERVED, current_run, working_as
from utils import progress, shift
from utils.config import load_settings
from utils.db import archive, items, leases, runs
from utils.db.schema import Item
from utils.db.session import session
from utils.demand import Work
from utils.errors import NightShiftError, ResourceError, StoppedError
from utils.media import process
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.models.shift import ItemOutcome, Outcome, RunStatus, ShiftReport
from utils.report import markdown
from utils.window import Window

# Names of final states; Prefect names its events after them (deployments/register.py).
PARTIAL, NOTHING_TO_DO = "Partial", "NothingToDo"


@task(name="work-on-item", cache_policy=NO_CACHE, persist_result=False)
def work_on(work: Work, run_id: str, holder: str, options: PipelineOptions) -> None:
    """One item: fetched first if it is an entry of a site, then processed as a flow of its own.

    The child flow goes without Prefect's heartbeat: joining its thread costs up to a second
    an item (1.34 s against 0.25 s), and the batch has a heartbeat of its own.
    """
    current_run.set(run_id)
    working_as.set(holder)
    item_id = work if isinstance(work, str) else _fetched(work, run_id, holder)
    if item_id is None:
        return
    with session() as s:
        title = s.get_one(Item, item_id).title
    named = process_item.with_options(flow_run_name=lambda: title)

    def in_its_name() -> None:
        current_run.set(run_id)
        working_as.set(holder)
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            named(item_id, options, run_id)

    # The link from child to parent, which a UI shows, costs 0.6 s an item on the SQLite of an
    # ephemeral server, and nobody sees it there: an empty context knows no parent.
    try:
        (copy_context() if SERVED else Context()).run(in_its_name)
    except httpx.TransportError as error:  # no item gets further without it: the run ends
        raise StoppedError(f"Prefect's server went away: {error}. Run again.") from error


def work_through(
    run_id: str,
    works: Sequence[Work],
    options: PipelineOptions,
    concurrency: int,
    holder: str | None = None,
    window: Window | None = None,
) -> None:
    """Map ``work_on`` over everything, as the gate lets it in, ``concurrency`` at once.

    Each is mapped when it may start and not before: nothing that waits is a task run.

    Args:
        run_id: The run that outcomes are noted for.
        works: Items that ``holder`` has claimed, and entries to fetch.
        options: What to do with each.
        concurrency: How many at once.
        holder: Who claimed; the run itself when not given.
        window: What can't be through before it closes is left over.
    """
    holder = holder or run_id
    progress.tell(progress.Begun(len(works)))
    gate = shift.gate_for(works, options, concurrency, window)
    failures: dict[str, BaseException] = {}
    given = {"run_id": run_id, "holder": holder, "options": options}
    shared = {name: unmapped(value) for name, value in given.items()}

    def note_end(work: Work, future: PrefectFuture[None]) -> None:
        error = future.result(raise_on_failure=False)
        kept = gate.ended(work, error)
        if isinstance(error, BaseException) and not kept:
            failures[_known_as(work)] = error

    with _threads(concurrency) as runner, _ended_together():
        for work in gate.admitted():
            (future,) = runner.map(work_on, {"work": [work], **shared})
            future.add_done_callback(partial(note_end, work))
    if gate.fault:
        work, lack = gate.fault
        failures[_known_as(work)] = lack
    shift.leave_over(run_id, holder, gate)
    _note_unnoted(run_id, failures)


def _known_as(work: Work) -> str:
    return work if isinstance(work, str) else work.url


def conclude(run_id: str) -> State[ShiftReport]:
    """Close the run: report, artifact, and a state that says what it came to."""
    report = shift.settle(run_id)
    if SERVED:  # nobody looks into an ephemeral server
        _show(report)
    get_run_logger().info("Report: %s", report.report)
    if report.status is RunStatus.FAILED:
        return Failed(message="Everything failed.", data=report)
    name = {RunStatus.PARTIAL: PARTIAL, RunStatus.NOTHING_TO_DO: NOTHING_TO_DO}
    return Completed(name=name.get(report.status, "Completed"), data=report)


def _show(report: ShiftReport) -> None:
    """The report as an artifact in Prefect's UI; a server that is away has the report's file."""
    with session() as s:
        page = markdown.render(s, report)
    counts = report.counts
    with suppress(httpx.HTTPError):
        create_markdown_artifact(
            key="night-shift-report",
            markdown=page,
            description=f"{report.status.value}: {counts.done} done, "
            f"{counts.skipped} skipped, {counts.failed} failed",
        )


@contextmanager
def _ended_together() -> Iterator[None]:
    """Have a cancelled run end its tools and its waits, not only Prefect's view of it.

    A worker sends SIGTERM, which Prefect raises in the main thread; the threads that do the work
    hear nothing of it.
    """
    try:
        yield
    except (TerminationSignal, KeyboardInterrupt):
        process.end_all()
        raise


def _threads(concurrency: int) -> ThreadPoolTaskRunner[None]:
    return ThreadPoolTaskRunner(max_workers=concurrency)


def _fetched(entry: Entry, run_id: str, holder: str) -> str | None:
    """The item of an entry, claimed for the run; None if it is a copy of one that is known.

    A failure is noted before it goes up, a lack of disk or memory is not: it is tried again.
    """
    name = f"entry:{entry.item_id}"
    with session() as s:
        is_mine = bool(leases.take(s, holder, [name]))
        is_known = bool(archive.known(s, [entry]))
    if is_known or not is_mine:
        reason = "fetched before" if is_known else "another run is fetching it"
        skipped = ItemOutcome(item_id=None, path=entry.url, outcome=Outcome.SKIPPED, reason=reason)
        shift.note(run_id, [skipped])
        return None
    try:
        item_id = fetch(entry)
    except ResourceError:
        raise
    except NightShiftError as error:
        shift.note(run_id, [ItemOutcome.failure(entry.url, error)])
        title = entry.title or entry.url
        progress.tell(progress.Settled(entry.item_id, title, "failed", str(error)))
        raise
    finally:
        with session() as s:
            leases.release(s, holder, [name])
    if shift.claim_new(holder, item_id):
        return item_id
    with session() as s:
        known = next(iter(items.paths_of(s, item_id)))
    shift.note(
        run_id,
        [
            ItemOutcome(
                item_id=item_id,
                path=entry.url,
                outcome=Outcome.SKIPPED,
                reason=f"duplicate of {known}",
            )
        ],
    )
    return None


def _note_unnoted(run_id: str, failures: Mapping[str, BaseException]) -> None:
    """Note what failed before its own flow could note it (a file that vanished, a crash)."""
    with session() as s:
        known = [o for o in runs.outcomes(s, run_id) if o.outcome is not Outcome.SKIPPED]
        noted = {outcome.item_id for outcome in known} | {outcome.path for outcome in known}
        for work, error in failures.items():
            if work in noted:
                continue
            item = s.get(Item, work)
            path = str(next(iter(items.paths_of(s, work)), work))
            known_as = (item.id, item.kind) if item else (None, None)
            runs.add_outcome(s, run_id, ItemOutcome.failure(path, error, *known_as))


def not_claimed(wanted: Sequence[str], claimed: Sequence[str]) -> list[ItemOutcome]:
    """What to say of items that another run claimed in the meantime."""
    with session() as s:
        return [
            ItemOutcome(
                item_id=item_id,
                path=str(next(iter(items.paths_of(s, item_id)), item_id)),
                kind=s.get_one(Item, item_id).kind,
                outcome=Outcome.SKIPPED,
                reason="another run is working on it",
            )
            for item_id in set(wanted) - set(claimed)
        ]


def concurrency_or_default(concurrency: int | None) -> int:
    """How many items are in work at once."""
    return concurrency or load_settings().concurrency
