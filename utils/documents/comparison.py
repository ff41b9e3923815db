"""Items that are alike, side by side: what differs between them, and which has more of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.db import corrections, items, publications
from utils.db.schema import Item
from utils.models.publishing import PublicationStatus
from utils.models.verdict import Band

_BANDS = {band.value: place for place, band in enumerate(Band)}


class Compared(NamedTuple):
    """One fact of all items, in their order; None where it is not known.

    ``better``: which have the better value, none where that can't be said; ``word`` says how:
    largest, longest, highest, best, first, known, most.
    """

    name: str
    unit: str
    values: tuple[Any, ...]
    better: frozenset[int]
    word: str

    @property
    def differs(self) -> bool:
        """True if it is not the same of all."""
        return len({str(value) for value in self.values}) > 1


class _Asked(NamedTuple):
    name: str
    unit: str
    value: Callable[[Item], Any]
    word: str = ""
    key: Callable[[Any], Any] | None = None


def _pixels(row: Item) -> tuple[int, int] | None:
    return (row.width, row.height) if row.width and row.height else None


def _camera(row: Item) -> str | None:
    return " ".join(filter(None, (row.camera_make, row.camera_model))) or None


def _place(row: Item) -> str | None:
    if row.latitude is None or row.longitude is None:
        return None
    return f"{row.latitude:.4f}°, {row.longitude:.4f}°"


def _bit_rate(row: Item) -> float | None:
    return round(row.size_bytes * 8 / row.duration_seconds, -3) if row.duration_seconds else None


def _seconds(row: Item) -> int | None:
    """To the second: copies end some frames sooner or later."""
    return None if row.duration_seconds is None else round(row.duration_seconds)


def _score(row: Item) -> float | None:
    return None if row.score is None else round(row.score, 2)


_ASKED = (
    _Asked("picture", "pixels", _pixels, "largest", lambda size: size[0] * size[1]),
    _Asked("length", "length", _seconds, "longest", lambda seconds: seconds),
    _Asked("size", "bytes", lambda row: row.size_bytes, "largest", lambda size: size),
    _Asked("bit_rate", "bit_rate", _bit_rate, "highest", lambda rate: rate),
    _Asked("video_codec", "", lambda row: row.video_codec),
    _Asked("audio_codec", "", lambda row: row.audio_codec),
    _Asked("frame_rate", "rate", lambda row: row.frame_rate, "highest", lambda rate: round(rate)),
    _Asked("hdr_format", "", lambda row: row.hdr_format),
    _Asked("captured_at", "moment", lambda row: row.captured_at, "known", lambda _at: 1),
    _Asked("camera", "", _camera, "known", lambda _name: 1),
    _Asked("place", "", _place, "known", lambda _place: 1),
    _Asked("language", "", lambda row: row.language),
    _Asked("verdict", "verdict", lambda row: row.verdict, "best", lambda band: _BANDS.get(band, 0)),
    _Asked("score", "score", _score, "highest", lambda score: score),
    _Asked("rating", "number", lambda row: row.rating, "highest", lambda rating: rating),
    _Asked("title", "", lambda row: row.title),
    _Asked("added_at", "moment", lambda row: row.added_at, "first", lambda at: -at.timestamp()),
)


def compared(s: Session, item_ids: Sequence[str]) -> list[Compared]:
    """All that is known of these items; what is known of none is left out. A few statements."""
    rows = {row.id: row for row in items.preload(s, item_ids)}
    found = [_compared(asked, [rows[one] for one in item_ids]) for asked in _ASKED]
    found += [_edited(s, item_ids), _published(s, item_ids)]
    return [one for one in found if any(value is not None for value in one.values)]


def _compared(asked: _Asked, rows: Sequence[Item]) -> Compared:
    values = tuple(asked.value(row) for row in rows)
    return Compared(asked.name, asked.unit, values, _better(values, asked.key), asked.word)


def _better(values: Sequence[Any], key: Callable[[Any], Any] | None) -> frozenset[int]:
    """Those with the highest key, if not all have it."""
    if key is None:
        return frozenset()
    keys = {number: key(value) for number, value in enumerate(values) if value is not None}
    best = {number for number, one in keys.items() if one == max(keys.values())}
    return frozenset(best) if len(best) < len(values) else frozenset()


def _edited(s: Session, item_ids: Sequence[str]) -> Compared:
    by_hand = corrections.corrected(s, item_ids)
    values = tuple(True if one in by_hand else None for one in item_ids)
    return Compared("edited", "yes", values, _better(values, int), "most")


def _published(s: Session, item_ids: Sequence[str]) -> Compared:
    there: dict[str, list[str]] = {}
    for row in publications.of_items(s, item_ids):
        if row.status == PublicationStatus.PUBLISHED.value:
            there.setdefault(row.item_id, []).append(row.target)
    values = tuple(", ".join(there[one]) if one in there else None for one in item_ids)
    return Compared("published", "", values, frozenset(), "")
