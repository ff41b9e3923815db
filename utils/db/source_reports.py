"""What is told of a source besides what it was defined as: its neighbours, and what it held."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utils.db import sources
from utils.db.schema import Download
from utils.db.source_tables import Source, SourceFile
from utils.models.source import FileStatus

VANISHED = "vanished"


def overlapping(s: Session, row: Source) -> list[str]:
    """The names of the sources that look into the same folder or bucket, inside it or around it.

    What lies in both is found by each of them, and worked on once.
    """
    if sources.is_url(row.location):
        return []
    here = sources.one_place(row.location)
    there = ((one.name, sources.one_place(one.location)) for one in sources.every(s)
             if one.id != row.id and not sources.is_url(one.location))  # fmt: skip
    return [name for name, place in there if _lies_in(here, place) or _lies_in(place, here)]


def _lies_in(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(outer.rstrip("/") + "/")


def file_counts(s: Session, source_id: str) -> dict[str, int]:
    """How many objects of a source there are of each status; ``vanished``: those that are gone."""
    gone = SourceFile.vanished_at.is_not(None)
    grouped = (
        select(SourceFile.status, gone, func.count())
        .where(SourceFile.source_id == source_id)
        .group_by(SourceFile.status, gone)
    )
    counts = Counter[str]()
    for status, is_gone, number in s.execute(grouped):
        counts[VANISHED if is_gone else status] += number
    return {name: counts[name] for name in (*FileStatus, VANISHED) if counts[name]}


def name_of_item(s: Session, item_id: str, path: Path) -> str | None:
    """The name of the source that an item came from: listed there, or lying in its folder."""
    listed = (
        select(Source.name)
        .join(Download, Download.source == Source.location)
        .where(Download.item_id == item_id)
    )
    held = (
        select(Source.name)
        .join(SourceFile, SourceFile.source_id == Source.id)
        .where(SourceFile.item_id == item_id)
    )
    return s.scalar(listed.limit(1)) or s.scalar(held.limit(1)) or name_at(s, path)


def name_at(s: Session, path: Path) -> str | None:
    """The name of the source whose folder a path lies in; of several the nearest."""
    names = dict(s.execute(select(Source.location, Source.name)).tuples().all())
    around = (names[str(folder)] for folder in (path, *path.parents) if str(folder) in names)
    return next(around, None)
