"""Which recording the files of the library are, and how often each was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, exists, func, literal, or_, select, true, union
from sqlalchemy.orm import Session, aliased

from utils.clock import now
from utils.db.item_checksum_tables import ItemContent
from utils.db.music_tables import EntityRow, PlayRow, RecordingRow
from utils.db.schema import Item
from utils.db.session import upsert
from utils.models.item import MediaKind
from utils.models.music import EntityKind, PlayKind, Provider
from utils.models.recording import Identification, Recording

# Services cut and pad: two encodings of a recording differ by less (chosen).
SAME_LENGTH_SECONDS = 3.0
_PAGE = 500


class Heard(NamedTuple):
    """How often a recording was heard, over all accounts.

    ``minutes``: of the plays whose length is told. ``by``: plays by what told them (recording,
    isrc, spotify, name). ``others``: plays of the same name that are another recording, or may be.
    """

    plays: int
    minutes: float
    first_at: datetime | None
    last_at: datetime | None
    by: dict[str, int]
    others: int


def get(s: Session, item_id: str) -> RecordingRow | None:
    """What is known of a file's recording."""
    return s.get(RecordingRow, item_id)


def put(s: Session, found: Identification, known: Recording, name_key: str | None) -> None:
    """Keep what a file says and what follows from it; what was kept of it before is replaced."""
    values = _values(known, name_key) | {
        "tags": found.tags.model_dump(mode="json"),
        "matches": [match.model_dump(mode="json") for match in found.matches],
    }
    s.execute(
        upsert(s)(RecordingRow)
        .values(item_id=found.item_id, **values)
        .on_conflict_do_update(index_elements=[RecordingRow.item_id], set_=values)
    )


def change(s: Session, row: RecordingRow, known: Recording, name_key: str | None) -> None:
    """Change what follows from a file's tags and matches; those stay."""
    for name, value in _values(known, name_key).items():
        setattr(row, name, value)
    s.flush()


def is_said(row: RecordingRow, known: Recording) -> bool:
    """True if a row says what follows from its file by now."""
    values = known.model_dump(mode="json")
    return all(getattr(row, name) == value for name, value in values.items())


def pages(s: Session) -> Iterator[Sequence[RecordingRow]]:
    """All of them, some hundred at a time."""
    last = ""
    while True:
        query = select(RecordingRow).where(RecordingRow.item_id > last)
        rows = s.scalars(query.order_by(RecordingRow.item_id).limit(_PAGE)).all()
        if not rows:
            return
        last = rows[-1].item_id
        yield rows


def was_written(s: Session, item_id: str) -> bool:
    """True if we wrote tags into a file of this item."""
    return bool(s.scalar(select(exists().where(ItemContent.item_id == item_id))))


def songs(s: Session, only_new: bool = False) -> Sequence[str]:
    """All items that are songs, or those that nobody looked at yet; what was added last first."""
    query = select(Item.id).where(Item.kind == MediaKind.AUDIO.value)
    if only_new:
        query = query.where(~exists().where(RecordingRow.item_id == Item.id))
    return s.scalars(query.order_by(Item.added_at.desc(), Item.id)).all()


def count_known(s: Session) -> int:
    """How many songs are recordings of MusicBrainz."""
    known = RecordingRow.recording_mbid.is_not(None)
    return s.scalar(select(func.count()).select_from(RecordingRow).where(known)) or 0


def with_heard(s: Session, item_id: str) -> tuple[Any, Heard] | None:
    """A file's recording, and how often it was heard, in one statement; None if it has none.

    A play is of this recording if it has its MusicBrainz id, its ISRC or Spotify's id; or if title
    and artist are the same when folded and nothing speaks against it: another MusicBrainz id, a
    length that differs by more than 3 s (another ISRC, where no length is told), or another file
    of that name and of another length.
    """
    rows = s.execute(_QUERY, {"item": item_id}).all()
    if not rows:
        return None
    taken = [(row, how) for row in rows if row.plays and (how := _told_by(row))]
    by: dict[str, int] = {}
    for row, how in taken:
        by[how] = by.get(how, 0) + row.plays
    plays = sum(by.values())
    return rows[0], Heard(
        plays=plays,
        minutes=round(sum(row.ms_played or 0 for row, _ in taken) / 60_000, 1),
        first_at=min((row.first_at for row, _ in taken), default=None),
        last_at=max((row.last_at for row, _ in taken), default=None),
        by=by,
        others=sum(row.plays or 0 for row in rows) - plays,
    )


def _told_by(row: Any) -> str | None:
    """What tells that some plays are of this recording; None if they are not, or may not be."""
    document = row.document if isinstance(row.document, dict) else {}
    isrc = row.play_isrc or document.get("isrc")
    if row.play_mbid and row.play_mbid == row.recording_mbid:
        return "recording"
    if row.play_mbid and row.recording_mbid:
        return None
    if isrc and isrc == row.isrc:
        return "isrc"
    if row.play_spotify and row.play_spotify == row.spotify_track_id:
        return "spotify"
    if row.play_name != row.name_key or not row.name_key:
        return None
    length = document.get("duration_ms")
    if length and row.duration_seconds:
        is_same = abs(length / 1000 - row.duration_seconds) <= SAME_LENGTH_SECONDS
        return "name" if is_same else None
    return None if (isrc and row.isrc) or row.rivals else "name"


def _query() -> Select[Any]:
    mine = select(RecordingRow).where(RecordingRow.item_id == bindparam("item")).cte("mine")
    ids = union(
        *(
            select(PlayRow.id).join(mine, column == mine.c[name])
            for column, name in (
                (PlayRow.recording_mbid, "recording_mbid"),
                (PlayRow.isrc, "isrc"),
                (PlayRow.spotify_track_id, "spotify_track_id"),
                (PlayRow.name_key, "name_key"),
            )
        )
    ).subquery()
    told = (PlayRow.recording_mbid, PlayRow.isrc, PlayRow.spotify_track_id, PlayRow.name_key)
    heard = (
        select(
            *(column.label(f"play_{name}") for column, name in
              zip(told, ("mbid", "isrc", "spotify", "name"), strict=True)),
            func.count().label("plays"),
            func.sum(PlayRow.ms_played).label("ms_played"),
            func.min(PlayRow.played_at).label("first_at"),
            func.max(PlayRow.played_at).label("last_at"),
        )
        .where(
            PlayRow.id.in_(select(ids.c.id)),
            PlayRow.duplicate_of.is_(None),
            PlayRow.kind == literal(PlayKind.TRACK.value),
        )
        .group_by(*told)
        .subquery()
    )  # fmt: skip
    track = and_(
        EntityRow.source == literal(Provider.SPOTIFY.value),
        EntityRow.kind == literal(EntityKind.TRACK.value),
        EntityRow.id == heard.c.play_spotify,
    )
    return (
        select(mine, Item.duration_seconds, _rivals(mine), heard, EntityRow.document)
        .join(Item, Item.id == mine.c.item_id)
        .outerjoin(heard, true())
        .outerjoin(EntityRow, track)
    )


def _rivals(mine: Any) -> Any:
    """How many other files have the name and another length, or an unknown one."""
    other, item = aliased(RecordingRow), aliased(Item)
    apart = func.abs(item.duration_seconds - Item.duration_seconds) > SAME_LENGTH_SECONDS
    unknown = or_(item.duration_seconds.is_(None), Item.duration_seconds.is_(None))
    return (
        select(func.count())
        .select_from(other)
        .join(item, item.id == other.item_id)
        .where(other.name_key == mine.c.name_key, other.item_id != mine.c.item_id)
        .where(or_(apart, unknown))
        .correlate(mine, Item)
        .scalar_subquery()
        .label("rivals")
    )


def _values(known: Recording, name_key: str | None) -> dict[str, Any]:
    return known.model_dump(mode="json", exclude={"doubts"}) | {
        "doubts": list(known.doubts),
        "name_key": name_key,
        "looked_at": now(),
    }


_QUERY = _query()
