"""Data preparation: new plays are held against the rules and against the others of their name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from utils.clock import monotonic
from utils.db import play_checks, play_rejects, plays
from utils.db.play_rejects import Reject
from utils.db.session import session
from utils.models.music import Fault, Origin, Outcome, Service, SubflowResult
from utils.models.music_import import IN_WORDS, Reason
from utils.music.history import duplicates
from utils.music.history.duplicates import Heard
from utils.music.history.validation import RULES_VERSION, fault_of
from utils.processes import deadline

NAME = "data-preparation"
_SHOWN = 100


def prepare(tell: Callable[[int], None] = lambda _: None) -> SubflowResult:
    """Look at every play that came since the last time, or that was seen under older rules.

    ``metrics``: ``rows`` looked at; ``new`` among them; ``rejected`` now; ``duplicates`` found;
    ``changed``: plays of before that are counted now and were not, or the other way round;
    ``rejects``: all that are kept, also those of imports.
    ``tell`` is told how many were looked at. What is killed goes on where it was.
    """
    started, counts = monotonic(), dict.fromkeys(_METRICS, 0.0)
    refused: list[Reject] = []
    while True:
        deadline.check("Data preparation")
        with session() as s:
            plays.alone(s)
            group = play_checks.waiting(s, RULES_VERSION)
            if group is None:
                break
            rows = play_checks.of_group(s, group)
            wrong = _rejects(group.account, rows)
            _settle(s, group, rows, wrong, counts)
        refused += list(wrong.values())[: _SHOWN - len(refused)]
        tell(int(counts["rows"]))
    with session() as s:
        counts["rejects"] = play_rejects.number(s)
    return _result(counts, refused, monotonic() - started)


_METRICS = ("rows", "new", "rejected", "duplicates", "changed")


def _settle(
    s: Session,
    group: play_checks.Group,
    rows: Sequence[Any],
    wrong: dict[int, Reject],
    counts: dict[str, float],
) -> None:
    """Write what came of a group, and count it."""
    play_rejects.reject(s, list(wrong.values()))
    play_checks.remove(s, list(wrong))
    good = [row for row in rows if row.id not in wrong]
    counted_for: dict[int, int | None] = {}
    for same in _of_one_track(good):
        counted_for |= duplicates.partners(map(_heard, same))
    changed = {
        row.id: counted_for[row.id] for row in good if counted_for[row.id] != row.duplicate_of
    }
    play_checks.settle(s, group, RULES_VERSION, changed)
    counts["rows"] += len(rows)
    counts["new"] += sum(1 for row in good if row.checked_version is None)
    counts["rejected"] += len(wrong)
    counts["duplicates"] += sum(
        1 for row in good if row.id in changed and changed[row.id] is not None
    )
    counts["changed"] += sum(1 for row in good if row.id in changed and row.checked_version)


def _of_one_track(rows: Sequence[Any]) -> list[list[Any]]:
    """Plays of one name together; names of one id of Spotify are one (an album's artist)."""
    named: dict[str, str] = {}  # an id's name: the first of its names

    def root(name: str) -> str:
        while named.get(name, name) != name:
            name = named[name]
        return name

    first_of: dict[str, str] = {}
    for row in rows:
        if row.spotify_track_id:
            first = root(first_of.setdefault(row.spotify_track_id, row.name_key))
            named[root(row.name_key)] = first
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(root(row.name_key), []).append(row)
    return list(found.values())


def _rejects(account: str, rows: Sequence[Any]) -> dict[int, Reject]:
    """The plays that are none by the rules of now, by id."""
    found = {}
    for row in rows:
        service = Service(row.service)
        if fault := fault_of(service, row.played_at, row.ms_played, row.track):
            said = {"track": row.track, "played_at": row.played_at.isoformat(),
                    "ms_played": row.ms_played}  # fmt: skip
            place = f"play {row.id}"
            found[row.id] = Reject(account, service, Origin(row.origin), place, fault.value, said)
    return found


def _heard(row: Any) -> Heard:
    return Heard(
        row.id,
        row.key,
        Service(row.service),
        Origin(row.origin),
        row.played_at.timestamp(),
        row.ms_played,
        row.precision_seconds,
    )


def _result(counts: dict[str, float], refused: Sequence[Reject], seconds: float) -> SubflowResult:
    """What it came to; rows of bad histories are no failure, but they are shown."""
    if not counts["rows"]:
        status = Outcome.NO_UPDATES
    else:
        status = Outcome.PARTIAL if refused else Outcome.SUCCESS
    errors = tuple(
        Fault(what=one.place, error_class=one.reason, message=IN_WORDS[Reason(one.reason)])
        for one in refused
    )
    metrics = counts | {"errors": counts["rejected"]}
    return SubflowResult(name=NAME, status=status, metrics=metrics, errors=errors, seconds=seconds)
