"""How things stand now: what runs, how far it is, which lanes are busy, and what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import events, flags, ledger, live
from utils.models.lanes import Lanes
from utils.models.probe import ContainerProbe
from utils.models.steps import BY_NAME, lane_of

_LEAST_SHARE, _LEAST_SECONDS = 0.02, 3.0  # from then on the rest of a step is foretold
_SPEEDY = frozenset({"compress", "transcribe"})  # lanes whose speed people ask for


class StepInWork(NamedTuple):
    """A step that is being executed.

    ``title``, ``kind`` are None of an address that is fetched. ``share``: 0–1, of steps that tell
    it; ``speed``: seconds of media a second; ``left_seconds``: till its end, at that pace.
    """

    run_id: str
    item_id: str
    title: str | None
    kind: str | None
    step: str
    label: str
    lane: str
    started_at: datetime
    share: float | None
    speed: float | None
    left_seconds: float | None


class Lane(NamedTuple):
    """How many of a class of steps may run at once in a process, and those that do now."""

    name: str
    places: int
    steps: tuple[StepInWork, ...]


class RunInWork(NamedTuple):
    """A run whose process lives.

    ``total``: what it has to do, None while it looks for it; ``settled``: what is through of it.
    ``counts``: outcomes so far. ``waiting``: why nothing is begun now; ``reading``: a file that is
    read for the first time, as ``{"name", "share"}``.
    """

    run_id: str
    flow: str
    started_at: datetime
    total: int | None
    settled: int
    counts: dict[str, int]
    waiting: str | None
    reading: dict[str, Any] | None
    workers: tuple[str, ...]


class Now(NamedTuple):
    """All of it; ``paused``: since when shifts are held and why, None if they are not."""

    runs: tuple[RunInWork, ...]
    lanes: tuple[Lane, ...]
    paused: tuple[datetime, str | None] | None

    @property
    def steps(self) -> list[StepInWork]:
        """The steps of all lanes."""
        return [step for lane in self.lanes for step in lane.steps]


def now_of(s: Session, settings: Settings) -> Now:
    """How things stand; a few indexed queries, whatever the size of the library."""
    rows = live.running(s)
    ids = [row.id for row in rows]
    told = live.told(s, ids) if ids else []
    counts = {run_id: found[2] for run_id, found in events.some(s, ids).items()}
    runs = tuple(_run(row, told, counts.get(row.id, {})) for row in rows)
    shares = {k: v for row in told for k, v in ((row.progress or {}).get("items") or {}).items()}
    steps = [_step(s, row, shares.get(row.item_id)) for row in (live.steps(s, ids) if ids else ())]
    places = settings.lanes.model_dump()
    lanes = [
        Lane(name, places[name], tuple(step for step in steps if step.lane == name))
        for name in Lanes.model_fields
    ]
    flag = flags.get(s, flags.PAUSED)
    return Now(runs, tuple(lanes), (flag.set_at, flag.value["reason"]) if flag else None)


def _run(row: Any, told: Sequence[Any], counts: dict[str, int]) -> RunInWork:
    of_run = [one for one in told if one.run_id == row.id]
    own: dict[str, Any] = {}
    for one in of_run:
        own = one.progress or {} if one.id == row.id else own
    parts = [one.progress for one in of_run if one.progress]
    total = own.get("total")
    # What there was nothing to do for was noted before the run knew how much it has.
    through = sum(counts.values()) - counts.get("skipped", 0)
    settled = max(through, int(own.get("settled") or 0))
    return RunInWork(
        run_id=row.id,
        flow=row.flow,
        started_at=row.started_at,
        total=max(total, settled) if total is not None else None,
        settled=settled,
        counts=counts,
        waiting=next((one["waiting"] for one in parts if one.get("waiting")), None),
        reading=next((one["reading"] for one in parts if one.get("reading")), None),
        workers=tuple(one.id for one in of_run),
    )


def _step(s: Session, row: Any, share: float | None) -> StepInWork:
    known = BY_NAME.get(row.step)
    lane = lane_of(row.step)
    seconds = max(0.0, (now() - row.started_at).total_seconds())
    speed = left = None
    if share is not None and share >= _LEAST_SHARE and seconds >= _LEAST_SECONDS:
        left = seconds / share * (1 - share)
        if lane in _SPEEDY:
            length = row.duration_seconds or length_of_new(s, row.item_id)
            speed = length * share / seconds if length else None
    return StepInWork(
        run_id=row.run_id,
        item_id=row.item_id,
        title=row.title,
        kind=row.kind,
        step=row.step,
        label=known.label if known else row.step,
        lane=lane,
        started_at=row.started_at,
        share=share,
        speed=speed,
        left_seconds=left,
    )


def length_of_new(s: Session, item_id: str) -> float | None:
    """Seconds of an item's media as it was probed; its own row has them once it is stored."""
    probed = ledger.latest_result(s, item_id, "extract_ffprobe", ContainerProbe)
    return probed.duration_seconds if probed else None


def mark(s: Session) -> str:
    """What changes whenever how things stand does; for whoever asks again and again."""
    ids = [row.id for row in live.running(s)]
    told = [[row.id, row.progress] for row in live.told(s, ids)] if ids else []
    steps = [row.id for row in live.steps(s, ids)] if ids else []
    flag = flags.get(s, flags.PAUSED)
    state = [ids, told, steps, events.heads(s).outcome, flag.set_at if flag else None]
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]
