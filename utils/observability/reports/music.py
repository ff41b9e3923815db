"""The morning report's section on listening: what came in, and what the night made of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import music_runs, music_totals
from utils.db.music_totals import Heard
from utils.db.schema import Run
from utils.models.music import Outcome, SubflowResult
from utils.models.music_import import IN_WORDS
from utils.models.music_report import in_words
from utils.models.shift import ShiftReport

HEAD = ("part", "came to", "what", "why", "what to do")
_NIGHT = "night-shift"
_ETL, _INGESTION = "daily-etl", "spotify-ingestion"
_NAMED = 10  # artists, reasons
_IN_WORDS = {reason.value: words for reason, words in IN_WORDS.items()}
_DAY = timedelta(days=1)
# By the class of the error; what passes by itself is tried again.
_BY_ERROR = {
    "SettingsError": "Set it right: nightshift deploy --validate --only music",
    "TimeoutError": "The next night goes on there.",
    "RetryableError": "The next night tries again.",
    "ThrottledError": "The next night goes on there.",
}
_BY_HAND = "nightshift music etl --verbose says more."
_NEVER = "nothing was enriched yet: `nightshift music etl` does it now, `nightshift up` every night"


class PartLine(NamedTuple):
    """What a part of the night of music came to."""

    name: str
    status: str
    what: str
    why: str
    what_to_do: str


class Music(NamedTuple):
    """The section; ``since`` is when the night before began. ``etl``: the newest run's status.

    ``unread``: why Spotify could not be read the last time.
    """

    since: datetime
    heard: Heard
    new_artists: tuple[tuple[str, int], ...]
    rejected: tuple[tuple[str, int], ...]
    parts: tuple[PartLine, ...]
    etl: str | None
    etl_began: datetime | None
    unread: str | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """All but the parts, for people."""
        return tuple(_sentences(self))


def of_run(s: Session, report: ShiftReport) -> Music | None:
    """The section of a night; None for other runs, and where nobody listens."""
    run = s.get(Run, report.run_id)
    if run is None or run.flow != _NIGHT:
        return None
    etl = music_runs.latest(s, _ETL)
    if not music_totals.has_plays(s) and not (etl and etl.results) and not music_totals.rejects(s):
        return None
    since = music_totals.previous_start(s, report.run_id) or report.started_at - _DAY
    return Music(
        since=since,
        heard=music_totals.heard(s, since),
        new_artists=tuple(music_totals.new_artists(s, since)),
        rejected=tuple(music_totals.rejected(s, since)),
        parts=tuple(_part(SubflowResult.model_validate(one)) for one in etl.results) if etl else (),
        etl=etl.status if etl else None,
        etl_began=etl.started_at if etl else None,
        unread=_unread(s),
    )


def _unread(s: Session) -> str | None:
    run = music_totals.last_ended(s, _INGESTION)
    failed = [one for one in run.results if one["status"] == Outcome.FAILED] if run else []
    return next((one["errors"][0]["message"] for one in failed if one["errors"]), None)


def document(found: Music) -> dict[str, Any]:
    """The section as JSON."""
    return {
        "since": found.since.isoformat(),
        "plays": found.heard.tracks,
        "episodes": found.heard.episodes,
        "new_artists": [{"name": name, "plays": plays} for name, plays in found.new_artists],
        "rejected": [{"reason": reason, "rows": rows} for reason, rows in found.rejected],
        "etl": found.etl,
        "parts": [part._asdict() for part in found.parts],
    }


def _part(result: SubflowResult) -> PartLine:
    first = result.errors[0] if result.errors else None
    remedy = _BY_ERROR.get(first.error_class, _BY_HAND) if first else ""
    more = len(result.errors) - 1
    why = f"{first.message}{f' (and {more} more)' if more > 0 else ''}" if first else ""
    is_bad = result.status in {Outcome.FAILED, Outcome.PARTIAL}
    status = result.status.value.replace("_", " ")
    return PartLine(result.name, status, in_words(result), why, remedy if is_bad else "")


def _sentences(found: Music) -> Iterator[str]:
    heard = found.heard
    episodes = f" and {heard.episodes:,} episodes" if heard.episodes else ""
    yield f"{heard.tracks:,} plays{episodes} came in since {found.since:%Y-%m-%d %H:%M} UTC."
    if found.new_artists:
        named = ", ".join(name for name, _ in found.new_artists[:_NAMED])
        more = len(found.new_artists) - _NAMED
        also = f" and {more:,} more" if more > 0 else ""
        yield f"{len(found.new_artists):,} new artists: {named}{also}."
    for reason, rows in found.rejected[:_NAMED]:
        yield f"{rows:,} rows are no plays: {_IN_WORDS.get(reason, reason)}"
    if found.rejected:
        yield "What was refused, row by row: nightshift music rejects. Mend it and import again."
    if found.unread:
        yield f"Spotify could not be read: {found.unread}"
    if found.etl is None:
        yield _NEVER
    elif found.etl == music_runs.CRASHED:
        yield "The last daily-etl was killed; what it found is kept, and the next goes on."
    elif found.etl_began and now() - found.etl_began > _DAY * 2:
        yield f"No daily-etl has begun since {found.etl_began:%Y-%m-%d}: nightshift music etl"
