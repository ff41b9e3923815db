"""Totals of listening, for reports and metrics: none of them reads every play."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.db.music_runs import RUNNING
from utils.db.music_tables import MusicRun, PlayRow, RejectRow
from utils.db.schema import Run
from utils.db.session import chunks
from utils.models.music import PlayKind, SubflowResult

Sums = dict[tuple[str, str], float]  # by part and count


class Heard(NamedTuple):
    """What came in since a moment, each listening once."""

    tracks: int = 0
    episodes: int = 0


class RunSums:
    """Counts of all runs that have ended, each read once between two readings."""

    def __init__(self) -> None:
        self._counted: set[str] = set()
        self._sums: Counter[tuple[str, str]] = Counter()

    def read(self, s: Session) -> Sums:
        """The sums by part and name of count, such as ``("spotify-enrichment", "requests")``."""
        ended = set(s.scalars(select(MusicRun.id).where(MusicRun.status != RUNNING)))
        sums = Counter(self._sums)
        for some in chunks(sorted(ended - self._counted)):
            for results in s.scalars(select(MusicRun.results).where(MusicRun.id.in_(some))):
                for one in map(SubflowResult.model_validate, results):
                    sums.update({(one.name, name): value for name, value in one.metrics.items()})
        # Only now: a query that failed above leaves all as it was.
        self._counted, self._sums = ended, sums
        return dict(sums)


def has_plays(s: Session) -> bool:
    """True if anything was listened to."""
    return bool(s.scalar(select(select(PlayRow.id).exists())))


def plays(s: Session) -> int:
    """Rows of plays, doubled ones among them."""
    return s.scalar(select(func.count()).select_from(PlayRow)) or 0


def rejects(s: Session) -> int:
    """Rows of histories that are no plays."""
    return s.scalar(select(func.count()).select_from(RejectRow)) or 0


def newest_play(s: Session) -> datetime | None:
    """When something was played last; an index knows it for each account."""
    newest: list[datetime] = []
    account = s.scalar(select(func.min(PlayRow.account)))
    while account is not None:
        last = s.scalar(select(func.max(PlayRow.played_at)).where(PlayRow.account == account))
        newest += [last] if last else []
        account = s.scalar(select(func.min(PlayRow.account)).where(PlayRow.account > account))
    return max(newest, default=None)


def flows(s: Session) -> list[str]:
    """The music flows that have run."""
    return list(s.scalars(select(MusicRun.flow).distinct().order_by(MusicRun.flow)))


def last_ended(s: Session, flow: str) -> MusicRun | None:
    """The run of a flow that ended last, however."""
    over = select(MusicRun).where(MusicRun.flow == flow, MusicRun.ended_at.is_not(None))
    return s.scalars(over.order_by(MusicRun.ended_at.desc()).limit(1)).first()


def previous_start(s: Session, run_id: str) -> datetime | None:
    """When the run of the same flow before this one began."""
    run = s.get_one(Run, run_id)
    before = select(func.max(Run.started_at)).where(
        Run.flow == run.flow, Run.started_at < run.started_at
    )
    return s.scalar(before)


def heard(s: Session, since: datetime) -> Heard:
    """Plays that came in after a moment, wherever and whenever they were heard."""
    rows = select(PlayRow.kind, func.count()).where(PlayRow.added_at > since, _COUNTS)
    found = {kind: number for kind, number in s.execute(rows.group_by(PlayRow.kind))}  # noqa: C416
    return Heard(found.get(PlayKind.TRACK.value, 0), found.get(PlayKind.EPISODE.value, 0))


def new_artists(s: Session, since: datetime) -> list[tuple[str, int]]:
    """Artists of whom nothing was known before a moment, with their plays, most first."""
    number = func.count()
    rows = (
        select(PlayRow.artist, number)
        .where(PlayRow.artist.is_not(None), PlayRow.kind == PlayKind.TRACK.value, _COUNTS)
        .group_by(PlayRow.artist)
        .having(func.min(PlayRow.added_at) > since)
        .order_by(number.desc(), PlayRow.artist)
    )
    return [(str(artist), plays) for artist, plays in s.execute(rows)]


def rejected(s: Session, since: datetime) -> list[tuple[str, int]]:
    """Reasons why rows that came in after a moment are no plays, the commonest first."""
    number = func.count()
    rows = select(RejectRow.reason, number).where(RejectRow.added_at > since)
    rows = rows.group_by(RejectRow.reason).order_by(number.desc(), RejectRow.reason)
    return [(reason, plays) for reason, plays in s.execute(rows)]


_COUNTS = PlayRow.duplicate_of.is_(None)


class History(NamedTuple):
    """What one service told of one account, by one way (``Origin``): all plays, the doubled too."""

    account: str
    service: str
    origin: str
    plays: int
    doubled: int
    first_at: datetime
    last_at: datetime


def histories(s: Session) -> list[History]:
    """Where plays came from; reads each play once."""
    rows = s.execute(
        select(
            PlayRow.account,
            PlayRow.service,
            PlayRow.origin,
            func.count(),
            func.count(PlayRow.duplicate_of),
            func.min(PlayRow.played_at),
            func.max(PlayRow.played_at),
        )
        .group_by(PlayRow.account, PlayRow.service, PlayRow.origin)
        .order_by(PlayRow.account, PlayRow.service, PlayRow.origin)
    )
    return [History(*row) for row in rows]
