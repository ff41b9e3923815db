"""The ledger: what was executed for whom, with what result; asked before anything is done.

A step's key is the SHA-256 of its name, its version and all that it was given: parameters,
engines, and the *content* of the results of earlier steps. A step whose inputs come out the
same is not repeated, even where an earlier step was (docs/decisions/0002).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from utils import portable, store
from utils.config import load_settings
from utils.db.schema import Execution, Item, now
from utils.db.session import chunks, session
from utils.errors import DeferredError, StoppedError
from utils.models.base import Frozen

DONE, FAILED, RUNNING, DEFERRED = "done", "failed", "running", "deferred"
LOST = "lost"  # the process was killed while the step ran (utils/sweep.py)

Result = TypeVar("Result", bound=BaseModel)


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


def inputs_of(step: str, version: int, given: dict[str, Any], fingerprint: str) -> Inputs:
    """What a step's result is kept under."""
    plain = canonical(given)
    text = json.dumps([step, version, plain, fingerprint], sort_keys=True, ensure_ascii=False)
    short = {name: value if _is_short(value) else _hash(value) for name, value in plain.items()}
    parts = {"version": version, "fingerprint": fingerprint, **short}
    return Inputs(hashlib.sha256(text.encode()).hexdigest(), parts)


_SHORT = 800  # characters of JSON: options are shorter, results of other steps longer


def _is_short(value: Any) -> bool:
    return len(json.dumps(value, ensure_ascii=False)) <= _SHORT


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


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
    if isinstance(value, Path):  # where the home is decides nothing
        return portable.packed(str(value), load_settings().home)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


class Kept(NamedTuple, Generic[Result]):
    """What the ledger has under a key; ``lost`` is a file of the result that is gone."""

    result: Result | None
    lost: Path | None = None


def recall(key: str, kind: type[Result]) -> Kept[Result]:
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
            return Kept(None)
        wanted = _files(row.result, result)
        row_id = row.id
        if not (store.is_set() and wanted):
            lost = next((path for path in wanted if not path.exists()), None)
            if lost is None:
                row.used_at = now()
            return Kept(None if lost else result, lost)
    lost = store.bring(wanted)  # may take long: outside of a transaction
    if lost is None:
        with session() as s:
            s.execute(update(Execution).where(Execution.id == row_id).values(used_at=now()))
    return Kept(None if lost else result, lost)


def _files(row: Any, result: BaseModel) -> dict[Path, str | None]:
    """The files that a kept result needs, each with its SHA-256 where a store holds it.

    With a store, machines see different places: what lies outside of the home is not asked for.
    """
    home = load_settings().home
    digests = portable.digests(row, home)
    return {
        path: digests.get(path)
        for path in output_paths(result)
        if not store.is_set() or portable.is_below(path, home)
    }


def cause_of(s: Session, item_id: str, step: str, parts: dict[str, Any], lost: Path | None) -> str:
    """Why a step of an item is executed though it may have been before."""
    before = s.scalars(
        select(Execution)
        .where(Execution.item_id == item_id, Execution.step == step)
        .order_by(Execution.id.desc())
        .limit(1)
    ).first()
    if before is None:
        return "the first time"
    if lost is not None:
        return f"its file {lost.name} was gone"
    if before.status == DEFERRED:
        return "it was put off before"
    if before.status == FAILED:
        return f"the try before failed: {before.error_class}"
    changes = list(differences(before.inputs or {}, parts))
    if changes:
        return "; ".join(changes)
    return (
        "the run before broke off"
        if before.status in {RUNNING, LOST}
        else "nothing usable was kept"
    )


def differences(old: dict[str, Any], new: dict[str, Any], within: str = "") -> Iterator[str]:
    """What changed between the inputs of two executions, in words."""
    for name in sorted({*old, *new}):
        was, is_now = old.get(name), new.get(name)
        if was == is_now:
            continue
        label = f"{within}{name}"
        if isinstance(was, dict) and isinstance(is_now, dict):
            yield from differences(was, is_now, f"{label}.")
        elif str(is_now).startswith("sha256:") or len(f"{was}{is_now}") > 160:
            yield f"{label} came out differently"
        elif name == "fingerprint":
            yield f"tool, model or file changed: {was or '–'} → {is_now or '–'}"
        else:
            yield f"{label}: {was} → {is_now}"


def _read(row: Execution | None, kind: type[Result]) -> Result | None:
    """The result of a row; None if a version wrote it whose model had other fields."""
    try:
        home = load_settings().home
        return None if row is None else kind.model_validate(portable.unpacked(row.result, home))
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


def start(
    item_id: str,
    step: str,
    inputs: Inputs,
    run_id: str | None,
    lost: Path | None = None,
    forced: bool = False,
    holder: str | None = None,
) -> int:
    """Note that a step begins, and why it was not recalled; returns the row's id.

    Raises:
        StoppedError: the item is not ``holder``'s any more.
    """
    with session() as s:
        if holder and s.scalar(select(Item.claimed_by).where(Item.id == item_id)) != holder:
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
            cause="asked for again" if forced else cause_of(s, item_id, step, inputs.parts, lost),
            run_id=run_id,
            status=RUNNING,
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
    plain = portable.packed(result.model_dump(mode="json"), load_settings().home, stored)
    s.execute(
        update(Execution)
        .where(Execution.id == row_id)
        .values(
            status=DONE,
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
    """Note that a step failed, or was put off, and why."""
    with session() as s:
        s.execute(
            update(Execution)
            .where(Execution.id == row_id)
            .values(
                status=DEFERRED if isinstance(error, DeferredError) else FAILED,
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
    steps = (step,) if isinstance(step, str) else step
    row = s.scalars(
        select(Execution)
        .where(Execution.item_id == item_id, Execution.step.in_(steps), Execution.status == DONE)
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
    query = select(func.count(Execution.id)).where(Execution.step == step, Execution.status == DONE)
    return s.scalar(query) or 0


def done_steps(s: Session, item_ids: Sequence[str]) -> dict[str, set[tuple[str, int]]]:
    """The steps of each of these items that were done, with their versions."""
    found: dict[str, set[tuple[str, int]]] = {}
    for chunk in chunks(item_ids):
        query = select(Execution.item_id, Execution.step, Execution.version).where(
            Execution.item_id.in_(chunk), Execution.status == DONE
        )
        for item_id, step, version in s.execute(query.distinct()):
            found.setdefault(item_id, set()).add((step, version))
    return found


def runs_of(s: Session, keys: Sequence[str], step: str) -> dict[str, int]:
    """In how many runs a step was executed to its end for each of these ids, good or bad."""
    rows = s.execute(
        select(Execution.item_id, func.count(Execution.run_id.distinct()))
        .where(
            Execution.item_id.in_(keys),
            Execution.step == step,
            Execution.status.not_in((RUNNING, LOST)),
        )
        .group_by(Execution.item_id)
    )
    return {item_id: number for item_id, number in rows}  # noqa: C416 (a Row is no pair to mypy)


def seconds_spent(s: Session, item_id: str, run_id: str) -> float:
    """Time that a run's executions for an item took, in seconds."""
    query = select(func.sum(Execution.duration_seconds)).where(
        Execution.item_id == item_id, Execution.run_id == run_id
    )
    return float(s.scalar(query) or 0.0)
