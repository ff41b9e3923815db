"""Every page that there is: found among the routes, its addresses filled in from a world."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
    """Every page that one can look at; those of items for several items of different kinds.

    Raises:
        LookupError: a route has a parameter of which nothing is known here.
    """
    known, paths = _known(world), routes(app, "GET")
    found = [Address(path, place) for path in paths for place in _filled(path, known)]
    more = [Address(path, path + query) for path, query in _ASKED if path in paths]
    if "/items/{item_id}" in paths or any(re.fullmatch(r"/items/\{\w+\}", p) for p in paths):
        item = world.items[0]
        more += [Address("/items/", f"/items/{item}?tab={tab}") for tab in TABS]
        more += [Address("/items/", f"/items/{world.hour}?t=600")]
    if "/review" in paths and world.waiting:
        more.append(Address("/review", f"/review?item={world.waiting[-1]}"))
    return found + more


def filled(path: str, world: World) -> Iterator[str]:
    """The addresses of a route."""
    return _filled(path, _known(world))


def _known(world: World) -> Mapping[str, Sequence[str]]:
    """What may stand for each parameter, by its name."""
    several = (world.items[0], world.items[17], world.hour, *world.waiting[:1], *world.failed[:1])
    with session() as s:
        view = s.scalars(select(SavedView.id).limit(1)).all()
        review = s.scalars(select(ReviewRow.id).limit(1)).all()
        publication = s.scalars(select(PublicationRow.id).limit(1)).all()
        person = [one.id for one in users.every(s)][:1]
    return {
        "item": several, "item_id": several, "wanted": several, "run": world.runs[:2],
        "run_id": world.runs[:2], "source": world.sources[:3], "source_name": world.sources[:3],
        "view": [str(one) for one in view], "view_id": [str(one) for one in view],
        "review_id": [str(one) for one in review], "user": person, "user_id": person,
        "number": [str(one) for one in review or publication],
        "publication_id": [str(one) for one in publication], "tab": TABS,
        "one": world.alike[0][:1], "other": world.alike[0][1:],
    }  # fmt: skip


def _filled(path: str, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The addresses of a route; of one with several parameters the first of each of the rest."""
    names = re.findall(r"\{(\w+)(?::\w+)?\}", path)
    if not names:
        yield path
        return
    for name in names:
        name = "source" if name == "name" and path.startswith("/sources") else name
        if name not in known:
            raise LookupError(f"tests/page_walk.py knows nothing for {name} in {path}")
    first, *rest = names
    values = known["source" if first == "name" else first]
    for value in values:
        place = re.sub(rf"\{{{first}(?::\w+)?\}}", value, path)
        for name in rest:
            place = re.sub(rf"\{{{name}(?::\w+)?\}}", known[name][0], place)
        yield place
