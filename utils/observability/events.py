"""What happens, for whoever follows it from outside: read from the database, where all write it.

A place in the stream says all that is needed to go on there, whatever was restarted meanwhile:
the last execution and outcome that were told, and which executions and runs were told to have
begun and not to have ended. No clock is in it: those of several machines differ.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence, Set
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils import clock
from utils.db import events as rows
from utils.db.events import Heads, Which
from utils.db.schema import ExecutionStatus
from utils.models.shift import RunStatus

PAGE = 500  # rows of a kind at once
_MOST_OPEN = 400  # of what is in work so much is remembered
# Where several write at once a row may appear after one with a higher id: so long after, at most.
_SETTLED_SECONDS = 1.0
_PLACE = re.compile(
    r"(?P<step>\d{1,18})\.(?P<outcome>\d{1,18})\.(?P<steps>(?:\d{1,18}(?:\+\d{1,18})*)?)"
    r"\.(?P<runs>(?:[\w-]{1,64}(?:\+[\w-]{1,64})*)?)(?P<over>\.over)?"
)


class Place(NamedTuple):
    """A place in the stream."""

    step: int = 0
    outcome: int = 0
    open_steps: tuple[int, ...] = ()
    open_runs: tuple[str, ...] = ()
    is_over: bool = False

    def __str__(self) -> str:
        steps, runs = "+".join(map(str, self.open_steps)), "+".join(self.open_runs)
        return f"{self.step}.{self.outcome}.{steps}.{runs}{'.over' if self.is_over else ''}"


class Event(NamedTuple):
    """Something that happened; ``place`` is behind it."""

    place: Place
    name: str
    data: dict[str, Any]


class Page(NamedTuple):
    """What happened since a place; ``has_more``: it was not all of it."""

    events: list[Event]
    place: Place
    has_more: bool = False


def read(text: str) -> Place | None:
    """A place as it was written; None if it is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    return Place(
        int(found["step"]),
        int(found["outcome"]),
        tuple(int(one) for one in found["steps"].split("+") if one)[:_MOST_OPEN],
        tuple(one for one in found["runs"].split("+") if one)[:_MOST_OPEN],
        found["over"] is not None,
    )


def now_at(s: Session) -> Place:
    """The place behind all that has happened."""
    head = rows.heads(s)
    return Place(head.step, head.outcome, tuple(rows.running_steps(s)[-_MOST_OPEN:]))


class Horizon:
    """Up to which rows all that can come has come; asked by all who follow in this process."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Heads]] = deque(maxlen=64)
        self._settled = Heads(0, 0)

    def until(self, s: Session) -> Heads:
        """The last rows that nothing comes before any more."""
        head = rows.heads(s)
        if rows.is_ordered(s):
            return head
        moment = clock.monotonic()
        self._seen.append((moment, head))
        while self._seen and self._seen[0][0] <= moment - _SETTLED_SECONDS:
            self._settled = self._seen.popleft()[1]
        return self._settled


def since(s: Session, place: Place, which: Which, horizon: Horizon) -> Page:
    """What happened of ``which`` since ``place``, in its order."""
    ended = _is_over(s, which)
    # What is over writes no more: all that it wrote can be seen.
    until = rows.heads(s) if ended else horizon.until(s)
    telling = _Telling(place)
    running = set() if which.item_id else set(rows.running(s))
    telling.runs_begin(s, running & {which.run_id} if which.run_id else running)
    telling.ends(rows.still_there(s, place.open_steps))
    steps = rows.steps(s, which, place.step, until.step, PAGE)
    outcomes = rows.outcomes(s, which, place.outcome, until.outcome, PAGE)
    telling.begins(steps)
    telling.outcomes(outcomes)
    has_more = PAGE in {len(steps), len(outcomes)}
    if not any(which):
        known = set() if has_more else set(telling.place.open_runs)
        mentioned = {row.run_id for row in (*steps, *outcomes) if row.run_id}
        telling.runs_end(s, (known | mentioned) - running)
    telling.move(
        step=place.step if len(steps) == PAGE else max(place.step, until.step),
        outcome=place.outcome if len(outcomes) == PAGE else max(place.outcome, until.outcome),
    )
    if ended and not has_more:
        telling.end(s, which)
    return Page(telling.events, telling.place, has_more)


def _is_over(s: Session, which: Which) -> bool:
    if which.run_id:
        found = rows.some(s, [which.run_id])
        return not found or found[which.run_id][1] is not RunStatus.RUNNING
    return bool(which.item_id) and not rows.item_exists(s, which.item_id or "")


class _Telling:
    """Events as they are put together, and the place behind the last of them."""

    def __init__(self, place: Place) -> None:
        self.place, self.events = place, list[Event]()

    def move(self, step: int = 0, outcome: int = 0) -> None:
        self.place = self.place._replace(
            step=max(self.place.step, step), outcome=max(self.place.outcome, outcome)
        )

    def ends(self, found: Sequence[Any]) -> None:
        """Executions that were in work."""
        there = {row.id for row in found}
        gone = [one for one in self.place.open_steps if one not in there]
        self._close(gone)
        for row in found:
            if row.status != ExecutionStatus.RUNNING:
                self._close([row.id])
                self._tell("step", _step(row))

    def begins(self, found: Sequence[Any]) -> None:
        """Executions that are new; one that is through already is told once, as that."""
        for row in found:
            self.move(step=row.id)
            if row.status == ExecutionStatus.RUNNING:
                opened = (*self.place.open_steps, row.id)[-_MOST_OPEN:]
                self.place = self.place._replace(open_steps=opened)
            self._tell("step", _step(row))

    def outcomes(self, found: Sequence[Any]) -> None:
        """What came of locations."""
        for row in found:
            self.move(outcome=row.id)
            self._tell(
                "item", {name: value for name, value in row._mapping.items() if name != "id"}
            )

    def runs_begin(self, s: Session, running: Set[str]) -> None:
        """Runs that were not told to have begun."""
        begun = running - set(self.place.open_runs)
        for run_id, run in rows.some(s, begun).items():
            opened = (*self.place.open_runs, run_id)[-_MOST_OPEN:]
            self.place = self.place._replace(open_runs=opened)
            self._tell("run", _run(*run))

    def runs_end(self, s: Session, ended: Set[str]) -> None:
        """Runs that ended; one that began meanwhile, too, is told once, as that."""
        told = rows.some(s, ended)
        for run_id in sorted(ended):
            left = tuple(one for one in self.place.open_runs if one != run_id)
            self.place = self.place._replace(open_runs=left)
            if run_id in told:
                self._tell("run", _run(*told[run_id]))

    def end(self, s: Session, which: Which) -> None:
        """The last event of a stream whose run, or item, is over."""
        self.place = self.place._replace(open_runs=(), open_steps=(), is_over=True)
        told = rows.some(s, [which.run_id]) if which.run_id else {}
        for run in told.values():
            self._tell("run", _run(*run))

    def _close(self, ids: Iterable[int]) -> None:
        closed = set(ids)
        left = tuple(one for one in self.place.open_steps if one not in closed)
        self.place = self.place._replace(open_steps=left)

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        self.events.append(Event(self.place, name, data))


def _step(row: Any) -> dict[str, Any]:
    return {
        "run_id": row.run_id,
        "item_id": row.item_id,
        "step": row.step,
        "status": row.status,
        "started_at": row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "duration_seconds": row.duration_seconds,
        "error_class": row.error_class,
        "error": row.error,
    }


def _run(row: Any, status: RunStatus, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "run_id": row.id,
        "flow": row.flow,
        "status": status.value,
        "started_at": row.started_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "counts": counts,
        "left_over": row.left_over,
        "reason": row.reason,
    }
