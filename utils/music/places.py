"""Countries, former countries and cities, out of small tables of our own (utils/music/geodata).

Nothing is asked of anybody. ISO 3166-2 is pycountry's.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from utils.music.names import folded


class Country(NamedTuple):
    """A country: its codes and its point in degrees; ``is_former``: there is none such any more.

    Three have no point: nobody lives there.
    """

    code: str
    code3: str
    name: str
    continent: str
    latitude: float | None
    longitude: float | None
    is_former: bool = False


class Point(NamedTuple):
    """A place in degrees."""

    latitude: float
    longitude: float


def country(code: str) -> Country | None:
    """A country by its code in ISO 3166-1 (alpha-2); a former one by that too, or by ISO 3166-3."""
    return _countries().get(code) or _former().get(code)


def code_of(name: str) -> str | None:
    """The code of a country by what people call it; parts of the United Kingdom are its."""
    return _codes().get(folded(name))


def city(name: str, code: str, state: str | None = None) -> Point | None:
    """A city of 100,000 and more: the largest of its name in a country.

    ``state``: of the United States, ``CA``, where namesakes are many.
    """
    by_name = _cities()
    wanted = folded(name)
    if code == "US" and state:
        return by_name.get((f"{code}-{state}", wanted))
    return by_name.get((code, wanted))


def largest_city(code: str, state: str) -> Point | None:
    """The largest city of a state of the United States."""
    return _cities().get((f"{code}-{state}", ""))


def subdivision(code: str) -> str | None:
    """The name of a part of a country by its code in ISO 3166-2; None if there is none such."""
    import pycountry

    found = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    return str(found.name) if found else None


@cache
def _countries() -> dict[str, Country]:
    found: dict[str, Country] = {}
    for code, code3, continent, latitude, longitude, name in _rows("countries.tsv"):
        has_point = bool(latitude)
        found[code] = Country(
            code, code3, name, continent,
            float(latitude) if has_point else None, float(longitude) if has_point else None,
        )  # fmt: skip
    return found


@cache
def _former() -> dict[str, Country]:
    found: dict[str, Country] = {}
    for code4, code, code3, name, continent, latitude, longitude in _rows("former.tsv"):
        one = Country(code, code3, name, continent, float(latitude), float(longitude), True)
        found.setdefault(code4, one)
        found.setdefault(code, one)
    return found


@cache
def _codes() -> dict[str, str]:
    import pycountry

    said = [(name, one.alpha_2) for one in pycountry.countries for name in _names_of(one)]
    own = {folded(one.name): one.code for one in (*_former().values(), *_countries().values())}
    codes = {code.casefold(): code for code in _countries()}
    codes |= {one.code3.casefold(): one.code for one in _countries().values()}
    given = {folded(name): code for name, code in _rows("names.tsv")}
    return codes | {folded(name): code for name, code in said} | own | given


def _names_of(country: Any) -> list[str]:
    """What ISO calls a country: in short, officially, commonly."""
    given = (getattr(country, name, None) for name in ("name", "official_name", "common_name"))
    return [name for name in given if name]


@cache
def _cities() -> dict[tuple[str, str], Point]:
    """By country and name; the largest first, and each city's own name before others' second."""
    packed = resources.files("utils.music").joinpath("geodata/cities.tsv.gz").read_bytes()
    first: dict[tuple[str, str], Point] = {}
    second: dict[tuple[str, str], Point] = {}
    for line in gzip.decompress(packed).decode().splitlines():
        code, state, latitude, longitude, known = line.split("\t")
        point = Point(float(latitude), float(longitude))
        for area in filter(None, (code, f"{code}-{state}" if state else "")):
            own, *others = known.split("|")
            first.setdefault((area, own), point)
            first.setdefault((area, ""), point)
            for name in others:
                second.setdefault((area, name), point)
    return second | first


def _rows(name: str) -> Iterator[list[str]]:
    text = resources.files("utils.music").joinpath(f"geodata/{name}").read_text("utf-8")
    return (line.split("\t") for line in text.splitlines())
