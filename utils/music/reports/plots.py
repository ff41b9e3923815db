"""Answers as pictures: rankings, timelines and weeks as PNG files.

Each function draws into a file and returns what a person should know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from utils.models.music_answers import FirstHeard, Habit, Missing, Order, Span, Top
from utils.music.reports import canvas, color_scale
from utils.music.reports.canvas import INK, LINE, SOFT, Canvas, Heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

_MOST_BARS = 50  # a picture of more can't be read
_MOST_COLUMNS = 200  # with gaps between; of more it is one outline, which is drawn at once
_ROW, _WIDTH, _NAME = 0.42, 9.0, 2.9  # inches
_AT, _END = 0.40, 0.93  # where bars begin and end, of the width
_BAR = color_scale.LIGHT[3]
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def ranking(
    rows: Sequence[Top | FirstHeard | Missing], about: Heading, order: Order, path: Path
) -> tuple[str, ...]:
    """Bars from the most to the least, with numbers; the first ``_MOST_BARS`` rows."""
    drawn = rows[:_MOST_BARS]
    height = 1.2 + _ROW * max(len(drawn), 2)
    texts = [text for row in drawn for text in (row.name, row.by or "")]
    with canvas.drawn(path, about, (_WIDTH, height), texts) as made:
        axes = _axes(made, (_AT, 0.25 / height, _END, made.top))
        values = [row.minutes if order == "minutes" else row.plays for row in drawn]
        axes.barh(range(len(drawn)), values, color=_BAR, height=0.62)
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        axes.set_axis_off()
        if not drawn:
            _say_nothing(made)
        most = max(values, default=0)
        for at, (row, value) in enumerate(zip(drawn, values, strict=True)):
            axes.text(
                value + most * 0.012, at, f"{value:,.0f}", va="center", color=INK, fontsize=9.5
            )
            _name(axes, made, at, row)
        unit = "minutes" if order == "minutes" else "plays"
        made.figure.text(_END, made.top + 0.1 / height, unit, color=SOFT, fontsize=9, ha="right")
    left_out = len(rows) - len(drawn)
    more = (f"The first {len(drawn)} of {len(rows):,} are drawn.",) if left_out else ()
    return (*more, *canvas.notes(made.fonts))


def _name(axes: Axes, made: Canvas, at: int, row: Top | FirstHeard | Missing) -> None:
    """A row's number, its name, and under it whose it is; to the left of its bar."""
    place = axes.get_yaxis_transform()
    shift = 0.16 if row.by else 0.0
    for text, y, points, color in (
        (row.name, at - shift, 10.5, INK), (row.by, at + 0.24, 8, SOFT),
    ):  # fmt: skip
        if text:
            axes.text(-0.02, y, made.text(text, _NAME, points), transform=place, ha="right",
                      va="center", color=color, fontsize=points)  # fmt: skip
    left = (canvas.LEFT / _WIDTH - _AT) / (_END - _AT)
    axes.text(left, at, str(at + 1), transform=place, va="center", color=SOFT, fontsize=9)


def columns(rows: Sequence[Span], about: Heading, path: Path) -> tuple[str, ...]:
    """A column a day, week, month or year."""
    with canvas.drawn(path, about, (_WIDTH + 1, 4.6)) as made:
        from matplotlib.ticker import MaxNLocator

        axes = _axes(made, (0.075, 0.11, 0.975, made.top))
        plays = [row.plays for row in rows]
        if len(rows) > _MOST_COLUMNS:
            axes.stairs(plays, [n - 0.5 for n in range(len(rows) + 1)], fill=True, color=_BAR)
        else:
            axes.bar(range(len(rows)), plays, color=_BAR, width=0.86)
        axes.set_xlim(-0.6, max(len(rows), 1) - 0.4)
        axes.set_ylim(bottom=0)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(SOFT)
        axes.tick_params(length=0, colors=SOFT, pad=7)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=LINE)
        axes.set_axisbelow(True)
        shown = ticks(len(rows), 9)
        axes.set_xticks(shown, [rows[at].name for at in shown])
        if not rows:
            _say_nothing(made)
    return ()


def ticks(number: int, most: int) -> range:
    """Every so manieth of a number of places, so that no more than ``most`` are named."""
    return range(0, number, max(1, -(-number // most)))


def week(rows: Sequence[Habit], about: Heading, path: Path) -> tuple[str, ...]:
    """The hours of the week as squares, the darker the more was heard."""
    most = max((row.plays for row in rows), default=0)
    with canvas.drawn(path, about, (_WIDTH + 1, 4.6)) as made:
        axes = _axes(made, (0.075, 0.16, 0.975, made.top - 0.04))
        for row in rows:
            at = share_class(row.plays, most)
            color = color_scale.LAND[0] if at < 0 else color_scale.LIGHT[at]
            axes.add_patch(_square(row.hour, row.weekday - 1, color))
        axes.set_xlim(0, 24)
        axes.set_ylim(7, 0)
        axes.set_xticks(range(0, 25, 3), [f"{hour}:00" for hour in range(0, 25, 3)])
        axes.set_yticks([day + 0.5 for day in range(7)], _DAYS)
        axes.tick_params(length=0, colors=SOFT)
        for spine in axes.spines.values():
            spine.set_visible(False)
        legend(made, [0, *share_bounds(most)], (0.075, 0.03))
    return ()


def share_bounds(most: int) -> tuple[int, ...]:
    """The least plays of each shade of a week: equal parts of the most."""
    parts = (1 + (most - 1) * n // color_scale.CLASSES for n in range(color_scale.CLASSES))
    return tuple(sorted(set(parts))) if most else ()


def share_class(plays: int, most: int) -> int:
    """The shade of so many plays, −1 for none."""
    return color_scale.class_of(plays, share_bounds(most))


def legend(made: Canvas, least: Sequence[int], place: tuple[float, float]) -> None:
    """Squares of the shades, each with the least number that it stands for; 0 is the first."""
    from matplotlib.patches import Rectangle

    left, bottom = place
    width, height = made.figure.get_size_inches()
    positive = tuple(least[1:])
    made.figure.text(left, bottom + 0.05 / height, "plays", color=SOFT, fontsize=9)
    for n, number in enumerate(least):
        at = color_scale.class_of(number, positive)
        color = color_scale.LAND[0] if at < 0 else color_scale.LIGHT[at]
        x = left + (0.55 + n * 0.95) / width
        made.figure.add_artist(
            Rectangle((x, bottom), 0.2 / width, 0.2 / height, facecolor=color,
                      transform=made.figure.transFigure)
        )  # fmt: skip
        words = "none" if n == 0 else f"{number:,}+"
        made.figure.text(x + 0.27 / width, bottom + 0.05 / height, words, color=SOFT, fontsize=9)


def _axes(made: Canvas, place: tuple[float, float, float, float]) -> Axes:
    """Axes from left and bottom to right and top."""
    left, bottom, right, top = place
    return made.figure.add_axes((left, bottom, right - left, top - bottom))


def _square(x: float, y: float, color: str) -> Rectangle:
    from matplotlib.patches import Rectangle as Square

    return Square((x + 0.04, y + 0.04), 0.92, 0.92, facecolor=color)


def _say_nothing(made: Canvas) -> None:
    made.figure.text(0.5, made.top / 2, "Nothing was heard.", ha="center", color=SOFT, fontsize=11)
