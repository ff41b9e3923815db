"""What a run would do with files: looked at, not taken in; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils import forecast, intake, pipeline, shift
from utils.config import load_settings
from utils.db import items, ledger
from utils.db.schema import Execution, Item
from utils.db.session import session
from utils.errors import NightShiftError
from utils.media import ffprobe, files
from utils.models.base import Frozen
from utils.models.item import ItemStatus
from utils.models.options import PipelineOptions
from utils.models.verdict import Band


class StepOutlook(Frozen):
    """Whether a step would run, and why or why not."""

    step: str
    runs: bool
    why: str


class Outlook(Frozen):
    """What a run would do with one file; ``steps`` is empty where it would do nothing.

    ``predicted_seconds``: by the ledger's history, with what the gate of a shift adds for safety.
    """

    path: Path
    item_id: str | None = None
    profile: str | None = None
    says: str
    steps: tuple[StepOutlook, ...] = ()
    predicted_seconds: float | None = None


def of(locations: Sequence[str], options: PipelineOptions) -> Iterator[Outlook]:
    """One outlook a file, folders searched."""
    key = shift.wanted_key(options)
    with session() as s:
        history = forecast.learn(s)
    for path in intake.expanded(locations):
        if problem := intake.unusable_name(path):
            printable = str(path).encode(errors="backslashreplace").decode()
            yield Outlook(path=Path(printable), says=f"would fail: {problem}")
            continue
        try:
            yield _of_file(path, options, key, history)
        except NightShiftError as error:
            yield Outlook(path=path, says=f"would fail: {error}")


def _of_file(
    path: Path, options: PipelineOptions, key: str | None, history: forecast.Forecast
) -> Outlook:
    stat = files.stat(path)
    with session() as s:
        row = items.known_files(s, [path]).get(str(path))
        known = row is not None and items.unchanged(row, stat)
        item = s.get(Item, row.item_id) if row and known else None
        says, works = _standing(item, key)
        if not works:
            return Outlook(path=path, item_id=item.id if item else None, says=says)
    probe = ffprobe.probe(path)
    plan = pipeline.plan(probe, options, load_settings())
    with session() as s:
        before = _done_before(s, item.id) if item else frozenset()
    forced = pipeline.forced(options)
    if item and item.verdict == Band.REJECT.value:
        plan = plan.for_rejected()
    new = [
        step for step in plan.reasons if plan.runs(step) and (step in forced or step not in before)
    ]
    return Outlook(
        path=path,
        item_id=item.id if item else None,
        profile=pipeline.profile(probe, options),
        says=says,
        steps=tuple(
            StepOutlook(step=step, runs=reason is None, why=reason or _why(step, before, forced))
            for step, reason in plan.reasons.items()
        ),
        predicted_seconds=round(
            forecast.seconds(history, probe.kind.value, probe.duration_seconds, new), 1
        ),
    )


def _standing(item: Item | None, key: str | None) -> tuple[str, bool]:
    """Where an item stands in words, and whether a run would work on it."""
    if item is None:
        return "new", True
    status = ItemStatus(item.status)
    if key is not None and status is ItemStatus.DONE and item.done_key == key:
        return "nothing to do: done with these options", False
    if key is not None and status is ItemStatus.QUARANTINED:
        return f"waits for you: {item.error}", False
    if status is ItemStatus.DONE:
        return "done; to be done again" if key is None else "done, but with other options", True
    return status.value, True


def _done_before(s: Session, item_id: str) -> frozenset[str]:
    """Steps of an item that are done in their present version."""
    rows = s.execute(
        select(Execution.step, Execution.version).where(
            Execution.item_id == item_id, Execution.status == ledger.DONE
        )
    )
    return frozenset(
        name
        for name, version in rows
        if name in pipeline.BY_NAME and pipeline.BY_NAME[name].version == version
    )


def _why(step: str, before: frozenset[str], forced: frozenset[str]) -> str:
    if step in forced:
        return "asked for again"
    if step in before:
        return "done before: recalled unless what it is given has changed"
    return "not done yet"
