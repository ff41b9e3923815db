"""Where an area of MusicBrainz lies: codes, country, part of it, continent, a point. Offline.

An area's own codes count first, then those of the areas that it lies in, then its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from utils import clock
from utils.db import music_entities, music_lookups
from utils.db.session import session
from utils.models.music import Entity, EntityKind, Outcome, Provider, SubflowResult
from utils.music import places
from utils.music.places import Country
from utils.processes import deadline

_MOST_PARENTS = 20
_LOOK_SECONDS = 1.0  # between two looks for new areas, while MusicBrainz is being asked
_WIDE = {"Country", "Subdivision", "County"}  # no city, though one may have its name
Document = dict[str, Any]
Areas = Mapping[str, Document]
# Areas of MusicBrainz that are no country, with codes that ISO leaves to users.
_REGIONS = {"XE": ("Europe", "Europe"), "XW": (None, "the world")}


class Resolved(NamedTuple):
    """What is known of an area; ``is_whole``: nothing that could be asked for is missing."""

    document: Document
    is_whole: bool


def enrich(limit: int | None, is_last: Callable[[], bool]) -> SubflowResult:
    """Say where the areas of all artists lie, as they become known; what is said stays.

    Args:
        limit: How many are written at most; None for all.
        is_last: Whether no more areas will become known; asked again while they may.

    Raises:
        StoppedError: the process is to end.
    """
    begun, metrics, seen = clock.monotonic(), Counter[str](), None
    while True:
        is_over = is_last()
        with session() as s:
            newest = music_lookups.newest_answer(s, Provider.MUSICBRAINZ)
        if is_over or newest != seen:
            room = None if limit is None else limit - metrics["new"] - metrics["changed"]
            came = _locate_all(room)
            done = {name: metrics[name] + came[name] for name in ("new", "changed")}
            metrics, seen = Counter({**came, **done}), newest
        if is_over:
            break
        deadline.pause(_LOOK_SECONDS)
    is_new = metrics["new"] or metrics["changed"]
    return SubflowResult(
        name="geographic-enrichment",
        status=Outcome.SUCCESS if is_new else Outcome.NO_UPDATES,
        metrics=dict(metrics),
        seconds=clock.monotonic() - begun,
    )


def _locate_all(limit: int | None) -> dict[str, int]:
    """Write where areas lie that is not written yet; returns counts."""
    with session() as s:
        areas = {one.id: one.document or {} for one in _every(s, Provider.MUSICBRAINZ) if one.found}
        moved = {one.id: one.canonical_id for one in _every(s, Provider.MUSICBRAINZ)}
        before = {one.id: one.document for one in _every(s, Provider.GEOGRAPHY)}
        wanted, without = _areas_of_artists(s)
    found = {one: located(one, areas, code) for one, code in wanted.items() if code or one in areas}
    changed = [one for one in found if before.get(one) != found[one].document]
    told = changed[:limit]
    with session() as s:
        music_entities.put(s, [_entity(one, found[one].document, moved.get(one)) for one in told])
    hows = Counter(str(one.document["how"]) for one in found.values())
    return {
        "rows": len(wanted),
        "new": len([one for one in told if one not in before]),
        "changed": len([one for one in told if one in before]),
        "cache_hits": len(found) - len(changed),
        "requests": 0,
        "without_area": without,
        "not_found": hows["unknown"],
        "former": hows["former country"],
        "waiting": len([one for one in wanted if one not in found or not found[one].is_whole]),
        "left": len(changed) - len(told),
    }


def located(area_id: str, areas: Areas, code: str | None = None) -> Resolved:
    """Where an area lies.

    Args:
        area_id: Of MusicBrainz.
        areas: Those that are known.
        code: Of the country that an artist of this area is said to be from.

    Returns:
        ``country_code`` (ISO 3166-1 alpha-2; of a former country the one that it had),
        ``country_code3``, ``country``, ``subdivision`` (ISO 3166-2), ``subdivision_name``,
        ``continent``, ``latitude``, ``longitude`` (degrees), ``how``: what the point is of:
        city, state (its largest city), country, former country (its capital); region (no point),
        unknown.
    """
    chain = list(_chain(area_id, areas))
    part = next((code for one in chain for code in one["iso_3166_2"]), None)
    country = _country(chain, part) or (places.country(code) if code else None)
    if country is None:
        return Resolved(_region(chain), not _is_cut_off(chain, areas))
    point, how = _point(chain, country, part)
    return Resolved(
        {
            "country_code": country.code,
            "country_code3": country.code3,
            "country": country.name,
            "subdivision": part,
            "subdivision_name": places.subdivision(part) if part else None,
            "continent": country.continent,
            "latitude": point[0],
            "longitude": point[1],
            "how": how,
        },
        area_id in areas,
    )


def _chain(area_id: str | None, areas: Areas) -> Iterator[Document]:
    """An area and those that it lies in; each once, for some lie in themselves."""
    seen: set[str] = set()
    while area_id and area_id not in seen and area_id in areas and len(seen) < _MOST_PARENTS:
        seen.add(area_id)
        yield {"iso_3166_1": [], "iso_3166_2": [], "iso_3166_3": [], **areas[area_id]}
        area_id = areas[area_id].get("parent_id")


def _is_cut_off(chain: list[Document], areas: Areas) -> bool:
    last = chain[-1].get("parent_id") if chain else None
    return bool(last) and last not in areas


def _country(chain: list[Document], part: str | None) -> Country | None:
    """The country: by a code of a country, of a former one, of a part, or by a name."""
    for one in chain:
        for code in (*one["iso_3166_3"], *one["iso_3166_1"]):
            if known := places.country(code):
                return known
    if part and (known := places.country(part[:2])):
        return known
    codes = (places.code_of(one.get("name") or "") for one in chain)
    return next((places.country(code) for code in codes if code), None)


def _point(
    chain: list[Document], country: Country, part: str | None
) -> tuple[tuple[float | None, float | None], str]:
    state = part[3:] if part and part.startswith("US-") else None
    for one in chain:
        if one.get("type") in _WIDE:
            continue
        if found := places.city(one.get("name") or "", country.code, state):
            return found, "city"
    if state and (found := places.largest_city(country.code, state)):
        return found, "state"
    own = (country.latitude, country.longitude)
    return own, "former country" if country.is_former else "country"


def _region(chain: list[Document]) -> Document:
    codes = [code for one in chain for code in one["iso_3166_1"]]
    region = next((_REGIONS[code] for code in codes if code in _REGIONS), None)
    nothing = dict.fromkeys(
        ("country_code", "country_code3", "country", "subdivision", "subdivision_name",
         "continent", "latitude", "longitude")
    )  # fmt: skip
    return nothing | {
        "continent": region[0] if region else None,
        "how": "region" if region else "unknown",
    }


def _every(s: Any, source: Provider) -> Iterator[Entity]:
    return music_entities.every(s, source, EntityKind.AREA)


def _areas_of_artists(s: Any) -> tuple[dict[str, str | None], int]:
    """The areas of all artists with the country that one says, and how many artists have none."""
    wanted: dict[str, str | None] = {}
    without = 0
    for one in music_entities.every(s, Provider.MUSICBRAINZ, EntityKind.ARTIST):
        document = one.document or {}
        area, begin = document.get("area_id"), document.get("begin_area_id")
        if area:
            wanted[area] = wanted.get(area) or document.get("country")
        if begin:
            wanted.setdefault(begin, None)
        without += one.found and not (area or begin)
    return wanted, without


def _entity(area_id: str, document: Document, canonical: str | None) -> Entity:
    return Entity(source=Provider.GEOGRAPHY, kind=EntityKind.AREA, id=area_id, document=document,
                  found=document["how"] != "unknown", canonical_id=canonical,
                  fetched_at=clock.now())  # fmt: skip
