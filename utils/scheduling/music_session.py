"""A run of a music flow: opened, alone of its kind, its process's lease renewed, closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from utils.clock import now
from utils.config import Settings
from utils.db import leases, music_runs, music_totals
from utils.db.music_tables import MusicRun
from utils.db.session import session
from utils.errors import NightShiftError
from utils.housekeeping.recovery import Recovered
from utils.models.music import Outcome
from utils.models.music_report import MusicReport
from utils.scheduling import run_session

NOTHING_HEARD = (
    "nothing was listened to yet: `nightshift music import FILE` takes an export, "
    "`nightshift music login` lets Spotify tell"
)


class Opened(NamedTuple):
    """``is_ours``: False if another run of the flow is at work; then there is nothing to close."""

    is_ours: bool
    recovered: Recovered


@contextmanager
def music_session(flow: str, run_id: str, settings: Settings) -> Iterator[Opened]:
    """Work for the run ``run_id`` of a flow while the block lasts, if no other of it is at work.

    What dead processes left is put in order first, their runs among it. A block that breaks off
    leaves its run as crashed.
    """
    with run_session.run_session(None, run_id, settings) as recovered:
        with session() as s:
            is_ours = bool(leases.acquire(s, run_id, [f"music:{flow}"]))
            if is_ours:
                music_runs.begin(s, flow, run_id)
        try:
            yield Opened(is_ours, recovered)
        except BaseException:
            with suppress(NightShiftError), session() as s:
                music_runs.crash(s, [run_id])
            raise


def refused(flow: str, run_id: str) -> MusicReport:
    """What is said of a run that is not begun, for another is at work."""
    with session() as s:
        other = music_runs.latest(s, flow)
    since = f" since {other.started_at:%Y-%m-%d %H:%M:%S} UTC" if other else ""
    return MusicReport(
        run_id=run_id,
        flow=flow,
        status=Outcome.NO_UPDATES.value,
        started_at=now(),
        seconds=0.0,
        reason=f"another run of {flow} is at work{since}: it does what this one would",
    )


def report(run_id: str) -> MusicReport | None:
    """What a run has come to so far; None if there is none of this id."""
    with session() as s:
        run = s.get(MusicRun, run_id)
        if run is None:
            return None
        is_idle = run.status == Outcome.NO_UPDATES.value and not run.results
        took = (run.ended_at or now()) - run.started_at
        return MusicReport(
            run_id=run.id,
            flow=run.flow,
            status=run.status,
            started_at=run.started_at,
            seconds=max(0.0, round(took.total_seconds(), 2)),
            results=music_runs.results(s, run_id),
            reason=NOTHING_HEARD if is_idle else None,
        )


def is_silent() -> bool:
    """True if nothing was listened to yet, so that there is nothing to enrich."""
    with session() as s:
        return not music_totals.has_plays(s)


def idle(flow: str, run_id: str, settings: Settings) -> None:
    """Note a run that had nothing to do, of which that is known before it begins."""
    with music_session(flow, run_id, settings) as opened:
        if opened.is_ours:
            with session() as s:
                music_runs.end(s, run_id, Outcome.NO_UPDATES)
