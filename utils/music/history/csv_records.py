"""Scrobbles as CSV: with a header in the words of the known tools, or without one.

Without: ``artist,album,track,"31 Dec 2020 10:00"`` (lastfm-to-csv), the same without album, and
``2020-12-31,10:00:00,artist,track`` (lastfm-backup). Times are UTC.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from utils.music.history import decoding
from utils.music.history.decoding import Readable
from utils.music.history.json_records import Record
from utils.music.validation import moment

# What the tools call a column, in small letters, the best first where a file has several.
_WORDS = {
    "uts": ("uts", "unix", "timestamp", "unix_timestamp", "unixtime"),
    "date": ("utc_time", "date", "datetime", "time", "played_at", "scrobble_time", "utc"),
    "artist": ("artist", "artist_name", "artist name"),
    "track": ("track", "title", "name", "song", "track_name", "track name"),
    "album": ("album", "album_name", "release", "album name"),
    "mbid": ("track_mbid", "mbid", "recording_mbid"),
    "artist_mbid": ("artist_mbid",),
    "album_mbid": ("album_mbid", "release_mbid"),
}
_SEPARATORS = ",;\t"


class Layout(NamedTuple):
    """Where what stands: the column of each word; ``has_header``; what separates columns.

    ``user``: whose scrobbles they are, where the header says it.
    """

    columns: dict[str, tuple[int, ...]]
    has_header: bool
    separator: str
    user: str | None = None


def layout_of(lines: Sequence[str]) -> Layout | None:
    """How a file is laid out, by its first lines; None if they are no scrobbles."""
    for separator in _SEPARATORS:
        try:
            cells = next(csv.reader(lines[:1], delimiter=separator), [])
        except csv.Error:
            continue
        if len(cells) >= 3 and (found := _by_header(cells, separator) or _plain(cells, separator)):
            return found
    return None


def records(file: Readable, layout: Layout) -> Iterator[Record]:
    """The rows of a file, as tables by our words; None for one that can't be read."""
    text = (f"{line}\n" for line in decoding.lines(file))
    reader = csv.reader(text, delimiter=layout.separator)
    is_header = layout.has_header
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(reader.line_num, None)
            continue
        if cells and not is_header:
            yield Record(reader.line_num, _row(cells, layout))
        is_header = False


def _row(cells: Sequence[str], layout: Layout) -> dict[str, Any]:
    return {
        word: " ".join(cells[at] for at in places)
        for word, places in layout.columns.items()
        if max(places) < len(cells)
    }


def _by_header(cells: Sequence[str], separator: str) -> Layout | None:
    names = [cell.strip().lower() for cell in cells]
    user = None
    for at, name in enumerate(names):
        if name.startswith("date#"):  # lastfmstats.com
            names[at], user = "date", cells[at].strip()[len("date#") :] or None
    columns: dict[str, tuple[int, ...]] = {
        word: (names.index(known[0]),)
        for word, words in _WORDS.items()
        if (known := [one for one in words if one in names])
    }
    if {"artist", "track"} <= set(columns) and {"uts", "date"} & set(columns):
        return Layout(columns, True, separator, user)
    return None


def _plain(cells: Sequence[str], separator: str) -> Layout | None:
    if moment(cells[-1])[0] is not None:
        by_length = {3: ("artist", "track", "date"), 4: ("artist", "album", "track", "date")}
        words = by_length.get(len(cells))
        if words is None:
            return None
        places: dict[str, tuple[int, ...]] = {word: (at,) for at, word in enumerate(words)}
        return Layout(places, False, separator)
    if len(cells) == 4 and moment(f"{cells[0]} {cells[1]}")[0] is not None:
        return Layout({"date": (0, 1), "artist": (2,), "track": (3,)}, False, separator)
    return None
