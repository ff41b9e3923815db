"""Subtitles: how they are written, and what was written."""

from __future__ import annotations

from typing import ClassVar, Literal

from utils.models.base import Frozen

Format = Literal["srt", "vtt", "lrc", "txt", "json", "md"]


class Captions(Frozen):
    """What was said, as SubRip, to become a track of a rendition."""

    language: str | None
    text: str


class Written(Frozen):
    """A file that was written; ``too_fast``: cues that can't be read in their time."""

    path: str
    cues: int
    too_fast: int = 0


class SubtitleFiles(Frozen):
    """What the night wrote beside an item, and what it left as it was, and why.

    The files lie outside the home and may be moved: no paths whose loss repeats the step.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"files", "left"})

    files: tuple[Written, ...] = ()
    left: tuple[str, ...] = ()
