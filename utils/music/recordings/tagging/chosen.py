"""The file that a person means, and what would be written into its tags."""

from __future__ import annotations

from pathlib import Path

from utils.db import items
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.item import MediaKind
from utils.music.recordings.tagging import preview as previews
from utils.music.recordings.tagging.preview import Preview
from utils.storage import files


def preview(wanted: str, overwrite: bool) -> Preview:
    """What would be written into the file of an item: of a path that one, else the first there.

    Raises:
        UsageError: there is no such item, or it is no song.
        PermanentError: it lies nowhere here, or its tags can't be written.
    """
    with session() as s:
        item = items.find(s, wanted)
        if item.kind != MediaKind.AUDIO.value:
            raise UsageError(f"{item.title} is no song: {item.kind}.")
        named = _named(wanted, items.paths_of(s, item.id))
        path = named or items.path_here(s, item.id)
        if path is None:
            raise PermanentError(f"{item.title} lies nowhere here any more.")
        return previews.of(s, item.id, path, overwrite)


def _named(wanted: str, paths: list[Path]) -> Path | None:
    path = files.absolute(wanted)
    return path if path in paths else None
