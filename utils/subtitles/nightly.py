"""What the night writes beside an item, as the options say."""

from __future__ import annotations

from pathlib import Path

from utils.errors import PermanentError
from utils.models.options import SubtitleOptions
from utils.models.subtitles import Captions, Format, SubtitleFiles, Written
from utils.models.transcript import Transcript
from utils.subtitles import document, placing
from utils.subtitles.document import Document
from utils.subtitles.placing import Text


def form_for(options: SubtitleOptions, has_picture: bool) -> Format:
    """Subtitles for a film, lyrics for what has no picture: what players look for."""
    return options.format if has_picture else "lrc"


def captions(what: Document, options: SubtitleOptions) -> Captions | None:
    """What is to be a track of the rendition; None if nothing is, or nobody speaks."""
    if not options.in_rendition or not what.transcript.text.strip():
        return None
    made = document.rendered(what, "srt", words=False, speakers=options.speakers)
    return Captions(language=what.transcript.text_language, text=made.text)


def target_of(transcript: Transcript, medium: Path, form: Format) -> Path:
    """Where the subtitles of a medium lie."""
    return medium.parent / placing.file_name(medium.stem, transcript.text_language, form)


def write(what: Document, medium: Path, options: SubtitleOptions, form: Format) -> SubtitleFiles:
    """Write the subtitles of a medium beside it; what was written before under another name goes.

    Raises:
        PermanentError: nothing can be written there.
    """
    transcript = what.transcript
    if not transcript.text.strip():
        gone = placing.remove_others(what.item_id, medium.parent, set())
        return SubtitleFiles(left=("nobody speaks", *(f"{one.name} removed" for one in gone)))
    made = document.rendered(what, form, words=False, speakers=options.speakers)
    target = target_of(what.transcript, medium, form)
    try:
        placing.write(target, Text(what.item_id, made.text, is_nightly=True), like=medium)
    except PermanentError as error:
        return SubtitleFiles(left=(str(error),))
    gone = placing.remove_others(what.item_id, medium.parent, {target})
    return SubtitleFiles(
        files=(Written(path=str(target), cues=made.cues, too_fast=made.too_fast),),
        left=tuple(f"{one.name} removed: {target.name} takes its place" for one in gone),
    )
