"""The map of the world as paths of SVG."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from utils.models.music_answers import OnMap
from utils.music.reports import color_scale, countries, maps, world

WIDTH = 4000  # units of the picture: whole numbers then are a quarter of a pixel


class Land(NamedTuple):
    """A country: its outline, its shade (−1: nothing was heard) and what it says."""

    outline: str
    shade: int
    name: str
    plays: int


class Circle(NamedTuple):
    """A city, or (with a shade) a country that is too small for a shape."""

    x: int
    y: int
    radius: int
    shade: int | None
    name: str
    plays: int


class Map(NamedTuple):
    """All that is drawn; ``legend``: each shade with the least plays that it stands for."""

    width: int
    height: int
    lands: tuple[Land, ...]
    circles: tuple[Circle, ...]
    legend: tuple[tuple[int, int], ...]


def of(seen: OnMap) -> Map:
    """The map of what was heard."""
    plays = maps.by_country(seen.countries)
    least = color_scale.bounds(plays.values())

    def shade(code: str) -> int:
        return color_scale.class_of(plays.get(code, 0), least)

    lands = tuple(
        Land(outline(shape), shade(shape.code), countries.name(shape.code) if shape.code else "",
             plays.get(shape.code, 0))
        for shape in world.shapes()
    )  # fmt: skip
    small = tuple(
        Circle(_unit(x), _unit(y), _unit(0.004), shade(code), countries.name(code), plays[code])
        for code, (x, y) in world.points().items()
        if plays.get(code)
    )
    cities = tuple(
        Circle(_unit(x), _unit(y), _unit(radius), None, city.name or "", city.plays)
        for (x, y), radius, city in maps.circles(seen.cities)
    )
    return Map(WIDTH, _unit(world.height()), lands, (*small, *cities), legend(least))


def legend(least: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """The shades in use, each with the least plays that it stands for."""
    return ((-1, 0), *((color_scale.class_of(number, least), number) for number in least))


def outline(shape: world.Shape) -> str:
    """A country's rings as the path of SVG, each step from the point before."""
    parts = []
    for ring in shape.rings:
        points = [(_unit(x), _unit(y)) for x, y in ring]
        steps = [
            f"{x - before_x} {y - before_y}"
            for (before_x, before_y), (x, y) in pairwise(points)
            if (x, y) != (before_x, before_y)
        ]
        if steps:
            parts.append(f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z")
    return "".join(parts)


def _unit(share: float) -> int:
    return round(share * WIDTH)
