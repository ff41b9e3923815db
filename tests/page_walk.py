"""Every page that there is: found among the routes, its addresses filled in from a world."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

from tests.page_world import World
from utils.db import users
from utils.db.page_tables import SavedView
from utils.db.publication_tables import PublicationRow
from utils.db.review_tables import ReviewRow
from utils.db.session import session

# What pages take in their addresses besides; asked for where there is such a page.
_ASKED = (
    ("/library", "?layout=list&sort=title"), ("/library", "?kind=audio&layout=grid"),
    ("/library", "?status=failed"), ("/library", "?camera=nothing+has+this"),
    ("/search", "?q=harbour"), ("/search", "?q=%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E"),
    ("/search", "?q=%22'%3E%3Ch1+id%3Dhacked%3E"), ("/search", "?q=harbour+evening&kind=audio"),
    ("/login", "?next=%22%3E%3Ch1+id%3Dhacked%3E"), ("/login", "?next=//hacked.invalid/"),
)  # fmt: skip
TABS = ("facts", "files", "history", "alike", "published")


class Address(NamedTuple):
    """One page to look at: the path of its route, and the address with its parameters filled in."""

    route: str
    place: str


def pages_of(app: Any) -> FastAPI:
    """The application of the pages, beside the API."""
    found: FastAPI = app.router.routes[-1].app
    return found


def routes(app: Any, method: str) -> list[str]:
    """The paths of the pages' routes that take a method, in their order."""
    found = [one.path for one in _routes(pages_of(app).routes) if method in (one.methods or ())]
    assert found, "FastAPI keeps its routes elsewhere"
    return found


def _routes(known: Iterable[Any]) -> Iterator[APIRoute]:
    for one in known:
        if isinstance(one, APIRoute):
            yield one
        elif router := getattr(one, "original_router", None):  # of a module, as it was included
            yield from _routes(router.routes)


def addresses(app: Any, world: World) -> list[Address]:
    """Every page that one can look at; those of items for several items of different kinds."""
    known = _known(world)
    paths = [path for path in routes(app, "GET") if not path.endswith("/events")]  # without end
    found = [one for path in paths for one in _filled(path, known)]
    more = [Address(path, path + query) for path, query in _ASKED if path in paths]
    item = world.items[0]
    if any(re.fullmatch(r"/items/\{[\w:]+\}", path) for path in paths):
        more += [Address("/items/", f"/items/{item}?tab={tab}") for tab in TABS]
    if "/review" in paths and world.waiting:
        more.append(Address("/review", f"/review?item={world.waiting[-1]}"))
    return found + more


def one_of_each(places: Iterable[Address]) -> list[Address]:
    """Without further items of the same page: those are the same to look at."""
    found: dict[tuple[str, str], Address] = {}
    for one in places:
        found.setdefault((one.route, one.place.partition("=")[2][:9]), one)
    return list(found.values())


def main_ones(places: Iterable[Address]) -> list[Address]:
    """The pages of the menu, one item, one source, one run: without their parts and lists."""
    wanted = re.compile(r"/[\w-]*|/(?:items|sources|shift/runs)/\{[\w:]+\}")
    return [
        one for one in one_of_each(places) if wanted.fullmatch(one.route) and "?" not in one.place
    ]


def filled(path: str) -> str:
    """An address of a route that nothing lies at."""
    return re.sub(r"\{\w*item\w*(?::\w+)?\}", "a" * 64, re.sub(r"\{(?!\w*item)\w+\}", "1", path))


def _known(world: World) -> Mapping[str, Sequence[str]]:
    """What may stand for each parameter, by its name."""
    several = (world.items[0], world.items[17], world.hour, *world.waiting[:1], *world.failed[:1])
    with session() as s:
        person = [one.id for one in users.every(s)][:1]
        numbers = {
            name: [str(one) for one in s.scalars(select(table.id).limit(1))]
            for name, table in (
                ("view", SavedView), ("review", ReviewRow), ("publication", PublicationRow)
            )
        }  # fmt: skip
    known: dict[str, Sequence[str]] = {
        "item": several, "run": world.runs[:2], "source": world.sources[:3], "tab": TABS,
        "user": person, "form": ("txt", "vtt"), "number": ("1",), **numbers,
    }  # fmt: skip
    return known | {f"{name}_id": values for name, values in known.items()}


def _filled(path: str, known: Mapping[str, Sequence[str]]) -> Iterator[Address]:
    """The addresses of a route; with several parameters the first of each of the rest."""
    names = re.findall(r"\{(\w+)(?::\w+)?\}", path)
    given = {name: _values(path, name, known) for name in names}
    is_item = re.fullmatch(r"/items/\{[\w:]+\}", path) is not None
    most = len(known["item"]) if is_item else 1
    for number in range(most):
        place = path
        for name, values in given.items():
            value = values[min(number, len(values) - 1)] if values else "1"
            place = re.sub(rf"\{{{name}(?::\w+)?\}}", quote(value), place)
        yield Address(path, place)


def _values(path: str, name: str, known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    is_source = name == "name" and path.startswith("/sources/")
    return known.get("source" if is_source else name, ())
