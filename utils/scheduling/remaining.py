"""How long a run that is in work will last still, from what the ledger knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import items, ledger, live
from utils.models.item import MediaKind
from utils.models.steps import BY_NAME
from utils.pipeline import planning
from utils.scheduling import forecast
from utils.scheduling.forecast import Forecast
from utils.scheduling.in_work import RunInWork, length_of_new

_LOOKED_AT = 200  # items that are foretold one by one; more are taken to be as they are
# Of a file whose length nobody knows: 1080p at 8 Mbit/s, and sound at 256 kbit/s. Chosen.
_BYTES_A_SECOND = {MediaKind.VIDEO.value: 10**6, MediaKind.AUDIO.value: 32_000}


def seconds_left(s: Session, run: RunInWork, history: Forecast, settings: Settings) -> float | None:
    """Seconds until a run is through, if its items take what nine of ten such do; None: unknown.

    By the settings' options and places; a run that was given others is told wrong.
    """
    ids = [one for worker in run.workers for one in live.claimed(s, worker, _LOOKED_AT)]
    if run.total is None:
        return None
    number = max(0, run.total - run.settled)
    if not number or not ids:
        return 0.0 if not number else None
    known = of_items(s, ids[:_LOOKED_AT], history, settings)
    whole = sum(known.values()) / len(known) * number
    return whole / min(settings.concurrency * max(1, len(run.workers)), number)


def of_items(
    s: Session, item_ids: Sequence[str], history: Forecast, settings: Settings
) -> dict[str, float]:
    """Predicted seconds of each of these items, less the steps that are done."""
    done = ledger.done_steps(s, item_ids)
    return {
        row.id: _seconds(row, _length(s, row, done), done.get(row.id, set()), history, settings)
        for row in items.preload(s, item_ids)
    }


def _length(s: Session, row: Any, done: Mapping[str, object]) -> float | None:
    """Seconds of its media; as probed while it is in work for the first time, else by its size."""
    if row.duration_seconds is None and row.id in done:
        return length_of_new(s, row.id) or length_of(row)
    return length_of(row)


def _seconds(
    row: Any,
    length: float | None,
    done: set[tuple[str, int]],
    history: Forecast,
    settings: Settings,
) -> float:
    steps = planning.expected(MediaKind(row.kind), settings.pipeline, settings)
    left = [step for step in steps if (step, BY_NAME[step].version) not in done]
    return forecast.seconds(history, row.kind, length, left)


def length_of(row: Any) -> float | None:
    """Seconds of an item's media; by its size where nobody has looked into it yet."""
    if row.duration_seconds is not None:
        return float(row.duration_seconds)
    a_second = _BYTES_A_SECOND.get(row.kind)
    return row.size_bytes / a_second if a_second else None
