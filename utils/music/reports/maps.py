"""Plays on a map of the world, as a PNG: countries by their shade, cities as circles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from utils.models.music_answers import OnMap, PlaceHeard
from utils.music.reports import canvas, color_scale, plots, world
from utils.music.reports.canvas import SOFT, Heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 12.0  # inches
_BORDER = "#ffffff"
_LARGEST = 0.008  # the radius of the largest circle, of the map's width


def draw(seen: OnMap, about: Heading, path: Path) -> tuple[str, ...]:
    """Draw it, and return what a person should know of it."""
    size = (_WIDTH, _WIDTH * 0.96 * world.height() + 1.6)
    plays = by_country(seen.countries)
    least = color_scale.bounds(plays.values())
    with canvas.drawn(path, about, size) as made:
        bottom = 0.55 / size[1]
        axes = made.figure.add_axes((0.02, bottom, 0.96, made.top - bottom))
        axes.set_xlim(0, 1)
        axes.set_ylim(world.height(), 0)
        axes.set_aspect("equal")
        axes.set_axis_off()
        _shade(axes, plays, least)
        _mark(axes, circles(seen.cities))
        plots.legend(made, [0, *least], (0.025, 0.2 / size[1]))
    return off_map(plays)


def by_country(rows: Sequence[PlaceHeard]) -> dict[str, int]:
    """Plays by the code of the country."""
    return {row.country_code: row.plays for row in rows if row.country_code}


def off_map(plays: Mapping[str, int]) -> tuple[str, ...]:
    """Which places have plays and are not on the map."""
    known = {shape.code for shape in world.shapes()} | set(world.points())
    lacking = sorted(set(plays) - known)
    return (f"Not on the map: {', '.join(lacking)}.",) if lacking else ()


def circles(cities: Sequence[PlaceHeard]) -> list[tuple[world.Point, float, PlaceHeard]]:
    """Where a city is on the map, the radius of its circle, and the city; the largest first.

    Areas are as the plays, so that twice as many look twice as much.
    """
    placed = [
        (world.project(city.longitude, city.latitude), city)
        for city in cities
        if city.longitude is not None and city.latitude is not None
        if abs(city.longitude) <= 180 and world.SOUTH <= city.latitude <= world.NORTH
    ]
    most = max((city.plays for _, city in placed), default=1)
    found = [
        (point, max(_LARGEST * math.sqrt(city.plays / most), _LARGEST / 6), city)
        for point, city in placed
    ]
    return sorted(found, key=lambda one: -one[1])


def _shade(axes: Axes, plays: Mapping[str, int], least: tuple[int, ...]) -> None:
    from matplotlib.patches import Circle, PathPatch
    from matplotlib.path import Path as Outline

    def color(code: str) -> str:
        at = color_scale.class_of(plays.get(code, 0), least)
        return color_scale.LAND[0] if at < 0 else color_scale.LIGHT[at]

    for shape in world.shapes():
        rings = [Outline([*ring, ring[0]], closed=True) for ring in shape.rings]
        axes.add_patch(
            PathPatch(Outline.make_compound_path(*rings), facecolor=color(shape.code),
                      edgecolor=_BORDER, linewidth=0.4)
        )  # fmt: skip
    for code, point in world.points().items():
        if plays.get(code):
            axes.add_patch(
                Circle(point, 0.004, facecolor=color(code), edgecolor=SOFT, linewidth=0.5)
            )


def _mark(axes: Axes, found: Sequence[tuple[world.Point, float, PlaceHeard]]) -> None:
    from matplotlib.patches import Circle

    for point, radius, _ in found:
        axes.add_patch(
            Circle(point, radius, facecolor=color_scale.ACCENT, alpha=0.65, edgecolor=_BORDER,
                   linewidth=0.6)
        )  # fmt: skip
