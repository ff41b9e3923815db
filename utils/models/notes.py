"""What people wrote of an item, inside the file or beside it."""

from __future__ import annotations

from typing import Literal

from utils.models.base import Frozen

NoteKind = Literal["description", "comment", "keyword", "person", "lyrics", "subtitle"]


class Note(Frozen):
    """One text: a caption, a keyword, a person's name, a line of subtitles.

    ``source`` is the tag or the file that has it; times are those of a subtitle, in seconds.
    """

    kind: NoteKind
    text: str
    source: str
    start_seconds: float | None = None
    end_seconds: float | None = None
