"""Numbers as bars and shades on a terminal, one line an item; elsewhere they are left out."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from nightshift.cli.output import console, print_table, shown
from nightshift.cli.tables import GAP

_LEAST, _MOST = 8, 30  # cells of the longest bar
_NUMBERS = {"", "plays", "minutes", "artists"}  # columns
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SHADES = (" ░▒▓█", " .:*#")


def print_bars(
    columns: Sequence[str], rows: Sequence[Sequence[str]], values: Sequence[float]
) -> None:
    """Print a table with a bar for each row's value, so wide as the terminal has room for."""
    if not console.is_terminal or not rows:
        print_table(columns, rows)
        return
    rows = _to_the_right(columns, rows)
    lines = [columns, *([shown(cell) for cell in row] for row in rows)]
    taken = sum(max(cell_len(line[n]) for line in lines) + GAP for n in range(len(columns)))
    cells = max(_LEAST, min(_MOST, console.width - taken))
    most = max(values)
    drawn = [bar(value / most if most else 0, cells) for value in values]
    print_table((*columns, ""), [(*row, one) for row, one in zip(rows, drawn, strict=True)])


def _to_the_right(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Cells in which numbers stand below each other."""
    wide = [max(len(row[n]) for row in (columns, *rows)) for n in range(len(columns))]
    return [
        [cell.rjust(wide[n]) if columns[n] in _NUMBERS else cell for n, cell in enumerate(row)]
        for row in rows
    ]


def bar(share: float, cells: int) -> str:
    """A bar of a share of so many cells; what is not nothing is seen."""
    if not _has_blocks():
        return "#" * max(round(share * cells), int(share > 0))
    eighths = max(round(share * cells * 8), int(share > 0))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def shade(share: float) -> str:
    """A sign that is the darker the larger the share is; a blank for nothing."""
    signs = _SHADES[0 if _has_blocks() else 1]
    return signs[0] if share <= 0 else signs[min(4, 1 + int(share * 4))]


def _has_blocks() -> bool:
    return console.encoding.lower().startswith("utf")
