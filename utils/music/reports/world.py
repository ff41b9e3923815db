"""The world as shapes on a plane: Natural Earth's countries in the Equal Earth projection.

Equal Earth keeps areas (Šavrič, Patterson and Jenny 2018, doi 10.1080/13658816.2018.1504949): a
country is shaded, and so is as much of the map as it has of the world. Antarctica is left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

_A = (1.340264, -0.081106, 0.000893, 0.003796)
_M = math.sqrt(3) / 2
WEST_EAST = 180.0
SOUTH, NORTH = -57.0, 84.0  # Cape Horn to Greenland

Point = tuple[float, float]


class Shape(NamedTuple):
    """A country's rings on the map, by its ISO 3166-1 alpha-2 code; "" for what has none."""

    code: str
    rings: tuple[tuple[Point, ...], ...]


class Box(NamedTuple):
    """The edges of a ring, in degrees."""

    west: float
    south: float
    east: float
    north: float


def project(longitude: float, latitude: float) -> Point:
    """Where a place is on the map: 0 to 1 from west to east, and down from the north.

    Args:
        longitude: Degrees, −180 to 180.
        latitude: Degrees, −90 to 90.
    """
    x, y = _equal_earth(longitude, latitude)
    width = _equal_earth(WEST_EAST, 0)[0] * 2
    return (x / width + 0.5, (_equal_earth(0, NORTH)[1] - y) / width)


def _equal_earth(longitude: float, latitude: float) -> Point:
    a1, a2, a3, a4 = _A
    angle = math.asin(_M * math.sin(math.radians(latitude)))
    square = angle * angle
    sixth = square**3
    slope = _M * (a1 + 3 * a2 * square + sixth * (7 * a3 + 9 * a4 * square))
    x = math.radians(longitude) * math.cos(angle) / slope
    return x, angle * (a1 + a2 * square + sixth * (a3 + a4 * square))


def height() -> float:
    """How high the map is if it is 1 wide."""
    return project(0, SOUTH)[1]


@cache
def shapes() -> tuple[Shape, ...]:
    """All countries that have a shape at this scale, by code."""
    world = _world()
    steps = world["steps_per_degree"]
    return tuple(
        Shape(code, tuple(tuple(_walk(ring, steps)) for ring in rings))
        for code, rings in world["shapes"].items()
    )


@cache
def outlines() -> tuple[Shape, ...]:
    """The same countries as they lie on the globe: longitude and latitude in degrees."""
    world = _world()
    steps = world["steps_per_degree"]
    return tuple(
        Shape(code, tuple(tuple((x / steps, y / steps) for x, y in _steps(ring)) for ring in rings))
        for code, rings in world["shapes"].items()
    )


@cache
def boxes() -> tuple[tuple[Box, Shape], ...]:
    """Each ring of these as a shape of its own, with the box that it fills."""
    return tuple(
        (Box(min(x), min(y), max(x), max(y)), Shape(shape.code, (ring,)))
        for shape in outlines()
        for ring in shape.rings
        for x, y in [tuple(zip(*ring, strict=True))]
    )


@cache
def points() -> dict[str, Point]:
    """Where countries lie that are too small for a shape, on the map."""
    return {code: project(*place) for code, place in _world()["points"].items()}


def _walk(ring: Sequence[int], steps: int) -> Iterator[Point]:
    return (project(x / steps, y / steps) for x, y in _steps(ring))


def _steps(ring: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The points of a ring, which holds the way from each to the next."""
    x = y = 0
    for at in range(0, len(ring), 2):
        x, y = x + ring[at], y + ring[at + 1]
        yield x, y


@cache
def _world() -> dict[str, Any]:
    text = resources.files("utils.music.reports").joinpath("atlas/world.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found
