"""The map of where an item was taken, drawn here: no tile server is asked, nothing leaves."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from babel import Locale
from babel.dates import get_timezone_location

from utils.documents import nearby
from utils.documents.nearby import City, Nearby
from utils.music.reports import world

WIDTH, HEIGHT = 640, 360  # units of the picture
_HIGH_DEGREES = 9.0  # of latitude that are to be seen: 1,000 km
_WORLD_WIDTH = 300  # units of the small map: some 10 kB of outlines
_LEAST_COSINE = 0.12  # beyond 83 degrees a picture would go around the globe
_MOST_CITIES = 6
_LABEL = (150, 26)  # units that a city's name takes

Place = tuple[int, int]


class Line(NamedTuple):
    """A meridian or a parallel, with the degrees that stand beside it."""

    at: int
    degrees: float
    is_meridian: bool

    @property
    def label(self) -> str:
        """As maps write it: 52° N."""
        value = (self.degrees + 540) % 360 - 180 if self.is_meridian else self.degrees
        sides = ("E", "W") if self.is_meridian else ("N", "S")
        side = "" if value in {0, -180} else f" {sides[value < 0]}"
        return f"{abs(value):g}°{side}"


class Dot(NamedTuple):
    """A city on the map."""

    x: int
    y: int
    city: City


class ItemMap(NamedTuple):
    """A region around a place, and where in the world that is.

    ``lands``: outlines as paths of SVG; the place itself is in the middle. ``spot`` is the place on
    the small map of the world.
    """

    latitude: float
    longitude: float
    lands: tuple[str, ...]
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    nearby: Nearby
    spot: Place
    world: str = ""
    world_size: Place = (0, 0)

    def country(self, language: str) -> str | None:
        """The country's name in a language."""
        code = self.nearby.country
        return Locale.parse(language).territories.get(code, code) if code else None

    def city(self, city: City, language: str) -> str:
        """A city's name in a language."""
        return get_timezone_location(city.zone, language, return_city=True) or city.name


def of(latitude: float, longitude: float) -> ItemMap:
    """The map of a place, by degrees."""
    view = _View.around(latitude, longitude)
    x, y = world.project(longitude, min(max(latitude, world.SOUTH), world.NORTH))
    return ItemMap(
        latitude=latitude,
        longitude=longitude,
        lands=tuple(_lands(view)),
        lines=tuple(_lines(view)),
        dots=tuple(_dots(view)),
        nearby=nearby.of(latitude, longitude),
        spot=(round(x * _WORLD_WIDTH), round(y * _WORLD_WIDTH)),
        world=_whole_world(),
        world_size=(_WORLD_WIDTH, round(world.height() * _WORLD_WIDTH)),
    )


class _View(NamedTuple):
    """What is to be seen: its middle in degrees, and units of the picture for a degree."""

    latitude: float
    longitude: float
    per_longitude: float
    per_latitude: float

    @classmethod
    def around(cls, latitude: float, longitude: float) -> _View:
        per_latitude = HEIGHT / _HIGH_DEGREES
        narrow = max(_LEAST_COSINE, math.cos(math.radians(latitude)))
        return cls(latitude, longitude, per_latitude * narrow, per_latitude)

    def place(self, longitude: float, latitude: float) -> Place:
        x = WIDTH / 2 + (longitude - self.longitude) * self.per_longitude
        return round(x), round(HEIGHT / 2 + (self.latitude - latitude) * self.per_latitude)

    def east(self, longitude: float) -> float:
        """The same meridian, named so that it is less than half the globe away."""
        return self.longitude + (longitude - self.longitude + 540) % 360 - 180


def _lands(view: _View) -> list[str]:
    """Outlines of what may be seen; also what lies beyond the meridian of 180 degrees."""
    half_wide, half_high = WIDTH / view.per_longitude / 2, _HIGH_DEGREES / 2
    found = []
    for box, shape in world.boxes():
        if box.north < view.latitude - half_high or box.south > view.latitude + half_high:
            continue
        for turn in (-360, 0, 360):
            west, east = box.west + turn, box.east + turn
            if west < view.longitude + half_wide and east > view.longitude - half_wide:
                found.append(_path([view.place(x + turn, y) for x, y in shape.rings[0]]))
    return found


def _path(points: list[Place]) -> str:
    steps = [
        f"{x - before_x} {y - before_y}"
        for (before_x, before_y), (x, y) in pairwise(points)
        if (x, y) != (before_x, before_y)
    ]
    return f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z" if steps else ""


def _lines(view: _View) -> list[Line]:
    wide = WIDTH / view.per_longitude
    step = next((step for step in (2, 5, 10, 20, 30) if wide / step <= 9), 45)
    west = math.ceil((view.longitude - wide / 2) / step)
    east = math.floor((view.longitude + wide / 2) / step)
    meridians = [
        Line(view.place(number * step, 0)[0], number * step, True)
        for number in range(west, east + 1)
    ]
    south = math.ceil((view.latitude - _HIGH_DEGREES / 2) / 2)
    north = math.floor((view.latitude + _HIGH_DEGREES / 2) / 2)
    parallels = [
        Line(view.place(0, number * 2)[1], number * 2, False)
        for number in range(south, north + 1)
        if abs(number * 2) <= 90
    ]
    return [*meridians, *parallels]


def _dots(view: _View) -> list[Dot]:
    """The cities that may be seen, the nearest first; none whose name another's would cover."""
    wide, high = _LABEL
    found: list[Dot] = []
    taken = [(WIDTH / 2, HEIGHT / 2)]
    near = sorted(
        nearby.cities(), key=lambda city: nearby.distance(view.latitude, view.longitude, city)
    )
    for city in near[: _MOST_CITIES * 4]:
        x, y = view.place(view.east(city.longitude), city.latitude)
        is_free = all(abs(x - a) > wide or abs(y - b) > high for a, b in taken)
        if 0 < x < WIDTH - wide and high < y < HEIGHT - high and is_free:
            found.append(Dot(x, y, city))
            taken.append((x, y))
    return found[:_MOST_CITIES]


@cache
def _whole_world() -> str:
    """All land as one path; islands that would be a dot are left out."""
    outlines = []
    for shape in world.shapes():
        for ring in shape.rings:
            across, down = (
                [round(part * _WORLD_WIDTH) for part in one] for one in zip(*ring, strict=True)
            )
            if max(across) - min(across) > 1 and max(down) - min(down) > 1:
                outlines.append(_path(_thinned(list(zip(across, down, strict=True)))))
    return "".join(outlines)


def _thinned(points: list[Place]) -> list[Place]:
    """A ring without points that are next to the one before."""
    kept = points[:1]
    for x, y in points[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) > 2:
            kept.append((x, y))
    return kept
