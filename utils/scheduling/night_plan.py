"""What the next night would do: which items, for how long, in which room, for how much money."""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import items, queue, spending
from utils.models.window import parse
from utils.scheduling import remaining
from utils.scheduling.forecast import Forecast
from utils.scheduling.window import Opening, next_opening

LISTED = 100  # items that are told one by one
_ROOM = 2.0  # of the disk, in sizes of the source; as in estimate.py
_PAID = frozenset({"video", "audio"})  # kinds that a paid service is asked about


class PlannedItem(NamedTuple):
    """An item that waits; ``why_not``: why the night would not get to it, None if it would.

    ``why_not`` is ``limit`` (more wait than a night takes), ``window`` (it would not be through
    before it closes) or ``disk`` (there is no room for it).
    """

    item_id: str
    title: str
    kind: str
    status: str
    is_asked_for: bool
    size_bytes: int
    seconds: float
    usd: float | None
    why_not: str | None


class KindPlan(NamedTuple):
    """What the night would do of one kind."""

    kind: str
    number: int
    seconds: float
    size_bytes: int
    usd: float | None


class NightPlan(NamedTuple):
    """The whole: ``items`` has the first of what waits, ``kinds`` counts all that it would take.

    ``seconds``: from its beginning to its end, with ``at_once`` items in work; ``opening``: of the
    window, None without one. ``is_capped``: the ceiling of a shift is less than its items may cost.
    """

    made_at: datetime
    items: tuple[PlannedItem, ...]
    kinds: tuple[KindPlan, ...]
    waiting: int
    left_out: dict[str, int]
    seconds: float
    size_bytes: int
    room_bytes: int
    usd: float | None
    is_capped: bool
    at_once: int
    opening: Opening | None


def of_next(s: Session, history: Forecast, settings: Settings) -> NightPlan:
    """The plan by what waits now; sources are not looked into, what they hold comes on top."""
    opening = _opening(settings)
    # One more than it takes: whether more wait is told exactly by the count.
    ids = queue.unclaimed(s, settings.max_tries, max(settings.shift_limit, LISTED))
    rows = {row.id: row for row in items.preload(s, ids)}
    seconds = remaining.of_items(s, ids, history, settings)
    usual = spending.usual_of_item(s) if _is_paid(settings) else 0.0
    planned = [
        _planned(rows[one], seconds[one], usual, "limit" if at >= settings.shift_limit else None)
        for at, one in enumerate(ids)
        if one in rows
    ]
    planned, lasts = _fitted(planned, settings, opening)
    waiting = max(queue.count_waiting(s, settings.max_tries), len(planned))
    return _summed_up(planned, waiting, lasts, settings, opening)


def _opening(settings: Settings) -> Opening | None:
    if not settings.window:
        return None
    return next_opening(parse(settings.window, settings.timezone), now())


def _is_paid(settings: Settings) -> bool:
    return settings.gemini_api_key is not None


def _planned(row: Any, seconds: float, usual: float | None, why_not: str | None) -> PlannedItem:
    return PlannedItem(
        item_id=row.id,
        title=row.title,
        kind=row.kind,
        status=row.status,
        is_asked_for=row.requested_at is not None,
        size_bytes=row.size_bytes,
        seconds=seconds,
        usd=usual if row.kind in _PAID else 0.0,
        why_not=why_not,
    )


def _fitted(
    planned: Sequence[PlannedItem], settings: Settings, opening: Opening | None
) -> tuple[list[PlannedItem], float]:
    """The items with whether they fit, as admission would have it, and how long all of it lasts."""
    whole = None
    if opening:
        whole = (opening.end - max(opening.start, now())).total_seconds()
    room = shutil.disk_usage(settings.home).free - settings.min_free_bytes
    slots = [0.0] * settings.concurrency
    found, lasts = [], 0.0
    for item in planned:
        why_not = item.why_not
        begins = slots[0]
        if why_not is None and whole is not None and begins + item.seconds > whole:
            why_not = "window"
        elif why_not is None and settings.min_free_bytes and item.size_bytes * _ROOM > room:
            why_not = "disk"
        if why_not is None:
            heapq.heapreplace(slots, begins + item.seconds)
            lasts = max(lasts, begins + item.seconds)
        found.append(item._replace(why_not=why_not))
    return found, lasts


def _summed_up(
    planned: Sequence[PlannedItem],
    waiting: int,
    lasts: float,
    settings: Settings,
    opening: Opening | None,
) -> NightPlan:
    taken = [item for item in planned if item.why_not is None]
    kinds = [_kind(kind, taken) for kind in ("video", "audio", "image")]
    ceiling, usd = settings.ai_shift_ceiling_usd, _sum(taken)
    is_capped = ceiling is not None and usd is not None and usd > ceiling
    left_out = {
        why: sum(item.why_not == why for item in planned) for why in ("limit", "window", "disk")
    }
    left_out["limit"] += waiting - len(planned)
    return NightPlan(
        made_at=now(),
        items=tuple(planned[:LISTED]),
        kinds=tuple(kind for kind in kinds if kind.number),
        waiting=waiting,
        left_out={why: number for why, number in left_out.items() if number},
        seconds=lasts,
        size_bytes=sum(item.size_bytes for item in taken),
        room_bytes=int(sum(item.size_bytes for item in taken) * _ROOM),
        usd=ceiling if is_capped else usd,
        is_capped=is_capped,
        at_once=settings.concurrency,
        opening=opening,
    )


def _kind(kind: str, taken: Sequence[PlannedItem]) -> KindPlan:
    of_kind = [item for item in taken if item.kind == kind]
    seconds, size = sum(one.seconds for one in of_kind), sum(one.size_bytes for one in of_kind)
    return KindPlan(kind, len(of_kind), seconds, size, _sum(of_kind))


def _sum(taken: Sequence[PlannedItem]) -> float | None:
    costs = [item.usd for item in taken]
    return None if None in costs else sum(cost or 0.0 for cost in costs)
