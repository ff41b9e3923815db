"""What lies near a place on earth, known without asking anybody: its country, the nearest cities.

Countries are those of the map (utils/music/reports/world.py); cities are those that stand in the
time zone database, some 400, where this machine has its list.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import TZPATH

from utils.music.reports import world

EARTH_KM = 6371.0
_AS_ISO_6709 = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?$")
_OWN_LAND_KM = 40.0  # outlines are that coarse: a harbour may lie outside of its country's


class City(NamedTuple):
    """A city that gives a time zone its name, such as Europe/Berlin."""

    zone: str
    country: str
    latitude: float
    longitude: float

    @property
    def name(self) -> str:
        """Its usual name in English."""
        return self.zone.rsplit("/", 1)[-1].replace("_", " ")


class Nearby(NamedTuple):
    """Where a place is: ``country`` by ISO 3166-1 alpha-2, None at sea or where nobody knows.

    ``direction``: where it lies as seen from the nearest city: N, NE, E, …; that and the distance
    in kilometres are None where no list of cities is there.
    """

    country: str | None
    city: City | None
    distance_km: float | None
    direction: str | None


def of(latitude: float, longitude: float) -> Nearby:
    """What lies near, by degrees."""
    near = sorted(cities(), key=lambda city: distance(latitude, longitude, city))
    country = _country(latitude, longitude)
    if not near:
        return Nearby(country, None, None, None)
    city, away = near[0], distance(latitude, longitude, near[0])
    if country is None and away < _OWN_LAND_KM:
        country = city.country
    return Nearby(country, city, away, _direction(latitude, longitude, city))


def distance(latitude: float, longitude: float, city: City) -> float:
    """Kilometres over the globe (haversine)."""
    one, other = math.radians(latitude), math.radians(city.latitude)
    across = math.radians(city.longitude - longitude)
    part = math.sin((other - one) / 2) ** 2
    part += math.cos(one) * math.cos(other) * math.sin(across / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(part)))


@cache
def cities() -> tuple[City, ...]:
    """All cities of this machine's time zone database; none where it has no list of them."""
    lists = (Path(folder) / "zone.tab" for folder in TZPATH)
    found = next((path for path in lists if path.is_file()), None)
    lines = found.read_text("utf-8", errors="replace").splitlines() if found else []
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return tuple(city for row in rows if len(row) >= 3 and (city := _city(*row[:3])))


def _city(country: str, place: str, zone: str) -> City | None:
    match = _AS_ISO_6709.match(place)
    if match is None:
        return None
    south, *north_parts = match.groups()[:4]
    west, *east_parts = match.groups()[4:]
    return City(zone, country, _degrees(south, north_parts), _degrees(west, east_parts))


def _degrees(sign: str, parts: Sequence[str | None]) -> float:
    whole, minutes, seconds = (int(part or 0) for part in parts)
    return (-1 if sign == "-" else 1) * (whole + minutes / 60 + seconds / 3600)


def _country(latitude: float, longitude: float) -> str | None:
    around: dict[str, int] = {}
    for box, shape in world.boxes():
        is_near = box.west <= longitude <= box.east and box.south <= latitude <= box.north
        if is_near and _is_inside(shape.rings[0], longitude, latitude):
            around[shape.code] = around.get(shape.code, 0) + 1
    return next((code for code, rings in around.items() if code and rings % 2), None)


def _is_inside(ring: Sequence[world.Point], x: float, y: float) -> bool:
    """Whether a ring goes around a point: a ray to the east crosses it an odd number of times."""
    inside = False
    before = ring[-1]
    for point in ring:
        (x1, y1), (x2, y2) = before, point
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        before = point
    return inside


def _direction(latitude: float, longitude: float, city: City) -> str:
    east = (longitude - city.longitude + 540) % 360 - 180
    east *= math.cos(math.radians(city.latitude))
    angle = math.degrees(math.atan2(east, latitude - city.latitude)) % 360
    return ("N", "NE", "E", "SE", "S", "SW", "W", "NW")[round(angle / 45) % 8]
