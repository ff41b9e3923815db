"""A night on many workers: chunks of items become runs of the `shift` deployments.

The parent dispatches a chunk for each worker and keeps one more queued, so that whoever has room
finds work; it looks every few seconds how they are (one request, whatever their number), dispatches
again what a dead one left, and takes its children with it when it is cancelled. Children
claim their items themselves: a parent that is killed leaves nothing that a recovery can't free.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, cast
from uuid import UUID

import httpx
from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling, Crashed
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from tasks.context import RunContext
from tasks.flow_runs import PAGE, pages
from tasks.work_pool import workers_online
from utils import clock
from utils.errors import RetryableError
from utils.models.item import Entry
from utils.models.queues import DEFAULT, HIGH_MEMORY
from utils.models.window import Window
from utils.observability import progress
from utils.scheduling import dispatch, run_session
from utils.scheduling.chunking import next_chunk
from utils.scheduling.dispatch import WorkUnit
from utils.storage import blobs

# All chosen. A child is dead, though its run never said that it ended, if its process has not
# begun `worker_start_seconds` after a worker took it, if it is not known as a worker so long after
# it began, or if it was known and has not been for so long.
_LOOK_SECONDS = 2.0
_BEGIN_SECONDS = 60
_GONE_SECONDS = 20
# So long the server, or the last worker, may be away before the night is given up.
_OUTAGE_SECONDS = 600
_TRIES = 3


class Child(NamedTuple):
    """A chunk that was dispatched: the flow run that works on it and the worker it works as."""

    id: UUID
    worker: str
    queue: str
    units: tuple[WorkUnit, ...]


class _State:
    """What is left to dispatch, by queue, and what is; each of ``suspects`` gets its own chunk."""

    def __init__(self, context: RunContext, concurrency: int, window: Window | None) -> None:
        self.context, self.concurrency, self.window = context, concurrency, window
        self.paused_since: float | None = None
        self.waiting: dict[str, list[WorkUnit]] = {DEFAULT: [], HIGH_MEMORY: []}
        self.suspects: list[WorkUnit] = []
        self.children: dict[UUID, Child] = {}
        self.tries: Counter[str] = Counter()
        self.dead_at: dict[tuple[UUID, StateType], float] = {}
        self.flow_runs: dict[UUID, FlowRun] = {}
        self.unique = uuid.uuid4().hex[:6]
        self.dispatched = 0


def dispatch_all(
    works: Sequence[str | Entry],
    context: RunContext,
    concurrency: int,
    window: Window | None = None,
) -> None:
    """Have workers work through everything, and wait for them.

    Args:
        works: Items, not claimed, and entries to fetch; in the order of dispatch.
        context: The run that outcomes are noted for, and what to do with each item.
        concurrency: Items that one worker has in work at once.
        window: What can't be through before it closes is postponed.

    Raises:
        SettingsError: there is no pool, or nobody serves it; nothing was dispatched then.
        RetryableError: the server, or the last worker, was away for too long.
    """
    with get_client(sync_client=True) as client:
        workers = workers_online(client, context.settings)
    state = _State(context, concurrency, window)
    for unit in dispatch.work_units(works, context.settings):
        state.waiting[HIGH_MEMORY if unit.heavy else DEFAULT].append(unit)
    get_run_logger().info("%d items for %d workers", len(works), workers)
    progress.emit(progress.Begun(len(works)))
    try:
        _until_done(state, workers)
    except BaseException:
        _cancel(state)
        raise


def _until_done(state: _State, workers: int) -> None:
    seen_working = clock.monotonic()
    while True:
        is_paused = _is_paused(state)
        if not is_paused:
            _top_up(state, workers)
        if not state.children and not is_paused:
            return
        clock.wait(_LOOK_SECONDS)
        _look_after(state)
        if is_paused or any(
            _is(state, child, StateType.RUNNING) for child in state.children.values()
        ):
            seen_working = clock.monotonic()
        elif clock.monotonic() - seen_working > _OUTAGE_SECONDS:
            raise RetryableError(
                f"No worker took a chunk for {_OUTAGE_SECONDS} s. Each takes as many runs at once "
                "as its --limit says, and this run may be one of them: start another with "
                f"`prefect worker start --pool {state.context.settings.work_pool}`, then run again."
            )


def _is_paused(state: _State) -> bool:
    """True while the shifts are paused; what may not be dispatched any more is postponed."""
    number = sum(map(len, state.waiting.values())) + len(state.suspects)
    reason, pause = dispatch.closed(state.window), dispatch.paused() if number else None
    moment = clock.monotonic()
    state.paused_since = (state.paused_since or moment) if pause else None
    if (
        state.paused_since
        and moment - state.paused_since > state.context.settings.pause_wait_seconds
    ):
        reason = reason or pause
    if not (reason and number):
        return pause is not None
    run_session.postpone(state.context.run_id, number, reason)
    state.waiting, state.suspects = {DEFAULT: [], HIGH_MEMORY: []}, []
    return False


def _top_up(state: _State, workers: int) -> None:
    """Dispatch until every worker has a chunk and one is queued."""
    while state.suspects:
        unit = state.suspects.pop()
        _dispatch(state, HIGH_MEMORY if unit.heavy else DEFAULT, [unit])
    for queue, at_once in ((DEFAULT, state.concurrency), (HIGH_MEMORY, 1)):
        while waiting := state.waiting[queue]:
            out = [child for child in state.children.values() if child.queue == queue]
            queued = [child for child in out if not _is(state, child, StateType.RUNNING)]
            if queued and len(out) >= workers:
                break
            weighed = [(unit, unit.weight) for unit in waiting]
            chunk = next_chunk(weighed, max(workers, len(out) + 1), at_once)
            del waiting[: len(chunk)]
            _dispatch(state, queue, chunk)


def _dispatch(state: _State, queue: str, chunk: Sequence[WorkUnit]) -> None:
    state.dispatched += 1
    worker = f"{state.context.run_id}-{state.unique}-{state.dispatched}"
    for unit in chunk:
        if isinstance(unit.work, str) and unit.path:
            blobs.upload_original(unit.work, unit.path, state.context.settings)
    given: dict[str, Any] = {
        "items": [unit.work for unit in chunk if isinstance(unit.work, str)],
        "entries": [
            unit.work.model_dump(mode="json") for unit in chunk if isinstance(unit.work, Entry)
        ],
        "options": state.context.options.model_dump(mode="json"),
        "run_id": state.context.run_id,
        "worker": worker,
        "window": state.window.text if state.window else None,
        "timezone": state.window.zone.key if state.window else None,
        "concurrency": 1 if queue == HIGH_MEMORY else state.concurrency,
    }
    # Asked for again after a lost answer, the same key gives the same run.
    made = _patient(
        run_deployment, f"shift/{queue}", parameters=given, timeout=0, idempotency_key=worker
    )
    flow_run = cast(FlowRun, made)
    state.children[flow_run.id] = Child(flow_run.id, worker, queue, tuple(chunk))
    state.tries.update(unit.name for unit in chunk)


def _look_after(state: _State) -> None:
    """Look how the children are; what a dead one left goes back to be dispatched."""
    state.flow_runs = {run.id: run for run in _patient(_read, list(state.children))}
    alive = dispatch.workers_alive()
    for child in list(state.children.values()):
        why = _end_of(state, child, child.worker in alive)
        if why is None:
            continue
        del state.children[child.id]
        if why:
            dispatch.release_dead(child.worker, state.context.settings)
            _dispatch_again(state, child, why)


def _end_of(state: _State, child: Child, is_alive: bool) -> str | None:
    """None while the child is at work, "" if it came to an end, else how it broke off."""
    run, moment = state.flow_runs.get(child.id), clock.monotonic()
    if run is None or run.state is None:
        return "its flow run was deleted."
    reached = run.state
    if reached.is_final():
        broke_off = reached.type in {StateType.CRASHED, StateType.FAILED}
        return (reached.message or reached.name) if broke_off else ""
    if reached.is_scheduled():
        return None
    stage = child.id, reached.type
    if is_alive:
        state.dead_at[stage] = moment + _GONE_SECONDS
    to_start = state.context.settings.worker_start_seconds
    patience = to_start if reached.is_pending() else _BEGIN_SECONDS
    if moment < state.dead_at.setdefault(stage, moment + patience):
        return None
    why = "Its process was killed."
    asked_for = reached.is_cancelling()
    end: State[Any] = Cancelled(message=why) if asked_for else Crashed(message=why)
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        client.set_flow_run_state(child.id, end, force=True)
    return "" if asked_for else why


def _dispatch_again(state: _State, child: Child, why: str) -> None:
    """Queue what a dead child left: each item that was in work alone, the rest together."""
    left = dispatch.unfinished(state.context.run_id, child.units)
    get_run_logger().warning(
        "%s broke off (%s) and left %d of %d items",
        child.worker, why, len(left.suspects) + len(left.others), len(child.units),
    )  # fmt: skip
    for units, place in (
        (left.suspects, state.suspects),
        (left.others, state.waiting[child.queue]),
    ):
        for unit in reversed(units):
            if state.tries[unit.name] < _TRIES:
                place.insert(0, unit)
            else:
                run_session.note(state.context.run_id, [dispatch.given_up(unit, _TRIES, why)])


def _cancel(state: _State) -> None:
    """Cancel the children, the queued first, so that no worker takes another."""
    by_state = sorted(
        state.children.values(), key=lambda child: _is(state, child, StateType.RUNNING)
    )
    with get_client(sync_client=True) as client:
        for child in by_state:
            with suppress(httpx.HTTPError, ObjectNotFound):
                client.set_flow_run_state(
                    child.id, Cancelling(message=f"Run {state.context.run_id} was ended.")
                )


def _is(state: _State, child: Child, kind: StateType) -> bool:
    run = state.flow_runs.get(child.id)
    return run is not None and run.state is not None and run.state.type == kind


def _read(ids: list[UUID]) -> list[FlowRun]:
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids))
    with get_client(sync_client=True) as client:
        return list(
            pages(
                lambda offset: client.read_flow_runs(
                    flow_run_filter=wanted, limit=PAGE, offset=offset
                )
            )
        )


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500
    return isinstance(error, httpx.TransportError)


_patient = Retrying(
    retry=retry_if_exception(_may_pass),
    stop=stop_after_delay(_OUTAGE_SECONDS),
    wait=wait_fixed(_LOOK_SECONDS),
    reraise=True,
)
