"""The fan-out that batch flows share: many items through one flow each, none stops another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from functools import partial

import httpx
from httpx import codes
from prefect import Flow, get_run_logger, task, unmapped
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException, TerminationSignal
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Completed, Failed, Running
from prefect.task_runners import ThreadPoolTaskRunner
from tenacity import retry, retry_if_exception, stop_after_attempt

from subflows import entries
from subflows.fetching import fetch, not_taken
from tasks.context import RunContext
from tasks.tags import NOTHING_TO_DO, PARTIAL, SERVED, marked
from utils.config import Settings
from utils.db import forgotten, items, leases, queue, runs
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError, NotTakenError, ResourceError, StoppedError
from utils.models.item import Entry, ItemStatus
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord
from utils.models.sanitize import visible
from utils.models.shift import ADDRESS, ItemOutcome, Outcome, RunStatus, ShiftError, ShiftReport
from utils.models.window import Window
from utils.observability import progress
from utils.observability.reports import markdown
from utils.processes import child_process
from utils.scheduling import claims, estimate, run_session
from utils.scheduling.estimate import Work
from utils.sources import own_options, whereabouts

# The flow of one item: its id, options, the run and who has claimed it.
ProcessItem = Flow[[str, PipelineOptions | None, str | None, str | None], ItemRecord | None]


class _Shared:
    """What all items have in common. A plain object: Prefect would walk through models."""

    def __init__(self, context: RunContext, process_item: ProcessItem) -> None:
        self.context, self.process_item = context, process_item


@task(name="work-on-item", cache_policy=NO_CACHE, persist_result=False)
def work_on(work: Work, shared: _Shared) -> None:
    """One item: fetched first if it is an entry of a site, then processed as a flow of its own.

    The child flow goes without Prefect's heartbeat: joining its thread costs up to a second
    an item (1.34 s against 0.25 s), and the batch has a heartbeat of its own.
    """
    context, process_item = shared.context, shared.process_item
    item_id = work if isinstance(work, str) else _fetched(work, context)
    if item_id is None:
        return
    with session() as s:
        title = visible(s.get_one(Item, item_id).title)
        options = context.options
        if context.by_source:
            options = own_options.of_item(s, item_id, options, context.settings)
            options = own_options.under(options, context.wanted)
    named = process_item.with_options(flow_run_name=lambda: title)

    busy = retry_if_exception(partial(_is_begun_again, item_id, context.claim_owner))

    @retry(retry=busy, stop=stop_after_attempt(3), reraise=True)
    def as_child_flow() -> None:
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}), marked():
            named(item_id, options, context.run_id, context.claim_owner)

    # The link from child to parent, which a UI shows, costs 0.6 s an item on the SQLite of an
    # ephemeral server, and nobody sees it there: an empty context knows no parent.
    try:
        (copy_context() if SERVED else Context()).run(as_child_flow)
    except httpx.TransportError as error:  # no item gets further without it: the run ends
        raise StoppedError(f"Prefect's server went away: {error}. Run again.") from error


def _is_begun_again(item_id: str, worker: str, error: BaseException) -> bool:
    """True where Prefect's server was too busy for an item's run, and the item is not settled yet.

    Prefect's client has asked for half a minute by then. Seen in 2,000 items on its SQLite (503).
    """
    if not isinstance(error, httpx.HTTPStatusError):
        return False
    with session() as s:
        is_ours = queue.is_claimed_by(s, item_id, worker)
    return is_ours and error.response.status_code == codes.SERVICE_UNAVAILABLE


def work_through(
    works: Sequence[Work],
    context: RunContext,
    process_item: ProcessItem,
    concurrency: int,
    window: Window | None = None,
) -> None:
    """Map ``work_on`` over everything as it is admitted, ``concurrency`` at once.

    Each is mapped when it may start and not before: nothing that waits is a task run.

    Args:
        works: Items that the context's owner has claimed, and entries to fetch.
        context: The run that outcomes are noted for, who claims, what to do with each item.
        process_item: The flow of one item.
        concurrency: How many at once.
        window: What can't be through before it closes is postponed.
    """
    progress.emit(progress.Begun(len(works)))
    admission = estimate.admission_for(
        works, context.options, context.settings, concurrency, window
    )
    failures: dict[str, BaseException] = {}
    shared = unmapped(_Shared(context, process_item))

    def note_end(work: Work, future: PrefectFuture[None]) -> None:
        error = future.result(raise_on_failure=False)
        kept = admission.ended(work, error)
        if isinstance(error, BaseException) and not kept:
            failures[_known_as(work)] = error

    with _threads(concurrency) as runner, _ended_together(), _waiting_told():
        for work in admission.admitted():
            named = work_on.with_options(task_run_name=partial(_title_of, work))
            (future,) = runner.map(named, {"work": [work], "shared": shared})
            future.add_done_callback(partial(note_end, work))
    if admission.fault:
        work, lack = admission.fault
        failures[_known_as(work)] = lack
    estimate.release_postponed(admission, context.run_id, context.claim_owner)
    _note_unnoted(context.run_id, failures)


@contextmanager
def _waiting_told() -> Iterator[None]:
    """Have Prefect's log and its UI say that nothing is begun now, and why (a pause, no room)."""
    logger, flow_run_id = get_run_logger(), flow_run.id
    is_waiting = False

    def show(name: str, message: str | None = None) -> None:
        if not SERVED:  # nobody looks into an ephemeral server
            return
        with suppress(httpx.HTTPError, PrefectException), get_client(sync_client=True) as client:
            client.set_flow_run_state(flow_run_id, Running(name=name, message=message), force=True)

    def hear(event: progress.Event) -> None:
        nonlocal is_waiting
        if isinstance(event, progress.Paused) and event.item_id is None:
            logger.warning("Waiting: %s", event.reason)
            is_waiting = True
            show("Waiting", event.reason)
        elif isinstance(event, progress.Stepping) and is_waiting:
            is_waiting = False
            show("Running")

    with progress.watching(hear):
        yield


def _title_of(work: Work) -> str:
    """What people call a work: a title, or the address of an entry that has none."""
    if not isinstance(work, str):
        return work.title or work.url
    with session() as s:
        item = s.get(Item, work)
    return item.title if item else work


def _known_as(work: Work) -> str:
    return work if isinstance(work, str) else work.url


def conclude(run_id: str, settings: Settings) -> State[ShiftReport]:
    """Close the run: report, artifact, and a state that says what it came to."""
    report = run_session.close(run_id, settings)
    if SERVED:  # nobody looks into an ephemeral server
        _show(report, settings)
    get_run_logger().info("Report: %s", report.report)
    names = {RunStatus.PARTIAL: PARTIAL, RunStatus.NOTHING_TO_DO: NOTHING_TO_DO,
             RunStatus.FAILED: "Failed"}  # fmt: skip
    name, told = names.get(report.status, "Completed"), report.words
    if report.reason:
        told += f"; {report.left_over} left over: {report.reason}"
    if report.failures:  # in red, as whoever looks at a list of nights must see it
        return Failed(name=name, message=told, data=ShiftError(report))
    return Completed(name=name, message=told, data=report)


def _show(report: ShiftReport, settings: Settings) -> None:
    """The report as an artifact in Prefect's UI; a server that is away has the report's file."""
    with session() as s:
        page = markdown.render(s, report, settings.timezone)
    with suppress(httpx.HTTPError):
        create_markdown_artifact(
            key="night-shift-report",
            markdown=page,
            description=f"{report.status.value.replace('_', ' ')}: {report.words}",
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
        child_process.end_all()
        raise


def _threads(concurrency: int) -> ThreadPoolTaskRunner[None]:
    return ThreadPoolTaskRunner(max_workers=concurrency)


def _fetched(entry: Entry, context: RunContext) -> str | None:
    """The item of an entry, claimed for the run; None if it is a copy of one that is known.

    A failure is noted before it goes up, a lack of disk or memory is not: it is tried again.
    """
    name, worker, run_id = f"entry:{entry.item_id}", context.claim_owner, context.run_id
    with session() as s:
        is_mine = bool(leases.acquire(s, worker, [name]))
        is_known = entries.is_known(s, entry)
        is_mine = is_mine and (is_known or entries.take(s, worker, entry))
    if is_known or not is_mine:
        reason = "fetched before" if is_known else "another run is fetching it"
        skipped = ItemOutcome(item_id=None, path=entry.url, outcome=Outcome.SKIPPED, reason=reason)
        run_session.note(run_id, [skipped])
        return None
    try:
        item_id = fetch(context, entry)
    except (ResourceError, StoppedError):
        raise
    except NotTakenError as why:
        entries.leave(entry)
        run_session.note(run_id, [not_taken(entry, why)])
        return None
    except NightShiftError as error:
        with session() as s:
            is_final = entries.settle_failed(s, entry, error, context.settings.max_tries)
        failure = ItemOutcome.failure(entry.url, error, kind=ADDRESS, is_final=is_final)
        run_session.note(run_id, [failure])
        title = entry.title or entry.url
        word = failure.outcome.words
        progress.emit(progress.Settled(entry.item_id, title, word, str(error)))
        raise
    finally:
        with session() as s:
            leases.release(s, worker, [name])
    if item_id is None:
        entries.leave(entry)
        run_session.note(run_id, [_forgotten(entry)])
        return None
    if claims.claim_new(worker, item_id):
        return item_id
    entries.leave(entry)
    with session() as s:
        known = next(iter(items.paths_of(s, item_id)))
    duplicate = ItemOutcome(
        item_id=item_id,
        path=entry.url,
        outcome=Outcome.SKIPPED,
        reason=f"duplicate of {known}",
    )
    run_session.note(run_id, [duplicate])
    return None


def _forgotten(entry: Entry) -> ItemOutcome:
    """What is said of an entry whose content a person had forgotten."""
    with session() as s:
        known = forgotten.downloads(s, [entry.item_id])
        (since,) = forgotten.since(s, list(known.values())).values()
    reason = whereabouts.forgotten_since(since, entry.url)
    return ItemOutcome(item_id=None, path=entry.url, outcome=Outcome.SKIPPED, reason=reason)


def _note_unnoted(run_id: str, failures: Mapping[str, BaseException]) -> None:
    """Note what failed before its own flow could note it (a file that vanished, a crash)."""
    with session() as s:
        nothing_done = {Outcome.SKIPPED, Outcome.WAITS_FOR_YOU}
        known = [
            o for o in runs.outcomes(s, run_id) if o.outcome not in nothing_done or o.was_worked_on
        ]
        noted = {outcome.item_id for outcome in known} | {outcome.path for outcome in known}
        for work, error in failures.items():
            if work in noted:
                continue
            item = s.get(Item, work)
            path = str(next(iter(items.paths_of(s, work)), work))
            if item is None:
                failure = ItemOutcome.failure(path, error)
            else:
                is_final = item.status == ItemStatus.QUARANTINED.value
                failure = ItemOutcome.failure(path, error, item.id, item.kind, is_final)
            runs.add_outcome(s, run_id, failure)


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
