"""Which recording of an ISRC is the one that was played, and whether it can be.

An ISRC may stand at several recordings, and at a wrong one: people type them, labels use them
twice. What is chosen, and by what, stands in the document.
"""

from __future__ import annotations

from typing import Any

from utils.db.music_lookups import PlayedTrack
from utils.music import names

_ALIKE = 0.6  # of titles and of artists; below it they are others. Chosen.
_SAME_LENGTH_MS = 10_000
Document = dict[str, Any]


def chosen(found: list[Document], played: PlayedTrack | None) -> Document:
    """The document of an ISRC.

    Returns:
        ``recordings``: those that may be it, the chosen one first (``id``, ``title``);
        ``chosen_by``: only, title, length, first_released, or None where there is none;
        ``refused``: those that have another title, artist and length than what was played.
    """
    fitting = [one for one in found if not _is_another(one, played)]
    refused = [one for one in found if one not in fitting]
    in_order = sorted(fitting, key=lambda one: _order(one, played))
    return {
        "recordings": [_short(one) for one in in_order],
        "chosen_by": _why(in_order, played),
        "refused": [_short(one) for one in refused],
    }


def _short(one: Document) -> Document:
    return {"id": one["id"], "title": one["title"]}


def _order(one: Document, played: PlayedTrack | None) -> tuple[float, int, str, str]:
    title = names.similarity(one["title"], played.title) if played else None
    rank = 0.0 if title is None else -round(title, 1)
    return rank, _length(one, played), one["first_released"] or "9", one["id"]


def _length(one: Document, played: PlayedTrack | None) -> int:
    """By how many seconds a recording is longer or shorter; far off where one is not known."""
    if played is None or played.duration_ms is None or one["length_ms"] is None:
        return 10**6
    return int(abs(one["length_ms"] - played.duration_ms) // 1000)


def _why(in_order: list[Document], played: PlayedTrack | None) -> str | None:
    if len(in_order) < 2:
        return "only" if in_order else None
    first, second = (_order(one, played) for one in in_order[:2])
    reasons = ("title", "length", "first_released", "id")
    return next((why for why, a, b in zip(reasons, first, second, strict=True) if a != b), "id")


def _is_another(one: Document, played: PlayedTrack | None) -> bool:
    """True where title and artist are others, and no length says that it is the same all the same.

    A title in another script says nothing: then it may be the same.
    """
    if played is None:
        return False
    title = names.similarity(one["title"], played.title)
    artist = names.similarity(one["artist"], played.artist)
    if title is None or title >= _ALIKE or (artist is not None and artist >= _ALIKE):
        return False
    if played.duration_ms is None or one["length_ms"] is None:
        return artist is not None
    return bool(abs(one["length_ms"] - played.duration_ms) > _SAME_LENGTH_MS)
