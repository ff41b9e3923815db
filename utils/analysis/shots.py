"""Shots put in order: what is out of place is repaired or dropped, never trusted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from utils.models.video_analysis import Shot


class Ordered(NamedTuple):
    """Shots in order, without overlaps and within the video, and what had to be done."""

    shots: tuple[Shot, ...]
    corrections: tuple[str, ...]


def ordered(found: Iterable[Shot | None], duration_seconds: float) -> Ordered:
    """Shots by time; None stands for one whose times could not be read.

    A shot beyond the end, or that ends before it begins, is dropped; one that reaches over
    the end is cut there, one that reaches into the next where the next begins.
    """
    given = list(found)
    readable = [shot for shot in given if shot is not None]
    inside = [
        shot
        for shot in readable
        if 0 <= shot.start_seconds < min(shot.end_seconds, duration_seconds)
    ]
    by_time = sorted(inside, key=lambda shot: (shot.start_seconds, shot.end_seconds))
    kept: list[Shot] = []
    cut = sum(shot.end_seconds > duration_seconds for shot in by_time)
    overlaps = dropped = 0
    for shot in by_time:
        if kept and shot.start_seconds == kept[-1].start_seconds:
            dropped += 1  # the same beginning twice: the shorter one stays
            continue
        if kept and shot.start_seconds < kept[-1].end_seconds:
            overlaps += 1
            kept[-1] = kept[-1].model_copy(update={"end_seconds": shot.start_seconds})
        end = min(shot.end_seconds, duration_seconds)
        kept.append(shot.model_copy(update={"end_seconds": end}))
    counts = (
        (len(given) - len(readable), "without readable times dropped"),
        (len(readable) - len(inside), "beyond the end or of no length dropped"),
        (dropped, "given twice dropped"),
        (overlaps, "cut where the next one begins"),
        (cut, "cut at the end of the video"),
    )
    wrong = [f"shots: {number} {what}" for number, what in counts if number]
    if by_time != inside:
        wrong.append("shots: put in order")
    return Ordered(tuple(kept), tuple(wrong))
