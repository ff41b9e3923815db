"""What a run would do with files: they are looked at, not registered; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import Field
from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import forgotten, item_checksums, items, ledger, subtitle_files, vocabularies
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError
from utils.media.probing import ffprobe
from utils.models.base import Frozen
from utils.models.item import FileStat, ItemStatus
from utils.models.options import PipelineOptions
from utils.models.rules import Decision, RuleSet
from utils.models.shift import left_out_in_words
from utils.models.steps import BY_NAME
from utils.models.verdict import Band
from utils.pipeline import fingerprint, planning
from utils.rules import facts, file, matching, revisions
from utils.scheduling import forecast
from utils.sources import folders, scan, whereabouts
from utils.storage import files, sidecars


class StepPreview(Frozen):
    """Whether a step would run, and why or why not."""

    step: str
    runs: bool
    why: str


class ItemPreview(Frozen):
    """What a run would do with one file; ``steps`` is empty where it would do nothing.

    ``left_out``: of a row that is no file, what its folders hold that is no media.
    ``predicted_seconds``: by the ledger's history, with what admission to a shift adds for safety.
    ``rules``: those that apply, by what is known of the file so far.
    """

    path: Path
    item_id: str | None = None
    profile: str | None = None
    summary: str
    steps: tuple[StepPreview, ...] = ()
    predicted_seconds: float | None = None
    would_fail: bool = False
    left_out: dict[str, int] = Field(default_factory=dict)
    rules: tuple[str, ...] = ()


def of_rest(location: str, left_out: Mapping[str, int]) -> ItemPreview:
    """What folders hold that a run would leave out, as a row of its own."""
    path, told = files.absolute(location), left_out_in_words(left_out)
    return ItemPreview(path=path, summary=told, left_out=dict(left_out))


def of(
    locations: Sequence[str],
    options: PipelineOptions,
    settings: Settings,
    left_out: Counter[str] | None = None,
) -> Iterator[ItemPreview]:
    """One preview a file, folders searched; ``left_out`` is told what of them is no media."""
    key = fingerprint.wanted_key(options, settings)
    with session() as s:
        history = forecast.learn(s)
    for path in folders.expanded(locations, settings, left_out=left_out):
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
    if files.is_folder(path) and (refused := folders.no_library(path)):
        raise refused
    stat = files.stat(path)
    with session() as s:
        row = items.known_files(s, [path]).get(str(path))
        known = row is not None and items.unchanged(row, stat)
        if not known and (since := _forgotten_since(s, stat)):
            return ItemPreview(path=path, summary=whereabouts.forgotten_since(since, str(path)))
        item = s.get(Item, row.item_id) if row and known else None
        rules = file.load(settings)
        summary, works = _status(item, key and _complete(s, key, item, path, rules))
        decision = _decision(s, item, path, rules)
        told = {"path": path, "item_id": item.id if item else None, "rules": decision.applied}
        if works and decision.skipped_by:
            summary, works = f"left out by the rule {decision.skipped_by}", False
        if not works:
            return ItemPreview(**told, summary=summary)
    options = matching.options_under(decision, options)
    options = revisions.options_under(item.requested_changes if item else None, options)
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
        **told,
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


def _forgotten_since(s: Session, stat: FileStat) -> datetime | None:
    """Since when a file that no item has is forgotten: read if one of its size is."""
    item_id = forgotten.at(s, [stat]).get(stat.path)
    if item_id is None and forgotten.any_of_size(s, stat.size_bytes):
        item_id = item_checksums.item_of(s, files.sha256(stat.path))
    return forgotten.since(s, [item_id]).get(item_id) if item_id else None


def _decision(s: Session, item: Item | None, path: Path, rules: RuleSet) -> Decision:
    """What the rules say: of an item by all that is known, of a new file by what the tools say."""
    if not rules.rules:
        return Decision()
    known = facts.of_file(s, path) if item is None else facts.known(s, item, path)
    return matching.decide(rules, known)


def _complete(s: Session, key: str, item: Item | None, path: Path, rules: RuleSet) -> str:
    if item is not None:
        key = scan.under_rules(s, key, item, path, rules)
    expected = vocabularies.of_item(s, item.id if item else "", path)
    beside = subtitle_files.foreign(s, path.parent)
    return sidecars.complete_key(vocabularies.in_key(key, expected), path, beside)


def _status(item: Item | None, key: str | None) -> tuple[str, bool]:
    """An item's status in words, and whether a run would work on it."""
    if item is None:
        return "new", True
    status = ItemStatus(item.status)
    if key is not None and status is ItemStatus.SKIPPED and item.done_key == key:
        return scan.left_out_by(item), False
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
