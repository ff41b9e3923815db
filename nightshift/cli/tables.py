"""How rows fit a terminal: one line a row; names are cut in the middle, texts at their end.

What identifies or counts is never cut: where the terminal is too narrow, whole columns give way,
the dispensable ones first. Widths are those of rich: a wide character takes two cells.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, split_graphemes

Row = Sequence[str]

# Columns by what may happen to a cell that is too long.
_NAMES = {
    *("title", "file", "from", "other title", "item title", "to", "source", "path"),
    *("artist", "track", "album", "genre", "country", "place"),
}
_TEXTS = {
    *("why", "error", "last error", "text", "found", "summary", "evidence", "outcomes"),
    "what to do",
}
# Columns that give way, in this order; the rest of a row still says what it is.
_DISPENSABLE = (
    *("share", "p95", "tries", "executions", "language", "lang", "size", "picture", "flow"),
    *("hash", "kind", "length", "lane", "seconds", "runs", "duration", "cost", "verdict"),
)
_NOTHING = {"", "–", "-"}
_COMFORTABLE = 16  # cells for a name or a text, before columns give way
_LEAST = 6
GAP = 2  # cells between two columns


def laid_out(
    columns: Row, rows: Sequence[Row], width: int, sign: str = "…"
) -> tuple[list[int], list[list[str]]]:
    """Which columns are shown, by number, and all lines: the heads first, each cell padded.

    A column that says nothing in any row is not shown. ``sign`` stands for what was cut.
    """
    natural = [
        max(cell_len(column), *(cell_len(row[n]) for row in rows), 1)
        for n, column in enumerate(columns)
    ]
    shown = [n for n in range(len(columns)) if not rows or {row[n] for row in rows} - _NOTHING]
    widths = fitted([columns[n] for n in shown], [natural[n] for n in shown], width)
    kept = [n for n, given in zip(shown, widths, strict=True) if given]
    given = [one for one in widths if one]
    return kept, [
        [
            _padded(cut(row[n], cells, columns[n], sign), cells, "" if n == kept[-1] else " " * GAP)
            for n, cells in zip(kept, given, strict=True)
        ]
        for row in (columns, *rows)
    ]


def fitted(columns: Row, natural: Sequence[int], width: int) -> list[int]:
    """The cells of each column, so that all fit ``width``; 0 for one that has to give way."""
    given = list(natural)
    for name in (None, *_DISPENSABLE):
        if name in columns:
            given[columns.index(name)] = 0
        if _total(_shrunk(columns, given, width, _COMFORTABLE)) <= width:
            return _shrunk(columns, given, width, _COMFORTABLE)
    return _shrunk(columns, given, width, _LEAST)


def cut(text: str, width: int, column: str = "title", sign: str = "…") -> str:
    """A text in at most ``width`` cells: a name keeps both its ends, a text its beginning."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(sign)
    if room < 1:
        return _head(text, width)
    tail = room // 2 if column in _NAMES else 0
    return _head(text, room - tail) + sign + _tail(text, tail)


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most ``width`` cells; a word that is longer, a path, stays whole."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and cell_len(longer) > width:
            lines.append(word)
        else:
            lines[-1:] = [longer]
    return lines


def _shrunk(columns: Row, natural: Sequence[int], width: int, least: int) -> list[int]:
    """The widest names and texts cut until all fit, or until each has only ``least`` cells."""
    given = list(natural)
    soft = [n for n, column in enumerate(columns) if column in _NAMES | _TEXTS and given[n]]
    while soft and (over := _total(given) - width) > 0:
        widest = max(soft, key=lambda n: given[n])
        second = max((given[n] for n in soft if n != widest), default=0)
        goal = max(min(given[widest] - 1, second), given[widest] - over, least)
        if goal >= given[widest]:
            break
        given[widest] = goal
    return given


def _total(widths: Sequence[int]) -> int:
    shown = [one for one in widths if one]
    return sum(shown) + GAP * (len(shown) - 1)


def _padded(text: str, width: int, gap: str) -> str:
    return text + " " * (width - cell_len(text)) + gap


def _head(text: str, width: int) -> str:
    """The beginning of a text, no character torn."""
    spans, _ = split_graphemes(text)
    end, cells = 0, 0
    for _, stop, size in spans:
        if cells + size > width:
            break
        end, cells = stop, cells + size
    return text[:end]


def _tail(text: str, width: int) -> str:
    """The end of a text, no character torn."""
    spans, _ = split_graphemes(text)
    start, cells = len(text), 0
    for begin, _, size in reversed(spans):
        if cells + size > width:
            break
        start, cells = begin, cells + size
    return text[start:]
