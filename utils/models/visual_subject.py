"""What pictures of an item are made from."""

from __future__ import annotations

from utils.models.analysis import Understanding
from utils.models.base import Frozen
from utils.models.rendition import Thumbnail


class VisualSubject(Frozen):
    """What is to be drawn: all of it a stranger's text. ``pictures`` are stills or covers of it."""

    title: str
    artist: str | None = None
    album: str | None = None
    kind: str
    language: str | None = None
    duration_seconds: float | None = None
    understanding: Understanding | None = None
    video_summary: str | None = None
    pictures: tuple[Thumbnail, ...] = ()
