"""The step contract: what happens around the body of every step.

1. Its key is made of all that it was given.
2. The ledger is asked: done under this key, and its files are there → that result is
   returned, in a Prefect state named Recalled.
3. Else the body runs as a Prefect task, inside its lane; what may pass is tried again, after
   the delay that the service named or one that doubles, with the lane free meanwhile. A body
   that takes too long is ended (utils/deadline.py).
4. The ledger's row is written in one transaction with the data that the step produced.

Retries stand outside Prefect's task because Prefect's own delay is fixed beforehand and is
slept through with the slot taken (docs/decisions/0003).
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar, cast, get_type_hints

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL
from prefect.states import Completed
from pydantic import BaseModel
from sqlalchemy.orm import Session
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from tasks.lanes import MAX_DELAY_SECONDS, lane
from utils import deadline, pipeline, progress, store
from utils.config import load_settings
from utils.db import ledger
from utils.db.session import session
from utils.errors import DeferredError, RetryableError, ThrottledError

P = ParamSpec("P")
R = TypeVar("R", bound=BaseModel)

current_run: ContextVar[str | None] = ContextVar("current_run", default=None)
# Who claims in this thread, and, once an item is claimed, in whose name its steps are executed.
working_as: ContextVar[str | None] = ContextVar("working_as", default=None)
claimed_by: ContextVar[str | None] = ContextVar("claimed_by", default=None)
# Steps that are executed though the ledger knows them.
forced: ContextVar[frozenset[str]] = ContextVar("forced", default=frozenset())


@contextmanager
def acting(run_id: str, holder: str, again: frozenset[str]) -> Iterator[None]:
    """Have the block's steps executed for a run, in the name of who has claimed their item.

    Args:
        run_id: The run that the ledger's rows name.
        holder: Who has claimed the item; a step begins only while that holds.
        again: Steps that are executed though the ledger knows them.
    """
    run, holding, forcing = current_run.set(run_id), claimed_by.set(holder), forced.set(again)
    try:
        yield
    finally:
        current_run.reset(run)
        claimed_by.reset(holding)
        forced.reset(forcing)


# An ephemeral server serves this process alone: the lane suffices, and a tag would cost each
# step a request to a busy SQLite (2 s for each one that is refused). Asked at import, because
# Prefect sets the address of an ephemeral server too, once it runs.
SERVED = PREFECT_API_URL.value() is not None

_backoff = wait_exponential_jitter(initial=1, max=60)


class _Decorator(Protocol):
    def __call__(self, fn: Callable[P, R], /) -> Callable[P, R]: ...


def step(
    *,
    fingerprint: Callable[..., str] | None = None,
    save: Callable[[Session, Any], None] | None = None,
    restore: Callable[..., object] | None = None,
) -> _Decorator:
    """Make a step of a function that is listed under its name in ``utils.pipeline``.

    Its first argument has an ``item_id``; it returns a frozen model.

    Args:
        fingerprint: What else the result depends on (a tool's or a model's version, the
            state of a file), given the same arguments.
        save: Writes what the step produced, in the transaction of its ledger row.
        restore: Called with the same arguments when the step is recalled: puts back what lies
            outside the database and a run with other options may have overwritten.
    """

    def decorate(fn: Callable[P, R]) -> Callable[P, R]:
        row = pipeline.BY_NAME[fn.__name__]
        signature = inspect.signature(fn)
        result_type: type[R] = get_type_hints(fn)["return"]
        untagged = task(
            name=row.name,
            description=inspect.getdoc(fn),
            version=str(row.version),
            cache_policy=NO_CACHE,
            persist_result=False,
        )(_execute)
        tagged = untagged.with_options(tags=[row.lane])

        @wraps(fn)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs)
            item = next(iter(bound.arguments.values()))
            mark = fingerprint(*args, **kwargs) if fingerprint else ""
            inputs = ledger.inputs_of(row.name, row.version, bound.arguments, mark)
            again = row.name in forced.get()
            kept = ledger.Kept(None) if again else ledger.recall(inputs.key, result_type)
            if kept.result is not None:
                if save:  # the data may have been overwritten by a run with other options
                    with session() as s:
                        save(s, kept.result)
                if restore:
                    restore(*args, **kwargs)
                untagged(_Work(kept=kept.result))
                return kept.result
            title = getattr(item, "title", None) or item.item_id
            progress.tell(progress.Stepping(item.item_id, title, row.says))
            work = _Work(
                body=lambda: fn(*args, **kwargs),
                save=save,
                begin=lambda: ledger.start(
                    item.item_id,
                    row.name,
                    inputs,
                    current_run.get(),
                    kept.lost,
                    again,
                    claimed_by.get(),
                ),
            )
            the_task = tagged if SERVED else untagged
            for attempt in tries(row.retries):
                with attempt, lane(row.lane):
                    the_task(work)
            if work.put_off:
                raise work.put_off
            return cast(R, work.kept)

        return call

    return decorate


class _Work:
    """One call of a step, and what came of it: ``kept``, or why it was ``put_off``.

    A plain object: Prefect would walk through models and collections.
    """

    def __init__(
        self,
        kept: BaseModel | None = None,
        body: Callable[[], Any] | None = None,
        save: Callable[[Session, Any], None] | None = None,
        begin: Callable[[], int] | None = None,
    ) -> None:
        self.kept, self.body, self.save, self.begin = kept, body, save, begin
        self.put_off: DeferredError | None = None


def _execute(work: _Work) -> State[None]:
    """The body of every Prefect task: run the step and note it, or say that it was recalled."""
    if work.body is None or work.begin is None:
        return Completed(name="Recalled", message="The ledger has the result.")
    row_id = work.begin()
    started = time.perf_counter()
    try:
        with deadline.within(load_settings().step_timeout_seconds):
            result = work.body()
        stored = store.keep(ledger.output_paths(result))
        with session() as s:
            if work.save:
                work.save(s, result)
            ledger.finish(s, row_id, result, time.perf_counter() - started, stored)
    except DeferredError as error:  # no failure: what it would cost does not fit
        ledger.fail(row_id, error, time.perf_counter() - started)
        work.put_off = error
        return Completed(name="Deferred", message=str(error))
    except BaseException as error:
        ledger.fail(row_id, error, time.perf_counter() - started)
        raise
    work.kept = result
    return Completed()


def tries(retries: int) -> Retrying:
    """Attempts at what may pass: one, and ``retries`` more, each after its delay."""
    return Retrying(
        retry=retry_if_exception_type(RetryableError),
        stop=stop_after_attempt(retries + 1),
        wait=_delay,
        sleep=deadline.pause,
        reraise=True,
    )


def _delay(state: RetryCallState) -> float:
    """Seconds until the next try: what the service asked for, else doubling with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ThrottledError) and error.retry_after_seconds is not None:
        return min(error.retry_after_seconds, MAX_DELAY_SECONDS)
    return float(_backoff(state))
