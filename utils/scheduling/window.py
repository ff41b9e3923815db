"""The hours in which a shift may work, such as 22:00-06:00, by the clock on the wall.

Openings are computed as moments in UTC, so that a night of 23 or 25 hours is as long as it is.
Where the clock jumps forward, a time that does not exist is the moment of the jump; where it goes
back, a time that comes twice is the first of the two (as RFC 5545 has it). An opening that a jump
leaves nothing of is left out: that night there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from utils.models.window import Window

# How many days ahead the next opening is looked for: a jump of the clock may take one, and
# Samoa went without a whole day in 2011.
_DAYS = 8


class Opening(NamedTuple):
    """When a window is open: from ``start`` up to ``end``, in UTC."""

    start: datetime
    end: datetime


def opening(window: Window, moment: datetime) -> Opening | None:
    """The opening that ``moment`` falls into; None outside the window."""
    found = next_opening(window, moment)
    return found if found.start <= moment else None


def next_opening(window: Window, moment: datetime) -> Opening:
    """The opening that lasts at ``moment``, else the first one after it."""
    day = moment.astimezone(window.zone).date()
    pieces = sorted(_openings(window, day))
    found: Opening | None = None
    for piece in pieces:
        if piece.end <= moment:
            continue
        if found is None:
            found = piece
        elif piece.start <= found.end:  # 20:00-24:00,00:00-04:00 is one night
            found = Opening(found.start, max(found.end, piece.end))
    if found is None:
        raise ValueError(f"The window {window} does not open within {_DAYS} days.")
    return found


def _openings(window: Window, day: date) -> Iterator[Opening]:
    """Those that begin on the day before ``day``, on it, or on the days after it."""
    for number in range(-1, _DAYS):
        begins = day + timedelta(days=number)
        for stretch in window.stretches:
            ends = begins if stretch.end > stretch.start else begins + timedelta(days=1)
            start = _moment(begins, stretch.start, window.zone)
            end = _moment(ends, stretch.end, window.zone)
            if start < end:
                yield Opening(start, end)


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When the clock on the wall shows this, in UTC."""
    local = datetime.combine(day, clock, zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # Skipped: read with the offset before the jump it lies after it, and the other way round.
    before, after = local.replace(fold=1).astimezone(UTC), moment
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after
