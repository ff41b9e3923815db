"""Scrobbles as CSV: with a header in the words of the known tools, or without one.

Without: ``artist,album,track,"31 Dec 2020 10:00"`` (lastfm-to-csv), the same without album,
``2020-12-31,10:00:00,artist,track`` (lastfm-backup), and seconds since 1970 before the names. Times
are UTC.
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
            first = list(csv.reader(lines, delimiter=separator))
        except csv.Error:
            continue
        if first and (found := _by_header(first[0], separator)):
            return found
        for cells in first:  # the first may be what was playing: it has no time
            if len(cells) >= 3 and (plain := _plain(cells, separator)):
                return plain
    return None


def records(file: Readable, layout: Layout) -> Iterator[Record]:
    """The rows of a file, as tables by our words; a last one that breaks off is damaged."""
    width, waiting, is_short = 0, None, False
    for number, cells in _lines(file, layout):
        if waiting:
            yield waiting
        waiting, is_short = None, False
        if cells is None:
            waiting = Record(number, None, is_damaged=True)
        elif width or not layout.has_header:
            waiting, is_short = Record(number, _row(cells, layout)), len(cells) < width
        width = width or len(cells or ())
    if waiting:
        yield Record(waiting.number, None, is_damaged=True) if is_short else waiting


def _lines(file: Readable, layout: Layout) -> Iterator[tuple[int, list[str] | None]]:
    """The cells of each line that has any, and its number; None for what can't be read."""
    reader = csv.reader((f"{line}\n" for line in decoding.lines(file)), delimiter=layout.separator)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield reader.line_num, None
            continue
        if cells:
            yield reader.line_num, cells


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


_TIME_LAST = {3: ("artist", "track", "date"), 4: ("artist", "album", "track", "date")}
_TIME_FIRST = {
    4: ("uts", "artist", "album", "track"),
    5: ("uts", "date", "artist", "album", "track"),
    8: ("uts", "date", "artist", "artist_mbid", "album", "album_mbid", "track", "mbid"),
}


def _plain(cells: Sequence[str], separator: str) -> Layout | None:
    """The layout by where a row has its time; None if it has none."""
    if _is_moment(cells[-1]):
        words = _TIME_LAST.get(len(cells))
    elif len(cells) == 4 and _is_moment(f"{cells[0]} {cells[1]}"):
        return Layout({"date": (0, 1), "artist": (2,), "track": (3,)}, False, separator)
    else:
        words = _TIME_FIRST.get(len(cells)) if _is_moment(cells[0]) else None
    if words is None:
        return None
    return Layout({word: (at,) for at, word in enumerate(words)}, False, separator)


def _is_moment(text: str) -> bool:
    """True for a time; a number of plays is none, though it could be one in 1970."""
    found, _ = moment(text)
    return found is not None and found.year > 1990
