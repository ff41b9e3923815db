"""The step that recognises the other files of a work: Live Photos, raw photos, bursts, parts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tasks.context import RunContext
from tasks.policy import step
from utils.db import items
from utils.db.session import session
from utils.models.item import MediaItem
from utils.models.probe import ExifReport, FfprobeReport
from utils.models.work import WorkClues
from utils.works import clues, grouping


def _whereabouts(item: MediaItem, probed: FfprobeReport, exif: ExifReport) -> str:
    """What the clues depend on besides the file: its names, and a picture beside it."""
    with session() as s:
        paths = items.paths_of(s, item.item_id)
    return "\n".join((*map(str, paths), str(_is_beside_picture(item, exif))))


def _is_beside_picture(item: MediaItem, exif: ExifReport) -> bool:
    return clues.needs_neighbours(item.path, exif) and clues.has_picture(item.path)


def _save(s: Session, found: WorkClues) -> None:
    grouping.store(s, found)


@step(inputs=_whereabouts, save=_save)
def find_work(
    context: RunContext, item: MediaItem, probed: FfprobeReport, exif: ExifReport
) -> WorkClues:
    """By what a file is a part of a work; its links with the other parts are kept."""
    with session() as s:
        paths = items.paths_of(s, item.item_id) or [item.path]
    return clues.of(item, paths, probed, exif, _is_beside_picture(item, exif))
