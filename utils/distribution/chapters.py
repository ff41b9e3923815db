"""The chapters of an item: those of its file, else those that a watcher's shots make."""

from __future__ import annotations

from collections.abc import Sequence

from utils.models.probe import FfprobeReport
from utils.models.publishing import Chapter
from utils.models.record import ShotRecord

# Chosen: shots are seconds long; what is a chapter to a listener is half a minute at least.
_SHORTEST_SECONDS = 30.0
_MIN_LENGTH_SECONDS = 120.0
_MOST = 50
_TITLE = 80


def of(
    ffprobe: FfprobeReport | None, shots: Sequence[ShotRecord], length_seconds: float | None
) -> tuple[Chapter, ...]:
    """The chapters in their order; one alone is none."""
    found = _of_container(ffprobe) if ffprobe else []
    if len(found) < 2:
        found = _of_shots(shots, length_seconds or 0.0)
    return tuple(found) if len(found) > 1 else ()


def _of_container(ffprobe: FfprobeReport) -> list[Chapter]:
    made: dict[float, Chapter] = {}
    for number, raw in enumerate(ffprobe.raw.get("chapters") or (), start=1):
        try:
            start = max(0.0, float(raw["start_time"]))
        except (KeyError, TypeError, ValueError):
            continue
        tags = raw.get("tags")
        title = str(tags.get("title") or "") if isinstance(tags, dict) else ""
        title = " ".join(title.split()) or f"Chapter {number}"
        made.setdefault(start, Chapter(start_seconds=start, title=title))
    return [made[start] for start in sorted(made)]


def _of_shots(shots: Sequence[ShotRecord], length_seconds: float) -> list[Chapter]:
    """A described shot, and all that follow until half a minute is over; the first is at 0."""
    if length_seconds < _MIN_LENGTH_SECONDS:
        return []
    shortest = max(_SHORTEST_SECONDS, length_seconds / _MOST)
    found: list[Chapter] = []
    for shot in shots:
        title = " ".join((shot.description or "").split())
        if not title or (found and shot.start_seconds - found[-1].start_seconds < shortest):
            continue
        start = shot.start_seconds if found else 0.0
        found.append(Chapter(start_seconds=start, title=_cut(title)))
    return found


def _cut(title: str) -> str:
    """A description's first words."""
    if len(title) <= _TITLE:
        return title
    return title[:_TITLE].rsplit(" ", 1)[0].rstrip(",;:.") + " …"
