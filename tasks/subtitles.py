"""The step that writes what was said beside what was heard."""

from __future__ import annotations

from pathlib import Path

from tasks.context import RunContext
from tasks.policy import step
from utils.db import items
from utils.db.session import session
from utils.models.item import FileStat, MediaItem, MediaKind
from utils.models.options import SubtitleOptions
from utils.models.rendition import Compression
from utils.models.subtitles import SubtitleFiles
from utils.models.transcript import Transcript
from utils.storage import files
from utils.subtitles import nightly, placing
from utils.subtitles.document import Document


def _state(
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> str:
    """Where they go, and why they can't: when that changes, the step has something to do."""
    media = _media(item, compression, options)
    if isinstance(media, str):
        return media
    form = nightly.form_for(options, item.kind is MediaKind.VIDEO)
    targets = [nightly.target_of(transcript, medium, form) for medium in media]
    with session() as s:
        taken = [placing.taken(s, target, item.item_id) or "" for target in targets]
    return "\n".join(f"{target} {why}" for target, why in zip(targets, taken, strict=True))


def _write(
    context: RunContext,
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> SubtitleFiles:
    """Write them; also where another run took them away, or wrote otherwise."""
    media = _media(item, compression, options)
    if isinstance(media, str):
        return SubtitleFiles(left=(media,))
    with session() as s:
        seconds = items.find(s, item.item_id).duration_seconds
    what = Document(item.item_id, item.title, transcript, seconds)
    form = nightly.form_for(options, item.kind is MediaKind.VIDEO)
    found = [nightly.write(what, medium, options, form) for medium in media]
    return SubtitleFiles(
        files=tuple(file for one in found for file in one.files),
        left=tuple(dict.fromkeys(reason for one in found for reason in one.left)),
    )


@step(inputs=_state, restore=_write)
def write_subtitles(
    context: RunContext,
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> SubtitleFiles:
    """Subtitles beside the source or the rendition, as media servers look for them."""
    return _write(context, item, transcript, compression, options)


def _media(
    item: MediaItem, compression: Compression | None, options: SubtitleOptions
) -> list[Path] | str:
    """The files beside which they are to lie (each copy of a source), or why there is none."""
    if options.beside == "rendition":
        if compression and compression.rendition:
            return [compression.rendition.path]
        return f"there is no rendition: {compression.reason if compression else 'none was made'}"
    with session() as s:
        places = items.paths_of(s, item.item_id)
    here = [path for path in places if (found := files.seen(path)) and _is_whole(found, item)]
    return here or "the source does not lie on this machine"


def _is_whole(found: FileStat, item: MediaItem) -> bool:
    """True if a file can hold the item; its content is looked at where it is taken in."""
    return found.size_bytes == item.size_bytes
