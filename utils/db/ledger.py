"""The ledger: what was executed for whom, with what result; asked before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import queue
from utils.db.causes import cause_of
from utils.db.schema import Execution, ExecutionStatus
from utils.db.session import chunks, home_of, session
from utils.db.session import rows as rows_of
from utils.errors import DeferredError, StoppedError
from utils.models.base import Frozen
from utils.models.rendition import COMPRESSIONS, Compression
from utils.storage import relative_paths

Result = TypeVar("Result", bound=BaseModel)
_PRELOADED = "results"
# Without results and inputs, which are long.
_SUMMARY = (
    Execution.step, Execution.version, Execution.status, Execution.duration_seconds,
    Execution.error,
)  # fmt: skip
_ALL = (
    select(*_SUMMARY, Execution.id, Execution.used_at)
    .where(Execution.item_id == bindparam("item_id"))
    .order_by(Execution.id)
)
_RESULTS = select(Execution.step, Execution.id, Execution.used_at, Execution.result).where(
    Execution.id.in_(bindparam("ids", expanding=True))
)


class StepSummary(NamedTuple):
    """A step of an item, over all its executions."""

    step: str
    version: int
    status: str
    executions: int
    duration_seconds: float | None
    error: str | None


class Inputs(NamedTuple):
    """All that decides a step's result, and the key that follows from it.

    ``parts``: the version, the fingerprint and each argument; what is long, by its hash.
    """

    key: str
    parts: dict[str, Any]


def done_under(s: Session, key: str) -> Execution | None:
    """The latest execution that was done under ``key``."""
    return s.scalars(
        select(Execution)
        .where(Execution.key == key, Execution.status == ExecutionStatus.DONE)
        .order_by(Execution.id.desc())
        .limit(1)
    ).first()


def mark_used(s: Session, row_id: int) -> None:
    """Note that the result of an execution was used again just now."""
    s.execute(update(Execution).where(Execution.id == row_id).values(used_at=now()))


def read(s: Session, row: Any | None, kind: type[Result]) -> Result | None:
    """The result of a row; None if a version wrote it whose model had other fields."""
    return None if row is None else unpacked(s, row.result, kind)


def unpacked(s: Session, result: Any, kind: type[Result]) -> Result | None:
    """A result as a row holds it, with the paths of this home; None as ``read`` says."""
    try:
        return kind.model_validate(relative_paths.unpacked(result, home_of(s)))
    except ValidationError:
        return None


def output_paths(result: BaseModel) -> Iterator[Path]:
    """The files that a result names, and that its step made."""
    not_made = result.not_made if isinstance(result, Frozen) else frozenset()
    for name in (name for name in type(result).model_fields if name not in not_made):
        value = getattr(result, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from output_paths(part)
            elif isinstance(part, Path):
                yield part


def start(
    item_id: str,
    step: str,
    inputs: Inputs,
    run_id: str | None,
    known_cause: str | None = None,
    claim_owner: str | None = None,
) -> int:
    """Note that a step begins, and why it was not recalled; returns the row's id.

    Args:
        item_id: Of the item, or of the entry that is fetched.
        step: Its name.
        inputs: What its key was made of.
        run_id: The run that it belongs to, if any.
        known_cause: Why it is executed; found out from the execution before when not given.
        claim_owner: Who must have claimed the item; not asked when not given.

    Raises:
        StoppedError: the item is not ``claim_owner``'s any more.
    """
    with session() as s:
        if claim_owner and not queue.is_claimed_by(s, item_id, claim_owner):
            raise StoppedError(
                "Another run took this item over while this one did not answer for "
                "longer than its lease."
            )
        row = Execution(
            item_id=item_id,
            step=step,
            version=inputs.parts["version"],
            key=inputs.key,
            inputs=_storable(inputs.parts),
            cause=known_cause or cause_of(s, item_id, step, inputs.parts),
            run_id=run_id,
            status=ExecutionStatus.RUNNING,
            started_at=now(),
        )
        s.add(row)
        s.flush()
        return row.id


def finish(
    s: Session,
    row_id: int,
    result: BaseModel,
    duration_seconds: float,
    stored: Mapping[Path, str] | None = None,
) -> None:
    """Note, in the caller's transaction, that a step is done, and keep its result.

    ``stored``: its files that a store holds, each with its SHA-256.
    """
    plain = relative_paths.packed(result.model_dump(mode="json"), home_of(s), stored)
    s.execute(
        update(Execution)
        .where(Execution.id == row_id)
        .values(
            status=ExecutionStatus.DONE,
            ended_at=now(),
            used_at=now(),
            duration_seconds=round(duration_seconds, 3),
            bytes_written=sum(path.stat().st_size for path in output_paths(result)),
            result=_storable(plain),
        )
    )


def _storable(value: Any) -> Any:
    """Plain JSON without NUL characters, which Postgres does not take."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        return {_storable(name): _storable(part) for name, part in value.items()}
    return [_storable(part) for part in value] if isinstance(value, list) else value


def fail(row_id: int, error: BaseException, duration_seconds: float) -> None:
    """Note that a step failed, or was deferred, and why."""
    with session() as s:
        s.execute(
            update(Execution)
            .where(Execution.id == row_id)
            .values(
                status=ExecutionStatus.DEFERRED
                if isinstance(error, DeferredError)
                else ExecutionStatus.FAILED,
                ended_at=now(),
                duration_seconds=round(duration_seconds, 3),
                error_class=type(error).__name__,
                error=str(error)[:2000],
            )
        )


def latest_result(
    s: Session, item_id: str, step: str | tuple[str, ...], kind: type[Result]
) -> Result | None:
    """The result of a step of an item (of one of several) that was made, or recalled, last."""
    return read(s, latest_done(s, item_id, step), kind)


def latest_done(s: Session, item_id: str, step: str | tuple[str, ...]) -> Execution | None:
    """The execution that made the result of a step of an item (of one of several) that counts."""
    steps = (step,) if isinstance(step, str) else step
    known: dict[str, Any] | None = s.info.get(_PRELOADED, {}).get(item_id)
    if known is not None:
        return max((known[name] for name in steps if name in known), key=_last, default=None)
    return s.scalars(
        select(Execution)
        .where(
            Execution.item_id == item_id,
            Execution.step.in_(steps),
            Execution.status == ExecutionStatus.DONE,
        )
        .order_by(Execution.used_at.desc(), Execution.id.desc())
        .limit(1)
    ).first()


def latest_done_id(s: Session, item_id: str, step: str) -> int | None:
    """The number of that execution, where its result is too long to be read for nothing."""
    return s.scalar(
        select(Execution.id)
        .where(
            Execution.item_id == item_id,
            Execution.step == step,
            Execution.status == ExecutionStatus.DONE,
        )
        .order_by(Execution.used_at.desc(), Execution.id.desc())
        .limit(1)
    )


@contextmanager
def preloaded(s: Session, item_id: str) -> Iterator[list[StepSummary]]:
    """Read the last results of an item at once: in the block ``latest_result`` asks no more.

    Two statements, however many steps there are and however often they ran.

    Yields:
        Every step of the item, in the order in which they first ran.
    """
    rows = rows_of(s, _ALL, item_id=item_id).all()
    last: dict[str, Any] = {}
    for row in rows:
        known = last.get(row.step)
        if row.status == ExecutionStatus.DONE and (known is None or _last(row) > _last(known)):
            last[row.step] = row
    ids = [row.id for row in last.values()]
    found = rows_of(s, _RESULTS, ids=ids) if ids else ()
    s.info[_PRELOADED] = {item_id: {row.step: row for row in found}}
    try:
        yield _summed_up(rows)
    finally:
        del s.info[_PRELOADED]


def _last(row: Any) -> tuple[float, int]:
    return row.used_at.timestamp() if row.used_at else 0.0, row.id


def renditions(s: Session, item_ids: Sequence[str]) -> dict[str, Path]:
    """The rendition that was made of each of some items last, of those that have one."""
    found: dict[str, Path] = {}
    for chunk in chunks(item_ids):
        rows = select(Execution).where(
            Execution.item_id.in_(chunk),
            Execution.step.in_(COMPRESSIONS),
            Execution.status == ExecutionStatus.DONE,
        )
        for row in s.scalars(rows.order_by(Execution.used_at, Execution.id)):
            made = read(s, row, Compression)
            found.pop(row.item_id, None)
            if made and made.rendition:
                found[row.item_id] = made.rendition.path
    return found


def steps_of(s: Session, item_id: str) -> list[StepSummary]:
    """Every step of an item, in the order in which they first ran."""
    of_item = Execution.item_id == item_id
    return _summed_up(s.execute(select(*_SUMMARY).where(of_item).order_by(Execution.id)).all())


def _summed_up(rows: Sequence[Any]) -> list[StepSummary]:
    by_step: dict[str, list[Any]] = {}
    for row in rows:
        by_step.setdefault(row.step, []).append(row)
    return [
        StepSummary(
            step=name,
            version=done[-1].version,
            status=done[-1].status,
            executions=len(done),
            duration_seconds=done[-1].duration_seconds,
            error=done[-1].error,
        )
        for name, done in by_step.items()
    ]


def history(s: Session, item_id: str, step: str) -> Sequence[Execution]:
    """All executions of a step of an item, oldest first."""
    return s.scalars(
        select(Execution)
        .where(Execution.item_id == item_id, Execution.step == step)
        .order_by(Execution.id)
    ).all()


def execution_count(s: Session, item_id: str | None = None) -> int:
    """How many executions the ledger holds, of one item or of all."""
    query = select(func.count(Execution.id))
    return s.scalar(query.where(Execution.item_id == item_id) if item_id else query) or 0


def count_done(s: Session, step: str) -> int:
    """How many executions of a step were done."""
    query = select(func.count(Execution.id)).where(
        Execution.step == step, Execution.status == ExecutionStatus.DONE
    )
    return s.scalar(query) or 0


def done_steps(s: Session, item_ids: Sequence[str]) -> dict[str, set[tuple[str, int]]]:
    """The steps of each of these items that were done, with their versions."""
    found: dict[str, set[tuple[str, int]]] = {}
    for chunk in chunks(item_ids):
        query = select(Execution.item_id, Execution.step, Execution.version).where(
            Execution.item_id.in_(chunk), Execution.status == ExecutionStatus.DONE
        )
        for item_id, step, version in s.execute(query.distinct()):
            found.setdefault(item_id, set()).add((step, version))
    return found


def seconds_spent(s: Session, item_id: str, run_id: str) -> float:
    """Time that a run's executions for an item took, in seconds."""
    query = select(func.sum(Execution.duration_seconds)).where(
        Execution.item_id == item_id, Execution.run_id == run_id
    )
    return float(s.scalar(query) or 0.0)
