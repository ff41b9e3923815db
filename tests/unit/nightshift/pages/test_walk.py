"""A walk over every page that there is, in a world where all names and texts are hostile."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from fastapi.testclient import TestClient

from nightshift.pages.app import create_app
from nightshift.pages.viewer import COOKIE
from tests import page_checks, page_texts, page_walk, page_world
from tests.hostile import TEXTS
from tests.pages import LOCAL, client, cookie_of
from tests.paths import PROJECT
from utils.config import Settings
from utils.models.page_settings import Role

MOST_BYTES = 100_000  # of a page as it is sent, without its pictures
_MOST_LINKS = 150  # that are followed; those of one shape are one
_PUBLIC = ("/login", "/setup", "/manifest.webmanifest")
_ID = re.compile(r"[0-9a-f]{12,64}|(?<=/)\d+(?=/|$)")
_ICONS = PROJECT / "nightshift" / "pages" / "static" / "icons.svg"


def test_every_page_stands_among_hostile_texts(settings: Settings) -> None:
    world = page_world.fill(settings, len(TEXTS) + 4)
    asking = TestClient(
        create_app(settings), "http://127.0.0.1", client=LOCAL, follow_redirects=False,
        raise_server_exceptions=False,
    )  # fmt: skip
    asking.cookies.set(COOKIE, cookie_of(Role.ADMIN))
    found = list(_walk(asking, page_walk.addresses(asking.app, world)))
    assert found == []


def _walk(asking: TestClient, places: list[page_walk.Address]) -> Iterator[str]:
    """What is wrong with pages, as an admin, as a viewer who reads German, and as nobody."""
    viewer, linked = cookie_of(Role.VIEWER), dict[str, str]()
    admin = asking.cookies[COOKIE]
    others = set(page_walk.one_of_each(places))
    for address in places:
        route, place = address
        answer = asking.get(place)
        if answer.status_code >= 500 and "text/html" in answer.headers.get("content-type", ""):
            yield f"{place}: {answer.status_code}"
        if "text/html" in answer.headers.get("content-type", ""):
            part = not answer.text.lstrip().startswith("<!doctype")
            yield from (f"{place}: {one}" for one in page_checks.faults(answer.text, is_part=part))
            size = len(gzip.compress(answer.content))
            yield from [f"{place}: {size} bytes"] * (size > MOST_BYTES)
            linked |= {_shape(one): one for one in page_checks.links(answer.text)}
        if address not in others:
            continue
        asking.cookies.set(COOKIE, viewer)
        yield from _read_by_a_viewer(asking, place)
        asking.cookies.delete(COOKIE)
        if route not in _PUBLIC:
            status = asking.get(place).status_code
            yield from [f"{place}: anybody gets {status}"] * (status not in {303, 401})
        asking.cookies.set(COOKIE, admin)
    seen = {_shape(place) for _, place in places}
    new = [link for shape, link in linked.items() if shape not in seen]
    yield from _followed(asking, new[:_MOST_LINKS])


def _shape(place: str) -> str:
    """An address without what tells items, runs, formats of one file and the like apart."""
    return re.sub(r"\.\w+$", "", _ID.sub("ID", urlsplit(place).path))


def _read_by_a_viewer(asking: TestClient, place: str) -> Iterator[str]:
    answer = asking.get(place, headers={"accept-language": "de"})
    if "text/html" not in answer.headers.get("content-type", ""):
        return
    if answer.status_code >= 500:
        yield f"{place} of a viewer: {answer.status_code}"
    if "<!doctype" in answer.text and 'lang="de"' not in answer.text:
        yield f"{place} is not German"


def _followed(asking: TestClient, links: list[str]) -> Iterator[str]:
    """What links of ours lead nowhere; files of items are not there in this world."""
    for link in links:
        place = urlsplit(link)
        if place.scheme or place.netloc or not place.path or "/files/" in place.path:
            continue
        answer = asking.get(link)
        if answer.status_code >= 400 and not place.path.startswith("/pictures/"):
            yield f"the link {link}: {answer.status_code}"


def test_every_change_wants_the_token_of_its_page(settings: Settings) -> None:
    asking = client(settings, Role.ADMIN)
    found = []
    for path in page_walk.routes(asking.app, "POST"):
        if path in _PUBLIC:
            continue
        fields = {"item": "a" * 64}
        # Files are taken as they come: there the token is looked for before the first of them.
        files = {"file": ("a.mp4", b"abc")} if path == "/upload" else None
        status = asking.post(page_walk.filled(path), data=fields, files=files).status_code
        if status != 403:
            found.append(f"{path}: {status}")
    assert found == []


def test_every_icon_that_is_named_is_there() -> None:
    there = set(re.findall(r'id="([\w-]+)"', _ICONS.read_text()))
    named = {
        f"{path.name}: {name}"
        for path in page_texts.TEMPLATES
        for name in re.findall(r"\bicon\(\"([\w-]+)\"", path.read_text())
        if name not in there
    }
    assert named == set()
