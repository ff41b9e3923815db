"""Plots are drawn whatever names are, on a map that keeps areas, in colours all can tell apart."""

import math
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from tests.hostile import NAMES
from utils.models.music_answers import Asked, Habit, OnMap, PlaceHeard, Span, Top
from utils.music.reports import canvas, color_scale, fonts, maps, plots, world
from utils.music.reports.canvas import Heading

ABOUT = Heading("The most heard artists", "Everything that was heard (Europe/Berlin)")


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    """matplotlib warns of characters that it draws as boxes."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def row(name: str, plays: int, by: str | None = None) -> Top:
    return Top(name=name, by=by, key=name[:9], plays=plays, minutes=plays * 3.0)


def place(code: str | None, plays: int, at: tuple[float, float] | None = None) -> PlaceHeard:
    latitude, longitude = at or (None, None)
    return PlaceHeard(name=code, country_code=code, plays=plays, minutes=1, artists=1,
                      latitude=latitude, longitude=longitude)  # fmt: skip


def colors(path: Path) -> set[str]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        found: Any = image.convert("RGB").getcolors(2**24)
    return {f"#{r:02x}{g:02x}{b:02x}" for count, (r, g, b) in found if count > 20}


def test_hostile_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    rows = [row(name, 1_000 - n, by=name) for n, name in enumerate(NAMES)]
    notes = plots.ranking(rows, Heading(NAMES[0], NAMES[8]), "plays", tmp_path / "top.png")
    assert all("Install one" in note for note in notes)
    assert color_scale.LIGHT[3] in colors(tmp_path / "top.png")
    with Image.open(tmp_path / "top.png") as image:
        assert image.width == 1350 and image.height < 3_000
        assert image.info["Title"] == NAMES[0]


def test_what_no_font_has_is_told_by_its_script() -> None:
    found = fonts.for_texts(["Björk", "فيروز", "\U000378ff live"])
    assert found.families[0] == fonts.FIRST
    assert found.lacking == {"\U000378ff"}  # nothing is assigned to it
    lacking = frozenset("宇多ヒ방")
    assert fonts.drawable("宇多ヒ live 방", lacking) == "⟨CJK⟩ live ⟨HANGUL⟩"
    assert fonts.drawable("♥\ufe0f x", frozenset("♥")) == "⟨sign⟩ x"


def test_more_rows_than_a_picture_holds_are_said(tmp_path: Path) -> None:
    notes = plots.ranking(
        [row(f"a{n}", 9) for n in range(70)], ABOUT, "minutes", tmp_path / "x.png"
    )
    assert notes == ("The first 50 of 70 are drawn.",)


@pytest.mark.parametrize("number", [0, 1, 36, 1_000])
def test_a_timeline_is_drawn_however_long_it_is(tmp_path: Path, number: int) -> None:
    rows = [Span(name=f"s{n}", begins_on=date(2026, 1, 1), plays=n % 50, minutes=1)
            for n in range(number)]  # fmt: skip
    plots.columns(rows, ABOUT, tmp_path / "line.png")
    assert (color_scale.LIGHT[3] in colors(tmp_path / "line.png")) == (number > 1)


def test_a_week_shows_the_most_in_the_darkest_and_nothing_as_nothing(tmp_path: Path) -> None:
    rows = [
        Habit(weekday=d, hour=h, plays=h * 3, minutes=1) for d in range(1, 8) for h in range(24)
    ]
    plots.week(rows, ABOUT, tmp_path / "week.png")
    assert {color_scale.LAND[0], *color_scale.LIGHT} <= colors(tmp_path / "week.png")
    plots.week([one.model_copy(update={"plays": 0}) for one in rows], ABOUT, tmp_path / "none.png")
    assert not set(color_scale.LIGHT) & colors(tmp_path / "none.png")


def test_a_map_shades_countries_and_names_what_it_lacks(tmp_path: Path) -> None:
    seen = OnMap(
        countries=(place("BR", 1_000), place("SG", 3), place("XW", 5), place(None, 9)),
        cities=(place("SG", 3, (1.35, 103.8)), place("x", 9, (-90, 0)), place("y", 1, (0, 999))),
    )
    assert maps.draw(seen, ABOUT, tmp_path / "map.png") == ("Not on the map: XW.",)
    assert {color_scale.LIGHT[-1], color_scale.LAND[0]} <= colors(tmp_path / "map.png")
    maps.draw(OnMap(countries=(), cities=()), ABOUT, tmp_path / "none.png")
    assert not set(color_scale.LIGHT) & colors(tmp_path / "none.png")


def test_areas_on_the_map_are_as_on_the_globe() -> None:
    """Between two parallels lies 2π·(sin a − sin b); the map's cells of 1° add up to the same."""

    def cell(latitude: float) -> float:
        (left, top), (right, _) = (world.project(x, latitude + 1) for x in (-0.5, 0.5))
        (low_left, bottom), (low_right, _) = (world.project(x, latitude) for x in (-0.5, 0.5))
        return (right - left + low_right - low_left) / 2 * (bottom - top)

    def on_globe(latitude: float) -> float:
        return math.sin(math.radians(latitude + 1)) - math.sin(math.radians(latitude))

    for latitude in (-56, -20, 45, 70, 80):
        assert cell(latitude) / cell(0) == pytest.approx(on_globe(latitude) / on_globe(0), rel=1e-3)
    assert world.project(180, 0)[0] == pytest.approx(1)
    assert world.project(0, world.NORTH) == pytest.approx((0.5, 0))


def test_no_country_is_drawn_across_the_whole_map() -> None:
    shapes = world.shapes()
    assert len(shapes) > 170 and {"DE", "RU", "FJ", "US"} <= {shape.code for shape in shapes}
    for shape in shapes:
        for ring in shape.rings:
            for (x, y), (to_x, to_y) in zip(ring, ring[1:] + ring[:1], strict=True):
                assert 0 <= x <= 1 and -0.01 <= y <= world.height() + 0.01
                assert abs(to_x - x) < 0.2 and abs(to_y - y) < 0.2, shape.code


def test_every_country_of_iso_3166_that_has_people_is_somewhere() -> None:
    import pycountry

    known = {shape.code for shape in world.shapes()} | set(world.points())
    lacking = {country.alpha_2 for country in pycountry.countries} - known
    # Uninhabited, or parts that Natural Earth draws with the country that they belong to.
    assert lacking <= {"AQ", "BV", "CC", "CX", "UM", "BQ", "GF", "GI", "GP", "MQ", "RE", "SJ", "TK",
                       "TV", "YT"}  # fmt: skip


def test_shades_differ_in_lightness_from_one_to_the_next() -> None:
    """So they are told apart in grey, and whatever colours somebody sees."""

    def lightness(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        return 116 * y ** (1 / 3) - 16

    light, dark = (
        (land, *ramp)
        for land, ramp in zip(color_scale.LAND, (color_scale.LIGHT, color_scale.DARK), strict=True)
    )
    for ramp, sign in ((light, -1), (dark, 1)):
        steps = [sign * (lightness(b) - lightness(a)) for a, b in pairwise(ramp)]
        assert min(steps) > 8, steps


@pytest.mark.parametrize(
    ("values", "classes"),
    [([], []), ([0], []), ([7], [3]), ([1, 10_000], [0, 5]), ([1, 2], [0, 5]), (range(1, 7), None)],
)
def test_classes_hold_every_number_once(values: list[int], classes: list[int] | None) -> None:
    least = color_scale.bounds(values)
    found = [color_scale.class_of(value, least) for value in values if value]
    assert found == sorted(found) and all(0 <= one < color_scale.CLASSES for one in found)
    if classes is not None:
        assert found == classes
    assert color_scale.class_of(0, least) == -1


def test_a_heading_says_which_plays() -> None:
    zone = ZoneInfo("Europe/Berlin")
    asked = Asked(since=datetime(2025, 12, 31, 23, tzinfo=UTC), place="Köln\n")
    assert (
        canvas.heading("x", asked, zone).of == "From 2026-01-01, artists from Köln␤ (Europe/Berlin)"
    )
    asked = Asked(until=datetime(2026, 1, 1, 12, 30, tzinfo=UTC))
    assert canvas.heading("x", asked, zone).of == "Before 2026-01-01 13:30 (Europe/Berlin)"
