"""The step that writes what was said beside what was heard."""

from __future__ import annotations

from pathlib import Path

from tasks.context import RunContext
from tasks.policy import step
from utils.db import items
from utils.db.session import session
from utils.models.item import MediaItem, MediaKind
from utils.models.options import SubtitleOptions
from utils.models.rendition import Compression
from utils.models.subtitles import SubtitleFiles
from utils.models.transcript import Transcript
from utils.subtitles import nightly, placing
from utils.subtitles.document import Document


def _state(
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> str:
    """Where they go, and why they can't: when that changes, the step has something to do."""
    medium = _medium(item, compression, options)
    if isinstance(medium, str):
        return medium
    form = nightly.form_for(options, item.kind is MediaKind.VIDEO)
    target = nightly.target_of(transcript, medium, form)
    with session() as s:
        return f"{target} {placing.taken(s, target, item.item_id) or ''}"


def _again(
    context: RunContext,
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> None:
    """Put back what another run took away, or wrote otherwise."""
    _write(item, transcript, compression, options)


@step(inputs=_state, restore=_again)
def write_subtitles(
    context: RunContext,
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> SubtitleFiles:
    """Subtitles beside the source or the rendition, as media servers look for them."""
    return _write(item, transcript, compression, options)


def _write(
    item: MediaItem,
    transcript: Transcript,
    compression: Compression | None,
    options: SubtitleOptions,
) -> SubtitleFiles:
    medium = _medium(item, compression, options)
    if isinstance(medium, str):
        return SubtitleFiles(left=(medium,))
    with session() as s:
        seconds = items.find(s, item.item_id).duration_seconds
    what = Document(item.item_id, item.title, transcript, seconds)
    form = nightly.form_for(options, item.kind is MediaKind.VIDEO)
    return nightly.write(what, medium, options, form)


def _medium(
    item: MediaItem, compression: Compression | None, options: SubtitleOptions
) -> Path | str:
    """The file beside which they are to lie, or why there is none."""
    if options.beside == "rendition":
        if compression and compression.rendition:
            return compression.rendition.path
        return f"there is no rendition: {compression.reason if compression else 'none was made'}"
    with session() as s:
        is_known = item.path in items.paths_of(s, item.item_id)
    return item.path if is_known else "the source does not lie on this machine"
