"""MusicBrainz's answers, cut to what is used (docs/music.md). They come from outside: each field
is looked at, and what is none of its kind is as if it were not there.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from utils.models.music import EntityKind
from utils.music import identifiers

_LONGEST_TEXT = 500
_MOST_NAMES = 100  # aliases, tags, genres, release groups of one thing
_PART_OF = "part of"
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")  # what no database takes in a text
_CODE = re.compile(r"[A-Za-z]{2}[A-Za-z0-9-]{0,4}")  # ISO 3166-1, -2 and -3
Document = dict[str, Any]


class Area(NamedTuple):
    """An area that an answer tells of besides what was asked for."""

    id: str
    document: Document


def id_of(reply: Document) -> str | None:
    """The id that a thing goes by now; it is another than the one asked for, if they are merged."""
    return identifiers.mbid(reply.get("id"))


def recordings(reply: Document) -> list[Document]:
    """The recordings of an ISRC: ``id``, ``title``, ``length_ms``, ``artist``, ``first_released``.

    ``artist`` is the credit as it is printed.
    """
    return [
        {
            "id": found,
            "title": text(one.get("title")) or "",
            "length_ms": whole(one.get("length")),
            "artist": _credit(one),
            "first_released": text(one.get("first-release-date")),
        }
        for one in dicts(reply.get("recordings"))
        if (found := identifiers.mbid(one.get("id")))
    ]


def recording(reply: Document) -> Document:
    """A recording: its artists, and the release groups that it is on, the oldest first."""
    return {
        "title": text(reply.get("title")) or "",
        "length_ms": whole(reply.get("length")),
        "artists": _artists(reply),
        "release_groups": _release_groups(reply),
        "isrcs": [one for one in map(identifiers.isrc, listed(reply.get("isrcs"))) if one],
    }


def artist(reply: Document) -> Document:
    """An artist. ``tags`` and ``genres`` are those with most votes first."""
    life = reply.get("life-span")
    life = life if isinstance(life, dict) else {}
    area, begin = _area_of(reply, "area"), _area_of(reply, "begin-area")
    return {
        "name": text(reply.get("name")) or "",
        "sort_name": text(reply.get("sort-name")),
        "type": text(reply.get("type")),
        "area_id": area.id if area else None,
        "begin_area_id": begin.id if begin else None,
        "country": text(reply.get("country")),
        "began": text(life.get("begin")),
        "ended": text(life.get("end")),
        "aliases": _names(reply.get("aliases")),
        "tags": _votes(reply.get("tags")),
        "genres": _votes(reply.get("genres")),
    }


def area(reply: Document) -> Document:
    """An area, and the one that it lies in: an existing one rather than one that is no more."""
    parent = _parent(reply)
    return _area(reply) | {"parent_id": parent.id if parent else None}


def countries(kind: EntityKind, reply: Document) -> list[Area]:
    """Countries that an answer names whole, so that they need not be asked for."""
    told: list[Area | None] = []
    if kind is EntityKind.ARTIST:
        told = [_area_of(reply, "area"), _area_of(reply, "begin-area")]
    if kind is EntityKind.AREA:
        told = [_parent(reply)]
    return [one for one in told if one and one.document["iso_3166_1"]]


def text(value: object) -> str | None:
    """A text that is not empty, of a bounded length and fit for any database."""
    if not isinstance(value, str):
        return None
    return _UNFIT.sub("", value)[:_LONGEST_TEXT].strip() or None


def whole(value: object) -> int | None:
    """A whole number that is not negative and fits into a column."""
    is_one = isinstance(value, int) and not isinstance(value, bool)
    return value if is_one and 0 <= value < 2**31 else None  # type: ignore[operator,return-value]


def listed(value: object) -> list[Any]:
    """A list, or none."""
    return value if isinstance(value, list) else []


def dicts(value: object) -> list[Document]:
    """The objects in a list."""
    return [one for one in listed(value) if isinstance(one, dict)]


def _artists(reply: Document) -> list[Document]:
    found = []
    for credit in dicts(reply.get("artist-credit")):
        given = credit.get("artist")
        if isinstance(given, dict) and (known := identifiers.mbid(given.get("id"))):
            found.append({"id": known, "name": text(given.get("name")) or ""})
    return found[:_MOST_NAMES]


def _credit(reply: Document) -> str | None:
    parts = dicts(reply.get("artist-credit"))
    printed = "".join(f"{one.get('name', '')}{one.get('joinphrase', '')}" for one in parts)
    return text(printed)


def _release_groups(reply: Document) -> list[Document]:
    """Release groups of the releases that a recording is on, each once, the oldest first."""
    found: dict[str, Document] = {}
    told = [release.get("release-group") for release in dicts(reply.get("releases"))]
    for group in dicts([*told, *listed(reply.get("release-groups"))]):
        if (known := identifiers.mbid(group.get("id"))) is None:
            continue
        found[known] = {
            "id": known,
            "title": text(group.get("title")) or "",
            "type": text(group.get("primary-type")),
            "first_released": text(group.get("first-release-date")),
        }
    in_order = sorted(found.values(), key=lambda one: (one["first_released"] or "9", one["id"]))
    return in_order[:_MOST_NAMES]


def _names(value: object) -> list[str]:
    found = (text(one.get("name")) for one in dicts(value))
    return list(dict.fromkeys(name for name in found if name))[:_MOST_NAMES]


def _votes(value: object) -> list[Document]:
    found: list[Document] = [
        {"name": name, "count": whole(one.get("count")) or 0}
        for one in dicts(value)
        if (name := text(one.get("name")))
    ]
    return sorted(found, key=lambda one: (-one["count"], one["name"]))[:_MOST_NAMES]


def _area_of(reply: Document, name: str) -> Area | None:
    given = reply.get(name) or reply.get(name.replace("-", "_"))  # as older servers have it
    if not isinstance(given, dict) or (known := identifiers.mbid(given.get("id"))) is None:
        return None
    return Area(known, _area(given) | {"parent_id": None})


def _area(reply: Document) -> Document:
    return {
        "name": text(reply.get("name")) or "",
        "type": text(reply.get("type")),
        "iso_3166_1": _codes(reply.get("iso-3166-1-codes")),
        "iso_3166_2": _codes(reply.get("iso-3166-2-codes")),
        "iso_3166_3": _codes(reply.get("iso-3166-3-codes")),
    }


def _codes(value: object) -> list[str]:
    found = (text(one) for one in listed(value))
    return [one.upper() for one in found if one and _CODE.fullmatch(one)]


def _parent(reply: Document) -> Area | None:
    """What an area is part of. From a part to the whole such a relation points backward."""
    found: list[tuple[bool, bool, int, Area]] = []
    for number, one in enumerate(dicts(reply.get("relations"))):
        is_parent = one.get("type") == _PART_OF and one.get("direction") == "backward"
        if is_parent and (outer := _area_of(one, "area")):
            has_no_code = not (outer.document["iso_3166_1"] or outer.document["iso_3166_2"])
            found.append((one.get("ended") is True, has_no_code, number, outer))
    return min(found)[3] if found else None
