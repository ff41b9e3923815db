"""Plays: each once, however often and in whichever order its history is read.

A play is known by its account, its service, the second that the service notes and its track:
Spotify's id, else the folded title and artist (a minute instead of a second, and how long, where
no second is told). The same track twice in one second is one play: nobody hears it twice, and
Spotify's own exports repeat rows. What two rows of a play say is put together by rules that do
not ask which came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, desc, false, func, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import locks
from utils.db.music_tables import PlayRow
from utils.db.session import chunks, upsert
from utils.models.music import Origin, Play, PlayKind, Service
from utils.models.music_names import track_key_name

# In the place of a title that an export does not know any more: Spotify's URI.
UNNAMED = "spotify:track:"


class Added(NamedTuple):
    """How many of some plays were new, and how many known already, or twice among them."""

    new: int = 0
    doubled: int = 0


def add(s: Session, plays: Sequence[Play]) -> Added:
    """Keep plays that passed ``utils.music.history.validation``; those known are only completed.

    One at a time on a server: two who read the same file wait for each other here, and ids grow
    in the order of commits.
    """
    alone(s)
    wanted: dict[str, dict[str, Any]] = {}
    for play in plays:
        row = _row(play)
        known = wanted.get(row["key"])
        wanted[row["key"]] = _merged(known, row) if known else row
    new = 0
    for some in chunks(list(wanted.values())):
        new += _insert(s, some)
    return Added(new, len(plays) - new)


def alone(s: Session) -> None:
    """Have nobody else write plays until the transaction ends: what is read then stays so."""
    locks.wait_for(s, locks.PLAYS)
    s.execute(delete(PlayRow).where(false()))  # SQLite locks with the first that could write


def key_of(play: Play) -> str:
    """What tells a play apart, as SHA-256: see the module."""
    moment = int(play.played_at.timestamp()) // play.precision_seconds
    of = [play.account, play.service, play.kind, str(moment)]
    of.append(play.spotify_track_id or track_key_name(play.track, play.artist))
    if play.precision_seconds > 1:
        of += [str(play.precision_seconds), str(play.ms_played)]
    return hashlib.sha256("\n".join(of).encode("utf-8", "backslashreplace")).hexdigest()


def known_keys(s: Session, keys: Iterable[str]) -> set[str]:
    """Those of the keys that there is a play of."""
    found: set[str] = set()
    for some in chunks(list(keys)):
        found.update(s.scalars(select(PlayRow.key).where(PlayRow.key.in_(some))))
    return found


def spotify_ids(s: Session) -> Iterator[str]:
    """Spotify's ids of the tracks that were played, those played most first."""
    query = (
        select(PlayRow.spotify_track_id)
        .where(PlayRow.spotify_track_id.is_not(None), PlayRow.duplicate_of.is_(None))
        .where(PlayRow.kind == PlayKind.TRACK)
        .group_by(PlayRow.spotify_track_id)
        .order_by(desc(func.count()), PlayRow.spotify_track_id)
    )
    for spotify_id in s.scalars(query.execution_options(yield_per=1000)):
        if spotify_id:
            yield spotify_id


def play_of(row: PlayRow) -> Play:
    """A row as the play that it is."""
    return Play(
        service=Service(row.service),
        origin=Origin(row.origin),
        kind=PlayKind(row.kind),
        **{name: getattr(row, name) for name in _PLAIN},
    )


_PLAIN = tuple(name for name in Play.model_fields if name not in {"service", "origin", "kind"})
# Of two rows of one play: these together from one of them, that of the API, which names the
# track's own artist (Spotify's export: the album's); the others each where it is known.
_NAMES = ("origin", "track", "artist", "album", "name_key", "played_at")
_EACH = tuple(
    name
    for name in (*_PLAIN, "kind", "service")
    if name not in {*_NAMES, "ms_played", "skipped", "account", "precision_seconds"}
)


def _row(play: Play) -> dict[str, Any]:
    moment = now()
    return {
        "key": key_of(play),
        "name_key": track_key_name(play.track, play.artist),
        "added_at": moment,
        "changed_at": moment,
        **{name: getattr(play, name) for name in _PLAIN},
        "service": play.service.value,
        "origin": play.origin.value,
        "kind": play.kind.value,
        "played_at": play.played_at.astimezone(UTC),
    }


def _insert(s: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Insert what is new, complete what is known; returns how many were new."""
    insert = upsert(s)(PlayRow).on_conflict_do_nothing(index_elements=[PlayRow.key])
    new = set(s.connection().execute(insert.returning(PlayRow.key), list(rows)).scalars())
    known = {row["key"]: row for row in rows if row["key"] not in new}
    if known:
        _complete(s, known)
    return len(new)


def _complete(s: Session, known: dict[str, dict[str, Any]]) -> None:
    """Put what is known of plays together with what is said of them now."""
    columns = [getattr(PlayRow, name) for name in (*_SAID, "key", "id")]
    query = select(*columns).where(PlayRow.key.in_(list(known)))
    for there in s.execute(query).all():
        said = known[there.key]
        if _values(said) == there[: len(_SAID)]:
            continue
        before = dict(there._mapping)
        after = _merged(before, said)
        if _values(after) != _values(before):
            changed = {name: after[name] for name in _SAID}
            changed |= {"changed_at": now(), "checked_version": None}
            s.execute(update(PlayRow).where(PlayRow.id == there.id).values(changed))


_SAID = (*_NAMES, *_EACH, "ms_played", "skipped")
_values = itemgetter(*_SAID)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two rows of one play as one; which is given first makes no difference."""
    first, second = sorted((one, other), key=_by_worth)
    longest = [row["ms_played"] for row in (one, other) if row["ms_played"] is not None]
    skips = [row["skipped"] for row in (one, other) if row["skipped"] is not None]
    return (
        dict(second)
        | {name: first[name] for name in _NAMES}
        | {name: min(_given(one[name], other[name]), default=None) for name in _EACH}
        | {"ms_played": max(longest, default=None), "skipped": min(skips, default=None)}
    )


def _by_worth(row: dict[str, Any]) -> tuple[Any, ...]:
    """The API's row first, then by its names: an order that no import changes."""
    is_named = not row["track"].startswith(UNNAMED)
    return (
        row["origin"],
        not is_named,
        *(row[name] or "\U0010ffff" for name in _NAMES[1:4]),
        row["played_at"],
    )


def _given(*values: Any) -> list[Any]:
    return [value for value in values if value is not None]
