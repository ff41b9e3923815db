"""Plays: each once, however often its history is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import desc, func, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.music_tables import PlayRow
from utils.db.session import chunks, upsert
from utils.models.music import Play, PlayKind


class Added(NamedTuple):
    """How many of some plays were new, and how many known already."""

    new: int = 0
    doubled: int = 0


def add(s: Session, plays: Sequence[Play]) -> Added:
    """Keep plays; those known stay as they are."""
    new = 0
    rows = {key_of(play): play for play in plays}
    for some in chunks(list(rows)):
        values = [{**rows[key].model_dump(), "key": key, "added_at": now()} for key in some]
        insert = upsert(s)(PlayRow).on_conflict_do_nothing(index_elements=[PlayRow.key])
        new += len(list(s.connection().execute(insert.returning(PlayRow.key), values).scalars()))
    return Added(new, len(plays) - new)


def key_of(play: Play) -> str:
    """What tells a play apart: account, service, second and track."""
    of = (play.account, play.service, str(int(play.played_at.timestamp())),
          play.spotify_track_id or f"{play.track}\n{play.artist}")  # fmt: skip
    return hashlib.sha256("\n".join(of).encode("utf-8", "backslashreplace")).hexdigest()


def spotify_ids(s: Session) -> Iterator[str]:
    """Spotify's ids of the tracks that were played, those played most first."""
    query = (
        select(PlayRow.spotify_track_id)
        .where(PlayRow.spotify_track_id.is_not(None), PlayRow.duplicate_of.is_(None))
        .where(PlayRow.kind == PlayKind.TRACK)
        .group_by(PlayRow.spotify_track_id)
        .order_by(desc(func.count()), PlayRow.spotify_track_id)
    )
    for found in s.scalars(query.execution_options(yield_per=1000)):
        if found:
            yield found
