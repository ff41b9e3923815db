"""What a run would do with files: they are looked at, not registered; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import forgotten, items, ledger, subtitle_files, vocabularies
from utils.db.schema import File, Item
from utils.db.session import session
from utils.errors import NightShiftError
from utils.media.probing import ffprobe
from utils.models.base import Frozen
from utils.models.item import ItemStatus
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME
from utils.models.verdict import Band
from utils.pipeline import fingerprint, planning
from utils.scheduling import forecast
from utils.sources import scan, whereabouts
from utils.storage import files, sidecars


class StepPreview(Frozen):
    """Whether a step would run, and why or why not."""

    step: str
    runs: bool
    why: str


class ItemPreview(Frozen):
    """What a run would do with one file; ``steps`` is empty where it would do nothing.

    ``predicted_seconds``: by the ledger's history, with what admission to a shift adds for safety.
    """

    path: Path
    item_id: str | None = None
    profile: str | None = None
    summary: str
    steps: tuple[StepPreview, ...] = ()
    predicted_seconds: float | None = None
    would_fail: bool = False


def of(
    locations: Sequence[str], options: PipelineOptions, settings: Settings
) -> Iterator[ItemPreview]:
    """One preview a file, folders searched."""
    key = fingerprint.wanted_key(options, settings)
    with session() as s:
        history = forecast.learn(s)
    for path in scan.expanded(locations, settings):
        if problem := scan.unusable_name(path):
            printable = str(path).encode(errors="backslashreplace").decode()
            yield ItemPreview(
                path=Path(printable), summary=f"would fail: {problem}", would_fail=True
            )
            continue
        try:
            yield _of_file(path, options, settings, key, history)
        except NightShiftError as error:
            yield ItemPreview(path=path, summary=f"would fail: {error}", would_fail=True)


def _of_file(
    path: Path,
    options: PipelineOptions,
    settings: Settings,
    key: str | None,
    history: forecast.Forecast,
) -> ItemPreview:
    if path.is_dir() and (refused := scan.no_library(path)):
        raise refused
    stat = files.stat(path)
    with session() as s:
        if found := forgotten.at(s, [stat]):
            since = forgotten.since(s, list(found.values()))[found[path]]
            return ItemPreview(path=path, summary=whereabouts.forgotten_since(since, str(path)))
        row = items.known_files(s, [path]).get(str(path))
        known = row is not None and items.unchanged(row, stat)
        item = s.get(Item, row.item_id) if row and known else None
        summary, works = _status(item, key and _complete(s, key, row, path))
        if not works:
            return ItemPreview(path=path, item_id=item.id if item else None, summary=summary)
    probe = ffprobe.probe(path)
    plan = planning.plan(probe, options, settings)
    with session() as s:
        before = _done_before(s, item.id) if item else frozenset()
    forced = planning.forced(options)
    if item and item.verdict == Band.REJECT.value:
        plan = plan.for_rejected()
    new = [
        step for step in plan.reasons if plan.runs(step) and (step in forced or step not in before)
    ]
    return ItemPreview(
        path=path,
        item_id=item.id if item else None,
        profile=planning.profile(probe, options),
        summary=summary,
        steps=tuple(
            StepPreview(step=step, runs=reason is None, why=reason or _why(step, before, forced))
            for step, reason in plan.reasons.items()
        ),
        predicted_seconds=round(
            forecast.seconds(history, probe.kind.value, probe.duration_seconds, new), 1
        ),
    )


def _complete(s: Session, key: str, row: File | None, path: Path) -> str:
    expected = vocabularies.of_item(s, row.item_id if row else "", path)
    names = subtitle_files.foreign_by_stem(s, path.parent).get(path.stem, ())
    return sidecars.complete_key(vocabularies.in_key(key, expected), names)


def _status(item: Item | None, key: str | None) -> tuple[str, bool]:
    """An item's status in words, and whether a run would work on it."""
    if item is None:
        return "new", True
    status = ItemStatus(item.status)
    if key is not None and status is ItemStatus.DONE and item.done_key == key:
        return "nothing to do: done with these options", False
    if key is not None and status is ItemStatus.QUARANTINED:
        return f"waits for you: {item.error}", False
    if status is ItemStatus.DONE:
        if item.lacks and item.done_key is None:
            lacks = ", ".join(str(lack["step"]) for lack in item.lacks)
            return f"done, but lacks {lacks}; to be tried again", True
        again = "done; to be done again"
        return (again if key is None else "done; what it depends on has changed"), True
    return items.shown_status(item), True


def _done_before(s: Session, item_id: str) -> frozenset[str]:
    """Steps of an item that are done in their present version."""
    done = ledger.done_steps(s, [item_id]).get(item_id, set())
    return frozenset(
        name for name, version in done if name in BY_NAME and BY_NAME[name].version == version
    )


def _why(step: str, before: frozenset[str], forced: frozenset[str]) -> str:
    if step in forced:
        return "asked for again"
    if step in before:
        return "done before: recalled unless its input changed"
    return "not done yet"
