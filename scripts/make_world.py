"""Makes utils/music/reports/atlas/world.json, the shapes of maps, from Natural Earth.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python -m scripts.make_world package

Shapes are those at 1:110 million; countries too small for them get a point, the middle of their
largest shape at 1:50 million. Antarctica is left out.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pycountry

TARGET = Path(__file__).parents[1] / "utils" / "music" / "atlas" / "world.json"
SHA256 = {
    "countries-110m.json": "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8",
    "countries-50m.json": "04342cdc1e3016bcd7db1630de95684d67b79fe3c8c460321e87aef469502394",
}
STEPS_PER_DEGREE = 10
NOT_IN_ISO = {"Kosovo": "XK"}  # as MusicBrainz and the European Union have it
Point = tuple[int, int]


def main(folder: Path) -> None:
    shapes = _countries(folder / "countries-110m.json")
    fine = _countries(folder / "countries-50m.json")
    del shapes["AQ"], fine["AQ"]
    points = {code: _middle(rings) for code, rings in fine.items() if code not in shapes}
    points.pop("", None)
    document = {
        "source": "Natural Earth 4.1.0 (public domain), by world-atlas 2.0.2 (ISC)",
        "steps_per_degree": STEPS_PER_DEGREE,
        "shapes": {code: [_steps(ring) for ring in rings] for code, rings in shapes.items()},
        "points": points,
    }
    TARGET.write_text(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n")


def _countries(path: Path) -> dict[str, list[list[Point]]]:
    """The outer and inner rings of each country by its ISO code; "" has what ISO does not know."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != SHA256[path.name]:
        sys.exit(f"{path} is another file than the one of world-atlas 2.0.2")
    topology = json.loads(raw)
    arcs = [_arc(arc, topology["transform"]) for arc in topology["arcs"]]
    found: dict[str, list[list[Point]]] = {}
    for country in topology["objects"]["countries"]["geometries"]:
        if country["type"] is None:
            continue
        many = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings = [part for polygon in many for ring in polygon for part in _cut(_ring(ring, arcs))]
        whole = [ring for ring in rings if len(set(ring)) > 2] or rings[:1]
        found.setdefault(_code(country), []).extend(whole)
    return found


def _code(country: dict[str, Any]) -> str:
    known = pycountry.countries.get(numeric=country.get("id", ""))
    return known.alpha_2 if known else NOT_IN_ISO.get(country["properties"]["name"], "")


def _arc(steps: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    x = y = 0
    found = []
    for dx, dy in steps:
        x, y = x + dx, y + dy
        degrees = [
            place * scale + begin
            for place, scale, begin in zip(
                (x, y), transform["scale"], transform["translate"], strict=True
            )
        ]
        found.append((round(degrees[0] * STEPS_PER_DEGREE), round(degrees[1] * STEPS_PER_DEGREE)))
    return found


def _ring(numbers: list[int], arcs: list[list[Point]]) -> list[Point]:
    """A ring of arcs; a negative number is an arc from its end. No point twice in a row."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        for point in arc:
            if not points or points[-1] != point:
                points.append(point)
    return points


def _cut(ring: list[Point]) -> list[list[Point]]:
    """The parts of a ring on both sides of the 180th meridian, which a flat map ends at."""
    east: list[Point] = []
    turns, around = 0, 360 * STEPS_PER_DEGREE
    for x, y in ring[:-1] if ring[0] == ring[-1] else ring:
        if east and abs(x + turns * around - east[-1][0]) > around / 2:
            turns += 1 if x < 0 else -1
        east.append((x + turns * around, y))
    parts = []
    for turn in (-1, 0, 1):
        moved = [(x - turn * around, y) for x, y in east]
        if len(set(part := _kept(_kept(moved, 1), -1))) > 2:
            parts.append([*part, part[0]])
    return parts or [ring]


def _kept(ring: list[Point], side: int) -> list[Point]:
    """What of a ring is not beyond the meridian of 180 degrees times ``side``."""
    edge, found = side * 180 * STEPS_PER_DEGREE, list[Point]()
    for (x, y), (to_x, to_y) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        is_in, is_in_next = (side * (one - edge) <= 0 for one in (x, to_x))
        if is_in:
            found.append((x, y))
        if is_in != is_in_next:
            found.append((edge, round(y + (to_y - y) * (edge - x) / (to_x - x))))
    return found


def _steps(ring: list[Point]) -> list[int]:
    """The first point, then how far each next one is from the one before."""
    before = (0, 0)
    flat = []
    for point in ring[:-1] if ring[0] == ring[-1] else ring:
        flat += [point[0] - before[0], point[1] - before[1]]
        before = point
    return flat


def _middle(rings: list[list[Point]]) -> list[float]:
    """Longitude and latitude in the middle of the largest ring."""

    def size(ring: list[Point]) -> int:
        xs, ys = zip(*ring, strict=True)
        return int((max(xs) - min(xs)) * (max(ys) - min(ys)))

    xs, ys = zip(*max(rings, key=size), strict=True)
    middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    return [round(one / STEPS_PER_DEGREE, 2) for one in middle]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
