"""Plays that are to be held against the others of the same name, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import PlayRow
from utils.db.session import chunks
from utils.models.music_names import track_key_name

_COLUMNS = [
    PlayRow.id,
    PlayRow.key,
    PlayRow.service,
    PlayRow.origin,
    PlayRow.name_key,
    PlayRow.spotify_track_id,
    PlayRow.played_at,
    PlayRow.ms_played,
    PlayRow.precision_seconds,
    PlayRow.track,
    PlayRow.duplicate_of,
    PlayRow.checked_version,
]

_MOST_NAMES = 500  # in one statement
_MOST_PLAYS = 20_000  # in memory, beyond those of one name


class Group(NamedTuple):
    """Some names of an account of which a play is new, or was looked at under older rules."""

    account: str
    name_keys: list[str]


def waiting(s: Session, version: int, limit: int = 2000) -> Group | None:
    """The next names to look at; None if every play was, under this version of the rules."""
    for unchecked in (PlayRow.checked_version.is_(None), PlayRow.checked_version < version):
        query = select(PlayRow.account, PlayRow.name_key).where(unchecked).limit(limit)
        rows = s.execute(query).all()
        if rows:
            account = rows[0].account
            if any(row.name_key is None for row in rows):
                _fill_names(s, account)
                rows = s.execute(query).all()
            names = {row.name_key for row in rows if row.account == account}
            few = _few(s, account, sorted(names - {None})[:_MOST_NAMES])
            return Group(account, _with_other_names(s, account, few))
    return None


def _few(s: Session, account: str, names: Sequence[str]) -> list[str]:
    """The first of some names, with so many plays as are looked at together; one at least."""
    query = (
        select(PlayRow.name_key, func.count())
        .where(PlayRow.account == account, PlayRow.name_key.in_(names))
        .group_by(PlayRow.name_key)
    )
    counts = {row[0]: row[1] for row in s.execute(query)}
    sums = accumulate(counts[name] for name in names)
    fitting = sum(1 for total in sums if total <= _MOST_PLAYS)
    return list(names[: max(fitting, 1)])


def _with_other_names(s: Session, account: str, names: Sequence[str]) -> list[str]:
    """Some names, and those that plays of the same ids of Spotify have.

    Its API names a track's own artist, its export the album's.
    """
    known, new = set(names), set(names)
    while new:
        ids = (
            select(PlayRow.spotify_track_id)
            .where(PlayRow.account == account, PlayRow.name_key.in_(new))
            .where(PlayRow.spotify_track_id.is_not(None))
        )
        found = select(PlayRow.name_key).where(
            PlayRow.account == account, PlayRow.spotify_track_id.in_(ids)
        )
        new = {name for name in s.scalars(found.distinct()) if name} - known
        known |= new
    return sorted(known)


def of_group(s: Session, group: Group) -> list[Row[Any]]:
    """All plays of these names, by name."""
    query = select(*_COLUMNS).where(
        PlayRow.account == group.account, PlayRow.name_key.in_(group.name_keys)
    )
    return sorted(s.execute(query).all(), key=lambda row: row.name_key)


def settle(s: Session, group: Group, version: int, changed: Mapping[int, int | None]) -> None:
    """Note which plays of a group are now counted in whose place, and that it was looked at."""
    table = PlayRow.__table__
    if changed:
        moment = now()
        s.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("of_id"))
            .values(duplicate_of=bindparam("counted"), changed_at=moment),
            [{"of_id": one, "counted": other} for one, other in changed.items()],
        )
    s.execute(
        update(PlayRow)
        .where(PlayRow.account == group.account, PlayRow.name_key.in_(group.name_keys))
        .where(_is_unchecked(version))
        .values(checked_version=version)
        .execution_options(synchronize_session=False)
    )


def remove(s: Session, ids: Sequence[int]) -> None:
    """Remove plays that the rules take for none any more."""
    for some in chunks(ids):
        s.execute(delete(PlayRow).where(PlayRow.id.in_(some)))


def _is_unchecked(version: int) -> ColumnElement[bool]:
    return or_(PlayRow.checked_version.is_(None), PlayRow.checked_version < version)


def _fill_names(s: Session, account: str) -> None:
    """Give plays a name to be compared by that have none."""
    query = (
        select(PlayRow.id, PlayRow.track, PlayRow.artist)
        .where(PlayRow.account == account, PlayRow.name_key.is_(None))
        .limit(10_000)
    )
    rows = [
        {"of_id": row.id, "named": track_key_name(row.track, row.artist)}
        for row in s.execute(query)
    ]
    if rows:
        table = PlayRow.__table__
        s.connection().execute(
            update(table)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("of_id"))
            .values(name_key=bindparam("named")),
            rows,
        )
