"""A night on many workers: chunks of items become runs of the `shift` deployments.

The parent hands out a chunk for each worker and keeps one more queued, so that whoever has room
finds work; it looks every few seconds how they are (one request, whatever their number), hands
out again what a dead one left, and takes its children with it when it is cancelled. Children
claim their items themselves: a parent that is killed leaves nothing that a sweep can't free.
"""

from __future__ import annotations

import time
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

from flows.workpool import DEFAULT, HIGH_MEMORY, workers_online
from utils import handout, progress, shift, store
from utils.chunks import next_chunk
from utils.config import load_settings
from utils.errors import RetryableError
from utils.handout import Piece
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.window import Window

# All chosen. A child is dead, though its run never said that it ended, if its process has not
# begun so long after a worker took it (an image may have to be pulled), if it is not known as a
# holder so long after it began, or if it was known and has not been for so long.
_LOOK_SECONDS = 2.0
_START_SECONDS = 180
_BEGIN_SECONDS = 60
_GONE_SECONDS = 20
# So long the server, or the last worker, may be away before the night is given up.
_OUTAGE_SECONDS = 600
_TRIES = 3


class Child(NamedTuple):
    """A chunk that was handed out: the flow run that works on it and the holder it works as."""

    id: UUID
    holder: str
    queue: str
    pieces: tuple[Piece, ...]


class _Night:
    """What is left to hand out, by queue, and what is out."""

    def __init__(
        self, run_id: str, options: PipelineOptions, concurrency: int, window: Window | None = None
    ) -> None:
        self.run_id, self.options, self.concurrency = run_id, options, concurrency
        self.window = window
        self.paused_since: float | None = None
        self.rest: dict[str, list[Piece]] = {DEFAULT: [], HIGH_MEMORY: []}
        self.alone: list[Piece] = []
        self.out: dict[UUID, Child] = {}
        self.tries: Counter[str] = Counter()
        self.dead_at: dict[tuple[UUID, StateType], float] = {}
        self.states: dict[UUID, FlowRun] = {}
        self.unique = uuid.uuid4().hex[:6]
        self.handed = 0


def hand_out(
    run_id: str,
    works: Sequence[str | Entry],
    options: PipelineOptions,
    concurrency: int,
    window: Window | None = None,
) -> None:
    """Have workers work through everything, and wait for them.

    Args:
        run_id: The run that outcomes are noted for.
        works: Items, not claimed, and entries to fetch; in the order in which they go out.
        options: What to do with each.
        concurrency: Items that one worker has in work at once.
        window: What can't be through before it closes is left over.

    Raises:
        SettingsError: there is no pool, or nobody serves it; nothing was handed out then.
        RetryableError: the server, or the last worker, was away for too long.
    """
    with get_client(sync_client=True) as client:
        workers = workers_online(client)
    night = _Night(run_id, options, concurrency, window)
    for piece in handout.pieces(works):
        night.rest[HIGH_MEMORY if piece.heavy else DEFAULT].append(piece)
    get_run_logger().info("%d items for %d workers", len(works), workers)
    progress.tell(progress.Begun(len(works)))
    try:
        _until_done(night, workers)
    except BaseException:
        _cancel(night)
        raise


def _until_done(night: _Night, workers: int) -> None:
    seen_working = time.monotonic()
    while True:
        held = _is_held(night)
        if not held:
            _top_up(night, workers)
        if not night.out and not held:
            return
        time.sleep(_LOOK_SECONDS)
        _look(night)
        if held or any(_is(night, child, StateType.RUNNING) for child in night.out.values()):
            seen_working = time.monotonic()
        elif time.monotonic() - seen_working > _OUTAGE_SECONDS:
            raise RetryableError(
                f"No worker took a chunk for {_OUTAGE_SECONDS} s. Each takes as many runs at once "
                "as its --limit says, and this run may be one of them: start another with "
                f"`prefect worker start --pool {load_settings().work_pool}`, then run again."
            )


def _is_held(night: _Night) -> bool:
    """True while the shifts are paused; what may not be handed out any more is left over."""
    rest = sum(map(len, night.rest.values())) + len(night.alone)
    reason, pause = handout.closed(night.window), handout.paused() if rest else None
    moment = time.monotonic()
    night.paused_since = (night.paused_since or moment) if pause else None
    if night.paused_since and moment - night.paused_since > load_settings().pause_wait_seconds:
        reason = reason or pause
    if not (reason and rest):
        return pause is not None
    handout.leave_over(night.run_id, rest, reason)
    night.rest, night.alone = {DEFAULT: [], HIGH_MEMORY: []}, []
    return False


def _top_up(night: _Night, workers: int) -> None:
    """Hand out until every worker has a chunk and one is queued."""
    while night.alone:
        piece = night.alone.pop()
        _hand(night, HIGH_MEMORY if piece.heavy else DEFAULT, [piece])
    for queue, at_once in ((DEFAULT, night.concurrency), (HIGH_MEMORY, 1)):
        while rest := night.rest[queue]:
            out = [child for child in night.out.values() if child.queue == queue]
            queued = [child for child in out if not _is(night, child, StateType.RUNNING)]
            if queued and len(out) >= workers:
                break
            weighed = [(piece, piece.weight) for piece in rest]
            chunk = next_chunk(weighed, max(workers, len(out) + 1), at_once)
            del rest[: len(chunk)]
            _hand(night, queue, chunk)


def _hand(night: _Night, queue: str, chunk: Sequence[Piece]) -> None:
    night.handed += 1
    holder = f"{night.run_id}-{night.unique}-{night.handed}"
    for piece in chunk:
        if isinstance(piece.work, str) and piece.path:
            store.keep_original(piece.work, piece.path)
    given: dict[str, Any] = {
        "items": [piece.work for piece in chunk if isinstance(piece.work, str)],
        "entries": [
            piece.work.model_dump(mode="json") for piece in chunk if isinstance(piece.work, Entry)
        ],
        "options": night.options.model_dump(mode="json"),
        "run_id": night.run_id,
        "holder": holder,
        "window": night.window.text if night.window else None,
        "timezone": night.window.zone.key if night.window else None,
        "concurrency": 1 if queue == HIGH_MEMORY else night.concurrency,
    }
    # Asked for again after a lost answer, the same key gives the same run.
    made = _patient(
        run_deployment, f"shift/{queue}", parameters=given, timeout=0, idempotency_key=holder
    )
    flow_run = cast(FlowRun, made)
    night.out[flow_run.id] = Child(flow_run.id, holder, queue, tuple(chunk))
    night.tries.update(piece.name for piece in chunk)


def _look(night: _Night) -> None:
    """Where the children are; what a dead one left goes back to be handed out."""
    night.states = {run.id: run for run in _patient(_read, list(night.out))}
    alive = handout.living()
    for child in list(night.out.values()):
        why = _end_of(night, child, child.holder in alive)
        if why is None:
            continue
        del night.out[child.id]
        if why:
            handout.bury(child.holder)
            _again(night, child, why)


def _end_of(night: _Night, child: Child, lives: bool) -> str | None:
    """None while the child is at work, "" if it came to an end, else how it broke off."""
    run, moment = night.states.get(child.id), time.monotonic()
    if run is None or run.state is None:
        return "its flow run was deleted."
    state = run.state
    if state.is_final():
        broke_off = state.type in {StateType.CRASHED, StateType.FAILED}
        return (state.message or state.name) if broke_off else ""
    if state.is_scheduled():
        return None
    stage = child.id, state.type
    if lives:
        night.dead_at[stage] = moment + _GONE_SECONDS
    patience = _START_SECONDS if state.is_pending() else _BEGIN_SECONDS
    if moment < night.dead_at.setdefault(stage, moment + patience):
        return None
    why = "Its process was killed."
    asked_for = state.is_cancelling()
    end: State[Any] = Cancelled(message=why) if asked_for else Crashed(message=why)
    with suppress(httpx.HTTPError, ObjectNotFound), get_client(sync_client=True) as client:
        client.set_flow_run_state(child.id, end, force=True)
    return "" if asked_for else why


def _again(night: _Night, child: Child, why: str) -> None:
    """What a child left goes out again: what was in work when it died alone, the rest together."""
    left = handout.unsettled(night.run_id, child.pieces)
    get_run_logger().warning(
        "%s broke off (%s) and left %d of %d items",
        child.holder, why, len(left.suspects) + len(left.others), len(child.pieces),
    )  # fmt: skip
    for pieces, place in ((left.suspects, night.alone), (left.others, night.rest[child.queue])):
        for piece in reversed(pieces):
            if night.tries[piece.name] < _TRIES:
                place.insert(0, piece)
            else:
                shift.note(night.run_id, [handout.given_up(piece, _TRIES, why)])


def _cancel(night: _Night) -> None:
    """Cancel what is out, the queued first, so that no worker takes another."""
    by_state = sorted(night.out.values(), key=lambda child: _is(night, child, StateType.RUNNING))
    with get_client(sync_client=True) as client:
        for child in by_state:
            with suppress(httpx.HTTPError, ObjectNotFound):
                client.set_flow_run_state(
                    child.id, Cancelling(message=f"Run {night.run_id} was ended.")
                )


def _is(night: _Night, child: Child, kind: StateType) -> bool:
    run = night.states.get(child.id)
    return run is not None and run.state is not None and run.state.type == kind


def _read(ids: list[UUID]) -> list[FlowRun]:
    wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids))
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(flow_run_filter=wanted, limit=200)


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
