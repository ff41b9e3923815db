"""Plots as numbers of an SVG: columns over time, bars of a ranking, squares of a week.

A template draws them (`templates/charts.html.j2`), so that all that is said in them is escaped.
Places are percent of the plot: it fits every screen, and its text stays as large as the page's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from utils.music.reports import color_scale, plots

_MOST_TICKS = 6  # under a plot: more do not fit a phone
SERIES = 6  # colours that there are; what comes behind them is put together
_GAP = 0.14  # of a column's room

Say = Callable[[float], str]


class Mark(NamedTuple):
    """A rectangle of a plot, in percent from its upper left corner, and what it stands for.

    ``kind``: the number of its colour; of a square the shade, −1 for nothing.
    """

    x: float
    y: float
    width: float
    height: float
    kind: int
    tip: str


class Columns(NamedTuple):
    """Columns, stacked where there are several series; ``rows``: the same as a table."""

    label: str
    marks: tuple[Mark, ...]
    scale: tuple[str, str, str]
    ticks: tuple[tuple[float, str], ...]
    series: tuple[str, ...]
    head: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


class Bar(NamedTuple):
    """A line of a ranking; ``width`` in percent of the longest."""

    name: str
    by: str
    value: str
    width: float
    place: str | None


class Bars(NamedTuple):
    """A ranking: a table whose lines have a bar."""

    label: str
    head: tuple[str, str]
    bars: tuple[Bar, ...]


class Heat(NamedTuple):
    """Squares in rows and columns, by shades; ``legend``: the least number of each."""

    label: str
    marks: tuple[Mark, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    columns: tuple[str, ...]
    ticks: tuple[tuple[float, str], ...]
    legend: tuple[tuple[int, str], ...]


def columns(
    label: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    say: Say,
    head: str = "",
) -> Columns:
    """Columns, one a name.

    Args:
        label: What they show, for those who don't see them.
        names: What stands below: months, days.
        series: Values, one a name, by what they are of; the first at the foot of a column.
        say: A value in words.
        head: What the names are, for the table.
    """
    shown = _bounded(series)
    top = nice(max((sum(values) for values in zip(*shown.values(), strict=True)), default=0))
    room = 100 / max(1, len(names))
    marks: list[Mark] = []
    for at, name in enumerate(names):
        foot = 100.0
        for kind, (of, values) in enumerate(shown.items()):
            height = 100 * values[at] / top
            foot -= height
            what = f"{name} · {of}" if of and len(shown) > 1 else name
            if values[at] or len(shown) == 1:
                marks.append(
                    _mark(at * room, foot, room, height, kind, f"{what}: {say(values[at])}")
                )
    ticks = tuple(
        (round((at + 0.5) * room, 2), names[at]) for at in plots.ticks(len(names), _MOST_TICKS)
    )
    rows = tuple(
        (name, tuple(say(values[at]) for values in shown.values()))
        for at, name in enumerate(names)
    )  # fmt: skip
    scale = (say(top), say(top / 2), say(0))
    return Columns(label, tuple(marks), scale, ticks, tuple(shown), head, rows)


def bars(
    label: str, head: tuple[str, str], rows: Sequence[tuple[str, float]], say: Say
) -> Bars:  # fmt: skip
    """A ranking of names with their values, in the order that is given."""
    return linked(label, head, [(name, "", value, None) for name, value in rows], say)


def linked(
    label: str,
    head: tuple[str, str],
    rows: Sequence[tuple[str, str, float, str | None]],
    say: Say,
) -> Bars:
    """The same of names with whose they are ("" for nobody's), values, and where they lead."""
    most = max((value for _, _, value, _ in rows), default=0) or 1
    made = (Bar(name, by, say(value), round(100 * value / most, 2), place)
            for name, by, value, place in rows)  # fmt: skip
    return Bars(label, head, tuple(made))


def heat(
    label: str,
    rows: Sequence[tuple[str, Sequence[int]]],
    columns: Sequence[str],
    say: Say,
    every: int = 1,
) -> Heat:
    """Squares, the stronger the larger their number.

    Args:
        label: What they show.
        rows: Names with their numbers, one a column.
        columns: Their names.
        say: A number in words.
        every: Each so many columns one is named below.
    """
    most = max((number for _, numbers in rows for number in numbers), default=0)
    wide, high = 100 / max(1, len(columns)), 100 / max(1, len(rows))
    marks = tuple(
        Mark(_two(at * wide + wide * 0.04), _two(down * high + high * 0.04), _two(wide * 0.92),
             _two(high * 0.92), plots.share_class(number, most),
             f"{name} {columns[at]}: {say(number)}")
        for down, (name, numbers) in enumerate(rows)
        for at, number in enumerate(numbers)
    )  # fmt: skip
    least = plots.share_bounds(most)
    legend = tuple((color_scale.class_of(one, least), f"{say(one)}+") for one in least)
    table = tuple((name, tuple(str(number) for number in numbers)) for name, numbers in rows)
    ticks = tuple(
        (_two((at + 0.5) * wide), name) for at, name in enumerate(columns) if at % every == 0
    )
    return Heat(label, marks, table, tuple(columns), ticks, legend)


def nice(most: float) -> float:
    """The top of a scale: 1, 2, 4, 6, 8 and zeros, no less than ``most``; 1 for nothing."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(one * power for one in (1, 2, 4, 6, 8, 10) if one * power >= most * 0.999999)


def _bounded(series: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """As many series as there are colours: the smallest are one, called "…"."""
    if len(series) <= SERIES:
        return dict(series)
    by_size = sorted(series, key=lambda name: -sum(series[name]))
    shown = {name: series[name] for name in by_size[: SERIES - 1]}
    rest = [series[name] for name in by_size[SERIES - 1 :]]
    return shown | {"…": [sum(values) for values in zip(*rest, strict=True)]}


def _mark(x: float, y: float, room: float, height: float, kind: int, tip: str) -> Mark:
    gap = room * _GAP / 2
    return Mark(_two(x + gap), _two(max(0.0, y)), _two(room - 2 * gap), _two(height), kind, tip)


def _two(value: float) -> float:
    return round(value, 2)
