"""The step contract: what happens around the body of every step.

1. Its key is made of all that it was given.
2. The ledger is asked: done under this key, and its files are there → that result is
   returned, in a Prefect state named Recalled.
3. Else the body runs as a Prefect task, inside its lane. After an error that may pass it is tried
   again: after the delay that the service named, or one that doubles, with the lane free
   meanwhile. A body that takes too long is ended (utils/processes/deadline.py).
4. The ledger's row is written in one transaction with the data that the step produced.
5. If its body fails and it is not essential (utils/models/steps.py), the item goes on without it:
   the call returns None, and the lack is noted with its reason.

Retries stand outside Prefect's task because Prefect's own delay is fixed beforehand and is
slept through with the slot taken (docs/decisions/0003).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import (
    Any,
    Concatenate,
    Generic,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    get_type_hints,
)

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import BaseModel
from sqlalchemy.orm import Session
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from tasks import assets
from tasks.context import RunContext
from tasks.lanes import MAX_DELAY_SECONDS, lane
from tasks.logs import shorten_known_errors
from tasks.tags import SERVED, lane_tag
from utils import clock
from utils.db import causes, ledger
from utils.db.session import session
from utils.errors import (
    DeferredError,
    NightShiftError,
    ResourceError,
    RetryableError,
    SettingsError,
    StoppedError,
    ThrottledError,
    raised_in,
)
from utils.models.shift import Lack
from utils.models.steps import BY_NAME, Step
from utils.observability import progress
from utils.pipeline import fingerprint, recall, step_key
from utils.processes import deadline, limits, memory
from utils.storage import blobs, files

P = ParamSpec("P")
R = TypeVar("R", bound=BaseModel)

# Errors that are not about one step of one item.
_OF_ALL = (DeferredError, ResourceError, SettingsError, StoppedError, MemoryError)

_backoff = wait_exponential_jitter(initial=1, max=60)
shorten_known_errors()  # every flow imports this module


class _Decorator(Protocol):
    def __call__(
        self, fn: Callable[Concatenate[RunContext, P], R], /
    ) -> Callable[Concatenate[RunContext, P], R | None]: ...


class _EssentialDecorator(Protocol):
    def __call__(
        self, fn: Callable[Concatenate[RunContext, P], R], /
    ) -> Callable[Concatenate[RunContext, P], R]: ...


class _Hooks(NamedTuple):
    """What a step does besides its body; see ``step``."""

    inputs: Callable[..., str] | None
    save: Callable[[Session, Any], None] | None
    restore: Callable[..., object] | None


def step(
    *,
    inputs: Callable[..., str] | None = None,
    save: Callable[[Session, Any], None] | None = None,
    restore: Callable[..., object] | None = None,
) -> _Decorator:
    """Make a step of a function that is listed under its name in ``utils.models.steps``.

    Its first argument is the ``RunContext``, its second has an ``item_id``; it returns a frozen
    model. The step returns that, or None where the item goes on without it.

    Args:
        inputs: What else the result depends on that its arguments don't say (the state of a
            file, say), given the same arguments. Engines stand in ``fingerprint.ENGINES``.
        save: Writes what the step produced, in the transaction of its ledger row.
        restore: Called with the same arguments when the step is recalled: puts back what lies
            outside the database and a run with other options may have overwritten.
    """
    return cast(_Decorator, _decorator(_Hooks(inputs, save, restore), is_essential=False))


def essential_step(
    *,
    inputs: Callable[..., str] | None = None,
    save: Callable[[Session, Any], None] | None = None,
) -> _EssentialDecorator:
    """The same for a step that the table calls essential: it returns its result, or raises."""
    return cast(_EssentialDecorator, _decorator(_Hooks(inputs, save, None), is_essential=True))


def _decorator(hooks: _Hooks, is_essential: bool) -> Callable[..., Any]:
    def decorate(
        fn: Callable[Concatenate[RunContext, P], R],
    ) -> Callable[Concatenate[RunContext, P], R | None]:
        row = BY_NAME[fn.__name__]
        assert row.essential is is_essential, f"{row.name}: the table says otherwise"
        signature = inspect.signature(fn)
        plain = _task(row, fn)
        tagged = plain.with_options(tags=[lane_tag(row.lane)]) if SERVED else plain
        step = _Step[R](row, hooks, get_type_hints(fn)["return"], plain, tagged)

        @wraps(fn)
        def call(context: RunContext, *args: P.args, **kwargs: P.kwargs) -> R | None:
            bound = signature.bind(context, *args, **kwargs).arguments
            given = {name: value for name, value in bound.items() if value is not context}
            return _result(step, _Call(context, given, partial(fn, context, *args, **kwargs)))

        return cast("Callable[Concatenate[RunContext, P], R | None]", call)

    return decorate


def _task(row: Step, fn: Callable[..., Any]) -> Task[[_Work], State[None]]:
    return task(
        name=row.name,
        description=inspect.getdoc(fn),
        version=str(row.version),
        cache_policy=NO_CACHE,
        persist_result=False,
    )(_execute)


def _result(step: _Step[R], call: _Call) -> R | None:
    """What the ledger has of this call, else what the body returns; None is a lack."""
    row, context = step.row, call.context
    mark = _mark(step, call)
    key = step_key.inputs_of(row.name, row.version, call.given, mark, context.settings.home)
    cause: str | None = causes.FORCED
    if row.name not in context.forced:
        cached = recall.recall(key.key, step.result_type, context.settings)
        if cached.result is not None:
            _restore(step.hooks, call, cached.result)
            step.recalled(_Work(step, call, result=cached.result))
            return cached.result
        cause = causes.missing_file(cached.missing.name) if cached.missing else None
    owner = context.claim_owner if context.is_claimed else None
    item_id = call.item.item_id
    begin = partial(ledger.start, item_id, row.name, key, context.run_id, cause, owner)
    title = getattr(call.item, "title", None) or item_id
    progress.emit(progress.Stepping(item_id, title, row.label))
    return cast("R | None", _run(_Work(step, call, begin)))


def _mark(step: _Step[R], call: _Call) -> str:
    """The fingerprint of what a step depends on besides its arguments."""
    if step.hooks.inputs:
        return step.hooks.inputs(*call.given.values())
    return fingerprint.engine_of(step.row.name, call.context.options, call.context.settings)


def _restore(hooks: _Hooks, call: _Call, result: BaseModel) -> None:
    """Put back what a run with other options may have overwritten."""
    if hooks.save:
        with session() as s:
            hooks.save(s, result)
    if hooks.restore:
        hooks.restore(call.context, **call.given)


class _Step(NamedTuple, Generic[R]):
    """A step as it was declared: its row of the table, and the Prefect tasks around its body.

    ``work`` carries the tag of its lane on a server that limits it; ``recalled`` waits for nobody.
    """

    row: Step
    hooks: _Hooks
    result_type: type[R]
    recalled: Task[[_Work], State[None]]
    work: Task[[_Work], State[None]]


class _Call(NamedTuple):
    """One call of a step: for whom, with what arguments, and the body that is given them."""

    context: RunContext
    given: dict[str, Any]
    body: Callable[[], BaseModel]

    @property
    def item(self) -> Any:
        return next(iter(self.given.values()))


class _Work:
    """A call in work, and what came of it: its ``result``, or why it was ``deferred``.

    ``begin`` opens its row in the ledger; a recalled one has none. ``has_failed``: the body did,
    not what stands around it.

    A plain object: Prefect would walk through models and collections.
    """

    def __init__(
        self,
        step: _Step[Any],
        call: _Call,
        begin: Callable[[], int] | None = None,
        result: BaseModel | None = None,
    ) -> None:
        self.step, self.call, self.begin, self.result = step, call, begin, result
        self.deferred: DeferredError | None = None
        self.has_failed = False


def _run(work: _Work) -> BaseModel | None:
    """Run the task inside its lane until it is through, or its tries are used up."""
    row = work.step.row
    try:
        for attempt in tries(row.retries):
            with attempt, lane(row.lane):
                work.step.work(work)
    except BaseException as error:
        raised_in(error, row.name)
        if not _is_lack(error, work):
            raise
        lack = Lack(
            step=row.name,
            reason=str(error) or type(error).__name__,
            may_pass=isinstance(error, RetryableError),
        )
        assert work.call.context.lacks is not None
        work.call.context.lacks.append(lack)
        return None
    if work.deferred:
        raise work.deferred
    return work.result


def _is_lack(error: BaseException, work: _Work) -> bool:
    """True if the item goes on without the step: what failed is its body, and that may be."""
    row = work.step.row
    is_known = isinstance(error, Exception) and not isinstance(error, _OF_ALL)
    return work.has_failed and is_known and work.call.context.may_lack(row.name, row.essential)


def _execute(work: _Work) -> State[None]:
    """The body of every Prefect task: run the step and note it, or say that it was recalled."""
    if work.begin is None:
        return Completed(name="Recalled", message="The ledger has the result.")
    row_id = work.begin()
    started = clock.monotonic()
    try:
        result = _done(work)
        stored = blobs.upload(ledger.output_paths(result), work.call.context.settings)
        with session() as s:
            if work.step.hooks.save:
                work.step.hooks.save(s, result)
            ledger.finish(s, row_id, result, clock.monotonic() - started, stored)
    except DeferredError as error:  # no failure: what it would cost does not fit
        raised_in(error, work.step.row.name)
        ledger.fail(row_id, error, clock.monotonic() - started)
        work.deferred = error
        return Completed(name="Deferred", message=str(error))
    except BaseException as error:
        ledger.fail(row_id, error, clock.monotonic() - started)
        raise
    work.result = result
    assets.note(work.step.row, work.call.item, result)
    return Completed()


def _done(work: _Work) -> BaseModel:
    """The result of the body, of a file that is still the one it was.

    Raises:
        RetryableError: the file is another one by now: nothing is kept of what was read of it.
    """
    call = work.call
    _require_same(call.context)
    work.has_failed = True
    try:
        settings = call.context.settings
        with (
            deadline.within(limits.of_step(work.step.row.name, call.item, settings)),
            memory.within(limits.memory_of_tool(call.item, settings)),
        ):
            result = call.body()
    except NightShiftError:
        work.has_failed = not call.context.file or not files.is_changed(call.context.file)
        _require_same(call.context)
        raise
    work.has_failed = False
    _require_same(call.context)
    return result


def _require_same(context: RunContext) -> None:
    if context.file and files.is_changed(context.file):
        raise RetryableError(
            f"{context.file.path.name} changed while it was worked on. Run again when it is whole."
        )


def tries(retries: int) -> Retrying:
    """Attempts at what may pass: one, and ``retries`` more, each after its delay."""
    return Retrying(
        retry=retry_if_exception(_may_pass_now),
        stop=stop_after_attempt(retries + 1),
        wait=_delay,
        sleep=deadline.pause,
        reraise=True,
    )


def _may_pass_now(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and not error.is_for_later


def _delay(state: RetryCallState) -> float:
    """Seconds until the next try: what the service asked for, else doubling with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ThrottledError) and error.retry_after_seconds is not None:
        return min(error.retry_after_seconds, MAX_DELAY_SECONDS)
    return float(_backoff(state))
