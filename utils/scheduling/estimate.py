"""What a piece of work will take of the night and of the disk, before it is begun."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import items, ledger, queue, runs
from utils.db.session import session
from utils.errors import NightShiftError
from utils.media.probing import ffprobe
from utils.models.item import Entry, MediaKind
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME, FETCH
from utils.models.window import Window
from utils.pipeline import planning
from utils.scheduling import forecast
from utils.scheduling.admission import Admission, Limits, Need

Work = str | Entry

# For the rendition, the proxy, the sound that is listened to and what ffmpeg writes meanwhile,
# in sizes of the source. Chosen.
_ROOM = 2.0
# Of a download before it has begun, where the site says how long it is: 1080p at 8 Mbit/s, and
# where it does not. Chosen.
_BYTES_A_SECOND = 10**6
_UNKNOWN_BYTES = 2**30
# A lecture, where nobody says. Chosen.
_UNKNOWN_SECONDS = 3600.0


class _Known(NamedTuple):
    kind: MediaKind
    size_bytes: int
    seconds: float | None
    done: set[tuple[str, int]]


def of(
    works: Sequence[Work], options: PipelineOptions, settings: Settings, timed: bool
) -> Callable[[Work], Need]:
    """A function that says what each of ``works`` will take.

    What the database knows is read once for all of them. Without ``timed`` the seconds are 0, and
    nothing is looked up for them.
    """
    ids = [work for work in works if isinstance(work, str)]
    with session() as s:
        known = _known(s, ids, timed)
        history = forecast.learn(s) if timed else forecast.Forecast()

    def need(work: Work) -> Need:
        if isinstance(work, Entry):
            return _of_entry(work, history, options, settings, timed)
        found = known[work]
        room = int(found.size_bytes * _ROOM)
        if not timed:
            return Need(0.0, room)
        length = found.seconds
        if length is None and found.kind is not MediaKind.IMAGE:
            length = _probed(work)
        steps = planning.expected(found.kind, options, settings)
        left = [step for step in steps if options.force or _version(step) not in found.done]
        return Need(forecast.seconds(history, found.kind.value, length, left), room)

    return need


def _version(step: str) -> tuple[str, int]:
    return step, BY_NAME[step].version


def _known(s: Session, ids: Sequence[str], timed: bool) -> dict[str, _Known]:
    rows = items.preload(s, ids)
    done = ledger.done_steps(s, ids) if timed else {}
    return {
        row.id: _Known(
            MediaKind(row.kind),
            row.size_bytes,
            row.duration_seconds,
            done.get(row.id, set()),
        )
        for row in rows
    }


def _of_entry(
    entry: Entry,
    history: forecast.Forecast,
    options: PipelineOptions,
    settings: Settings,
    timed: bool,
) -> Need:
    length = entry.duration_seconds
    size = int(length * _BYTES_A_SECOND) if length else _UNKNOWN_BYTES
    room = int(size * (1 + _ROOM))
    if not timed:
        return Need(0.0, room)
    steps = (FETCH.name, *planning.expected(MediaKind.VIDEO, options, settings))
    seconds = forecast.seconds(history, MediaKind.VIDEO.value, length or _UNKNOWN_SECONDS, steps)
    return Need(seconds, room)


def _probed(item_id: str) -> float | None:
    """The length of an item that nobody has looked into; 0 if it can't be read: it fails soon."""
    try:
        with session() as s:
            path = items.media_item(s, item_id).path
        return ffprobe.probe(path).duration_seconds
    except NightShiftError:
        return 0.0


def admission_for(
    works: Sequence[Work],
    options: PipelineOptions,
    settings: Settings,
    concurrency: int,
    window: Window | None = None,
) -> Admission[Work]:
    """How ``works`` are admitted, by the settings' limits."""
    limits = Limits(
        settings.home,
        settings.min_free_bytes,
        settings.pause_wait_seconds,
        settings.room_wait_seconds,
        window,
    )
    need = of(works, options, settings, timed=window is not None)
    return Admission(works, concurrency, limits, need)


def release_postponed(admission: Admission[Work], run_id: str, worker: str) -> None:
    """Release what was not admitted, and note how much that is and why."""
    ids = [work for work in admission.postponed if isinstance(work, str)]
    number = len(admission.postponed) - (admission.fault is not None)  # that one is a failure
    with session() as s:
        queue.release(s, worker, ids)
        if admission.reason:
            runs.postpone(s, run_id, number, admission.reason)
