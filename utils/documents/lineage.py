"""Where an item came from and what was made of it, each thing with what it was made from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy.orm import Session

from utils.db import corrections, items, ledger, origins, sources
from utils.db.schema import Download, Execution, File, Item
from utils.db.source_tables import Source, SourceFile, SourceFileVersion
from utils.models.lineage import PRODUCTS, Made, Product, files_of, is_made, item_key, place_key
from utils.models.sanitize import visible
from utils.models.source import SourceKind
from utils.privacy.redaction import shown


def document(s: Session, row: Item) -> dict[str, Any]:
    """The way of an item as JSON: what it came from first, then itself, then what was made."""
    return {
        "item_id": row.id,
        "title": row.title,
        "key": item_key(row.id),
        "way": [one.model_dump(mode="json") for one in way_of(s, row)],
    }


def way_of(s: Session, row: Item) -> list[Made]:
    """All in the way of an item; what a thing was made from stands before it."""
    places = _Places.of(s, row)
    found = {made.key: made for made in _origins(s, row.id, places)}
    files = list(_files(places, tuple(found)))
    passed_on = {key for one in files for key in one.made_from}
    origin = tuple(key for key in [*found, *(one.key for one in files)] if key not in passed_on)
    original = Made(
        key=item_key(row.id), what="item", name=row.title, made_from=origin,
        made_at=row.added_at, size_bytes=row.size_bytes, detail=row.kind,
    )  # fmt: skip
    listed = _sources(places, [*found.values(), *files])
    return [*listed, *found.values(), *files, original, *_products(s, row.id)]


def nested(way: Sequence[Made]) -> Iterator[tuple[int, Made]]:
    """Each thing below what it was made from, with how deep; one of two parents stands once."""
    above: dict[str, str | None] = {}
    for made in way:
        above[made.key] = next((key for key in made.made_from if key in above), None)

    def below(parent: str | None, depth: int) -> Iterator[tuple[int, Made]]:
        for made in way:
            if above[made.key] == parent:
                yield depth, made
                yield from below(made.key, depth + 1)

    return below(None, 0)


def as_markdown(way: Sequence[Made]) -> str:
    """The way of an item for Prefect's UI: a list in lists, without files."""
    lines = []
    for depth, made in nested(way):
        by = f" by `{made.step}`" if made.step else ""
        version = f", version {made.version}" if made.version else ""
        name = f" {_plain(made.name)}" if made.name != made.what else ""
        lines.append(f"{'  ' * depth}- **{made.what}**{name}{by}{version}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A stranger's text with nothing that markdown or HTML would obey."""
    return re.sub(r"([\\`*_{}\[\]()#+!|>~-])", r"\\\1", visible(text)).replace("<", "&lt;")


def made_of(s: Session, item_id: str, product: Product) -> list[str]:
    """The keys of what a product was made of, as far as it is there."""
    known = {one.what: one for one in PRODUCTS}
    there = [what for what in product.made_of if _result(s, item_id, known[what])]
    return [item_key(item_id, what) for what in there] or [item_key(item_id)]


class _Places(NamedTuple):
    """Where an item was found, and the sources that there are."""

    row: Item
    files: Sequence[File]
    downloads: Sequence[Download]
    sources: Sequence[Source]

    @classmethod
    def of(cls, s: Session, row: Item) -> _Places:
        fetched = origins.downloads_of(s, row.id)
        return cls(row, items.files_of(s, row.id), fetched, sources.every(s))


def _sources(places: _Places, found: Sequence[Made]) -> list[Made]:
    """The sources that are named as origins: by their name where a person gave one."""
    wanted = {key for one in found for key in one.made_from}
    named = {
        place_key(source.location): Made(
            key=place_key(source.location), what="source", name=source.name,
            made_at=source.added_at, files=(shown(source.location),), detail=source.kind,
        )
        for source in places.sources
    }  # fmt: skip
    listed = {
        place_key(one.source): Made(key=place_key(one.source), what="source",
                                    name=shown(one.source))
        for one in places.downloads if one.source
    }  # fmt: skip
    return [one for key, one in (listed | named).items() if key in wanted]


def _origins(s: Session, item_id: str, places: _Places) -> Iterator[Made]:
    """The addresses that it was fetched from, and the objects of sources that hold it, or held."""
    for row in places.downloads:
        made_from = (place_key(row.source),) if row.source else ()
        yield Made(key=place_key(row.url), what="address", name=shown(row.url),
                   made_from=made_from, made_at=row.added_at, step="fetch_media")  # fmt: skip
    if places.row.source_url and not places.downloads:
        yield Made(key=place_key(places.row.source_url), what="address",
                   name=shown(places.row.source_url))  # fmt: skip
    locations = {source.id: source.location for source in places.sources}
    for held in origins.objects_of(s, item_id):
        yield _object(locations[held.source_id], held, held.changed_at)
    for former in origins.former_objects_of(s, item_id):
        yield _object(locations[former.source_id], former, former.modified_at, ", replaced since")


def _object(
    location: str, row: SourceFile | SourceFileVersion, at: datetime | None, more: str = ""
) -> Made:
    return Made(
        key=place_key(f"{location.rstrip('/')}/{row.key}"), what="object", name=shown(row.key),
        made_from=(place_key(location),), made_at=at, size_bytes=row.size_bytes,
        detail=f"version {row.version}{more}",
    )  # fmt: skip


def _files(places: _Places, origins: tuple[str, ...]) -> Iterator[Made]:
    """The paths that held the item; each from its address, or from the folder that is a source."""
    folders = [one.location for one in places.sources if one.kind == SourceKind.FOLDER]
    for row in places.files:
        path = Path(row.path)
        above = tuple(place_key(one) for one in folders if path.is_relative_to(one))
        key = place_key(row.path)
        if key in origins:  # an object of a folder is the file itself
            continue
        yield Made(
            key=key, what="file", name=row.path, made_from=above or origins,
            made_at=row.seen_at, size_bytes=row.size_bytes, files=(row.path,),
            not_here=() if path.exists() else (row.path,),
        )  # fmt: skip


def _products(s: Session, item_id: str) -> Iterator[Made]:
    """What steps made of an item, as it was made or used last."""
    for product in PRODUCTS:
        by_hand = corrections.of(s, item_id) if product.what == "transcript" else None
        if found := _result(s, item_id, product):
            yield _made(s, product, *found, by_hand)
        elif by_hand:
            yield _by_hand(item_id, by_hand)


def _result(s: Session, item_id: str, product: Product) -> tuple[Execution, BaseModel] | None:
    row = ledger.latest_done(s, item_id, product.steps)
    result = ledger.read(s, row, product.result)
    return (row, result) if row and result and is_made(product, result) else None


def _made(
    s: Session,
    product: Product,
    row: Execution,
    result: BaseModel,
    by_hand: corrections.Correction | None,
) -> Made:
    files = tuple(files_of(result))
    return Made(
        key=item_key(row.item_id, product.what),
        what=product.what,
        name=product.what,
        made_from=tuple(made_of(s, row.item_id, product)),
        made_at=row.ended_at,
        step=row.step,
        version=row.version,
        run_id=row.run_id,
        seconds=row.duration_seconds,
        files=files,
        not_here=tuple(one for one in files if one.startswith("/") and not Path(one).exists()),
        size_bytes=row.bytes_written or None,
        detail=f"corrected by hand, {by_hand.corrected_at:%Y-%m-%d}" if by_hand else None,
    )


def _by_hand(item_id: str, correction: corrections.Correction) -> Made:
    """The words of a person where no machine heard any."""
    return Made(
        key=item_key(item_id, "transcript"), what="transcript", name="transcript",
        made_from=(item_key(item_id),), made_at=correction.corrected_at,
        detail=f"written by hand: {correction.source}",
    )  # fmt: skip
