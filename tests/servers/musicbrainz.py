"""MusicBrainz on loopback: its web service, version 2, as its server's code answers.

Recordings, artists and areas are what a test puts into a ``Catalogue``; each request is noted with
its moment, and one that comes too soon is refused as the real one does. What a test puts into
``moods`` by path (``artist/MBID``) is answered instead, one after another.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.servers.loopback import Answer, Asked, Server, serving

HELP = "For usage, please see: https://musicbrainz.org/development/mmd"
INCLUDES = {
    "isrc": {"artists", "releases", "puids", "isrcs", "artist-credits", "aliases", "tags"},
    "recording": {"artists", "releases", "artist-credits", "isrcs", "aliases", "tags", "genres",
                  "release-groups", "annotation"},
    "artist": {"recordings", "releases", "release-groups", "works", "aliases", "tags", "genres",
               "area-rels", "annotation"},
    "area": {"aliases", "annotation", "area-rels", "tags", "genres"},
    "release-group": {"artists", "releases", "artist-credits", "aliases", "tags", "genres"},
}  # fmt: skip
Mood = Answer | Callable[[], Answer]


def mbid(*words: object) -> str:
    """An id that is the same for the same words."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(map(str, words))))


@dataclass
class Catalogue:
    """What the server knows, by id; ``merged``: ids that were merged into others.

    ``redirects``: say so by a redirect, as a mirror behind another server may.
    """

    isrcs: dict[str, list[str]] = field(default_factory=dict)
    recordings: dict[str, dict[str, Any]] = field(default_factory=dict)
    artists: dict[str, dict[str, Any]] = field(default_factory=dict)
    areas: dict[str, dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    redirects: bool = False

    def area(
        self, name: str, kind: str = "Country", within: str | None = None, **codes: list[str]
    ) -> str:
        """Add an area; ``codes``: iso_3166_1 and so on. Returns its id."""
        known = mbid("area", name)
        spelled = {f"{key.replace('_', '-')}-codes": value for key, value in codes.items()}
        self.areas[known] = {
            "id": known, "name": name, "sort-name": name, "type": kind, "type-id": mbid(kind),
            "disambiguation": "", "life-span": {"begin": None, "end": None, "ended": False},
            "_within": [within] if within else [], **spelled,
        }  # fmt: skip
        return known

    def artist(self, name: str, area: str | None = None, **more: Any) -> str:
        """Add an artist; returns its id."""
        known = mbid("artist", name)
        self.artists[known] = {
            "id": known, "name": name, "sort-name": name, "disambiguation": "", "type": "Person",
            "type-id": "b6e035f4-3ce9-331c-97df-83397230b0df", "gender": None, "gender-id": None,
            "country": None, "_area": area, "_begin_area": None, "end-area": None,
            "ipis": [], "isnis": [],
            "life-span": {"begin": "1986-11-05", "end": None, "ended": False},
            "aliases": [], "tags": [], "genres": [], **more,
        }  # fmt: skip
        return known

    def recording(self, title: str, artist: str, isrc: str | None, **more: Any) -> str:
        """Add a recording by an artist, under an ISRC; returns its id."""
        known = mbid("recording", title, isrc, more.get("disambiguation", ""))
        self.recordings[known] = {
            "id": known, "title": title, "disambiguation": "", "length": 240_000, "video": False,
            "first-release-date": "2004-03-17", "_artist": artist, "isrcs": [isrc] if isrc else [],
            **more,
        }  # fmt: skip
        if isrc:
            self.isrcs.setdefault(isrc, []).append(known)
        return known


@dataclass
class Service:
    """A running server: what it knows, how it behaves, what it was asked."""

    server: Server
    catalogue: Catalogue
    per_second: float
    latency: float
    moods: dict[str, list[Mood]]
    refused: int = 0
    moments: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.server.url}/ws/2"

    @property
    def paths(self) -> list[str]:
        """What was asked for, without its query, in order."""
        return [urlsplit(one.path).path.removeprefix("/ws/2/") for one in self.server.asked]

    def most_in(self, seconds: float) -> int:
        """The most requests that came within so many seconds, whichever these are."""
        came = sorted(self.moments)
        return max((sum(at <= one < at + seconds for one in came) for at in came), default=0)


@contextmanager
def musicbrainz(
    catalogue: Catalogue | None = None, per_second: float = 1e9, latency: float = 0.0
) -> Iterator[Service]:
    """A MusicBrainz that allows so many requests a second, and takes its time for each."""
    guard = threading.Lock()

    def answer(asked: Asked) -> Answer:
        with guard:
            now = time.monotonic()
            service.moments.append(now)
            recent = sum(now - one < 1 for one in service.moments[-2000:])
        path = urlsplit(asked.path).path.removeprefix("/ws/2/")
        if not asked.headers.get("User-Agent"):
            return failed(403, "Your requests do not have a User-Agent.")
        if recent > service.per_second:
            service.refused += 1
            return exceeded()
        if waiting := service.moods.get(path):
            mood = waiting.pop(0)
            return mood() if callable(mood) else mood
        time.sleep(service.latency)
        return looked_up(service.catalogue, path, parse_qs(urlsplit(asked.path).query), service)

    with serving(answer, keep_alive=True) as server:
        service = Service(server, catalogue or Catalogue(), per_second, latency, {})
        yield service


def failed(status: int, message: str, **headers: str) -> Answer:
    return Answer.of_json({"error": message, "help": HELP}, status, **headers)


def exceeded(retry_after: str = "1") -> Answer:
    """Asked more often than is allowed."""
    message = "Your requests are exceeding the allowable rate limit. Please see " \
              "https://wiki.musicbrainz.org/XMLWebService for more information."  # fmt: skip
    headers = {"Retry-After": retry_after, "X-RateLimit-Limit": "15", "X-RateLimit-Remaining": "0",
               "X-RateLimit-Zone": "per-ip"}  # fmt: skip
    return Answer.of_json({"error": message}, 503, **headers)


def busy() -> Answer:
    """Too busy for anybody; it names no delay that means anything."""
    message = "The MusicBrainz web server is currently busy. Please try again later."
    return Answer.of_json({"error": message}, 503, **{"Retry-After": "0"})


def page(status: int = 200) -> Answer:
    """A page of HTML, as what stands before a server says it."""
    body = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    return Answer(status, body, {"Content-Type": "text/html"})


def looked_up(
    catalogue: Catalogue, path: str, query: dict[str, list[str]], service: Service
) -> Answer:
    kind, _, wanted = path.partition("/")
    included = set(query.get("inc", [""])[0].split())
    if kind not in INCLUDES:
        return failed(404, "Not Found")
    if wrong := sorted(included - INCLUDES[kind]):
        return failed(400, f"{wrong[0]} is not a valid inc parameter for the {kind} resource.")
    if query.get("fmt") != ["json"]:
        return Answer(406, b"<error/>", {"Content-Type": "application/xml"})
    if kind == "isrc":
        return isrc(catalogue, wanted, included)
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", wanted):
        return failed(400, "Invalid mbid.")
    if wanted in catalogue.merged and catalogue.redirects:
        place = f"{service.url}/{kind}/{catalogue.merged[wanted]}?fmt=json"
        return Answer(301, headers={"Location": place, "Content-Length": "0"})
    wanted = catalogue.merged.get(wanted, wanted)
    document = {"recording": recording, "artist": artist, "area": area}.get(kind, nothing)(
        catalogue, wanted, included
    )
    return failed(404, "Not Found") if document is None else Answer.of_json(document)


def nothing(_catalogue: Catalogue, _wanted: str, _included: set[str]) -> None:
    return None


def isrc(catalogue: Catalogue, wanted: str, included: set[str]) -> Answer:
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", wanted):
        return failed(400, "Invalid isrc.")
    ids = [one for one in catalogue.isrcs.get(wanted, []) if one in catalogue.recordings]
    if not ids:
        return failed(404, "Not Found")
    found = [recording(catalogue, one, included - {"releases"}) for one in ids]
    return Answer.of_json({"isrc": wanted, "recordings": found})


def recording(catalogue: Catalogue, wanted: str, included: set[str]) -> dict[str, Any] | None:
    known = catalogue.recordings.get(wanted)
    if known is None:
        return None
    document = shown(known) | {"isrcs": known["isrcs"]}
    if "isrcs" not in included:
        del document["isrcs"]
    if {"artists", "artist-credits"} & included and known["_artist"] in catalogue.artists:
        document["artist-credit"] = credit(catalogue, known)
    if "releases" in included:
        group = {
            "id": mbid("group", known["title"]), "title": known["title"], "primary-type": "Single",
            "secondary-types": [], "first-release-date": known["first-release-date"],
            "disambiguation": "",
        }  # fmt: skip
        release = {"id": mbid("release", wanted), "title": known["title"], "status": "Official"}
        more = {"release-group": group} if "release-groups" in included else {}
        document["releases"] = [release | more]
    return document


def credit(catalogue: Catalogue, known: dict[str, Any]) -> list[dict[str, Any]]:
    by = catalogue.artists[known["_artist"]]
    names = ("id", "name", "sort-name", "disambiguation", "type", "type-id")
    return [{"name": by["name"], "joinphrase": "", "artist": {one: by[one] for one in names}}]


def artist(catalogue: Catalogue, wanted: str, included: set[str]) -> dict[str, Any] | None:
    known = catalogue.artists.get(wanted)
    if known is None:
        return None
    document = shown(known)
    for name in {"aliases", "tags", "genres"} - included:
        del document[name]
    document["area"] = linked(catalogue, known["_area"])
    document["begin-area"] = linked(catalogue, known["_begin_area"])
    return document


def area(catalogue: Catalogue, wanted: str, included: set[str]) -> dict[str, Any] | None:
    known = catalogue.areas.get(wanted)
    if known is None:
        return None
    document = shown(known)
    if "area-rels" in included:
        parts = [(one, "forward") for one in catalogue.areas if _is_in(catalogue, one, wanted)]
        wholes = [(one, "backward") for one in known["_within"]]
        document["relations"] = [
            {
                "type": "part of", "type-id": "de7cc874-8b1b-3a05-8272-f3834c968fb7",
                "direction": way, "target-type": "area", "ended": known.get("_ended") == one,
                "begin": None, "end": None, "attributes": [], "area": linked(catalogue, one),
            }
            for one, way in (*parts, *wholes)
        ]  # fmt: skip
    return document


def _is_in(catalogue: Catalogue, one: str, other: str) -> bool:
    return other in catalogue.areas[one]["_within"]


def linked(catalogue: Catalogue, known: str | None) -> dict[str, Any] | None:
    """An area as it stands within another thing."""
    if known is None or known not in catalogue.areas:
        return None
    whole = shown(catalogue.areas[known])
    return {name: value for name, value in whole.items() if name != "life-span"}


def shown(known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if not name.startswith("_")}
