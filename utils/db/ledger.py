"""The ledger: what was executed for whom, with what result; asked before anything is done.

A step's key is the SHA-256 of its name, its version and all that it was given: parameters,
engines, and the *content* of the results of earlier steps. A step whose inputs come out the
same is not repeated, even where an earlier step was (docs/decisions/0002).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from utils.db.schema import Execution, now
from utils.db.session import session
from utils.models.base import Frozen

DONE, FAILED, RUNNING = "done", "failed", "running"

Result = TypeVar("Result", bound=BaseModel)


class StepSummary(NamedTuple):
    """A step of an item, over all its executions."""

    step: str
    version: int
    status: str
    executions: int
    duration_seconds: float | None
    error: str | None


def key_of(step: str, version: int, given: dict[str, Any], fingerprint: str) -> str:
    """The key under which the result of a step with these inputs is kept."""
    text = json.dumps(
        [step, version, canonical(given), fingerprint], sort_keys=True, ensure_ascii=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: Any) -> Any:
    """``value`` as plain JSON, without the fields that models leave out of keys."""
    if isinstance(value, BaseModel):
        out = value.not_in_key if isinstance(value, Frozen) else frozenset()
        return {n: canonical(getattr(value, n)) for n in type(value).model_fields if n not in out}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {str(name): canonical(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [canonical(part) for part in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def recall(key: str, kind: type[Result]) -> Result | None:
    """The result kept under ``key``; None if there is none, or a file of it is gone."""
    with session() as s:
        row = s.scalars(
            select(Execution)
            .where(Execution.key == key, Execution.status == DONE)
            .order_by(Execution.id.desc())
            .limit(1)
        ).first()
        result = _read(row, kind)
        if row is None or result is None:
            return None
        if not all(path.exists() for path in output_paths(result)):
            return None
        row.used_at = now()
        return result


def _read(row: Execution | None, kind: type[Result]) -> Result | None:
    """The result of a row; None if a version wrote it whose model had other fields."""
    try:
        return None if row is None else kind.model_validate(row.result)
    except ValidationError:
        return None


def output_paths(result: BaseModel) -> Iterator[Path]:
    """The files that a result names."""
    for name in type(result).model_fields:
        value = getattr(result, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from output_paths(part)
            elif isinstance(part, Path):
                yield part


def start(item_id: str, step: str, version: int, key: str, run_id: str | None) -> int:
    """Note that a step begins; returns the row's id."""
    with session() as s:
        row = Execution(
            item_id=item_id,
            step=step,
            version=version,
            key=key,
            run_id=run_id,
            status=RUNNING,
            started_at=now(),
        )
        s.add(row)
        s.flush()
        return row.id


def finish(s: Session, row_id: int, result: BaseModel, duration_seconds: float) -> None:
    """Note, in the caller's transaction, that a step is done, and keep its result."""
    s.execute(
        update(Execution)
        .where(Execution.id == row_id)
        .values(
            status=DONE,
            ended_at=now(),
            used_at=now(),
            duration_seconds=round(duration_seconds, 3),
            result=json.loads(
                result.model_dump_json().replace("\\u0000", "")
            ),  # Postgres has no NUL
        )
    )


def fail(row_id: int, error: BaseException, duration_seconds: float) -> None:
    """Note that a step failed, and why."""
    with session() as s:
        s.execute(
            update(Execution)
            .where(Execution.id == row_id)
            .values(
                status=FAILED,
                ended_at=now(),
                duration_seconds=round(duration_seconds, 3),
                error_class=type(error).__name__,
                error=str(error)[:2000],
            )
        )


def latest_result(s: Session, item_id: str, step: str, kind: type[Result]) -> Result | None:
    """The result of a step of an item that was made, or recalled, last."""
    row = s.scalars(
        select(Execution)
        .where(Execution.item_id == item_id, Execution.step == step, Execution.status == DONE)
        .order_by(Execution.used_at.desc(), Execution.id.desc())
        .limit(1)
    ).first()
    return _read(row, kind)


def steps_of(s: Session, item_id: str) -> list[StepSummary]:
    """Every step of an item, in the order in which they first ran."""
    rows = s.scalars(
        select(Execution).where(Execution.item_id == item_id).order_by(Execution.id)
    ).all()
    by_step: dict[str, list[Execution]] = {}
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


def execution_count(s: Session, item_id: str | None = None) -> int:
    """How many executions the ledger holds, of one item or of all."""
    query = select(func.count(Execution.id))
    return s.scalar(query.where(Execution.item_id == item_id) if item_id else query) or 0


def count_done(s: Session, step: str) -> int:
    """How many executions of a step were done."""
    query = select(func.count(Execution.id)).where(Execution.step == step, Execution.status == DONE)
    return s.scalar(query) or 0


def runs_of(s: Session, keys: Sequence[str], step: str) -> dict[str, int]:
    """In how many runs a step was executed for each of these ids, whatever came of it."""
    rows = s.execute(
        select(Execution.item_id, func.count(Execution.run_id.distinct()))
        .where(Execution.item_id.in_(keys), Execution.step == step)
        .group_by(Execution.item_id)
    )
    return {item_id: number for item_id, number in rows}  # noqa: C416 (a Row is no pair to mypy)


def seconds_spent(s: Session, item_id: str, run_id: str) -> float:
    """Time that a run's executions for an item took, in seconds."""
    query = select(func.sum(Execution.duration_seconds)).where(
        Execution.item_id == item_id, Execution.run_id == run_id
    )
    return float(s.scalar(query) or 0.0)
