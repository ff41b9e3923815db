"""Frames of a video as pictures, and the text that is to be seen in them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen


class TextBox(Frozen):
    """A line of text in a picture.

    ``x``, ``y``, ``width`` and ``height`` are fractions of the picture: ``x`` from its left,
    ``y`` from its bottom to the bottom of the box. ``confidence`` is 0–1.
    """

    text: str
    confidence: float
    x: float
    y: float
    width: float
    height: float


class FullFrame(Frozen):
    """A whole frame as it is seen, a JPEG; ``frame_index`` counts tenths of a second.

    ``seconds``: from when on the picture is shown.
    """

    frame_index: int
    seconds: float
    path: Path
    width: int
    height: int
    texts: tuple[TextBox, ...] = ()


class CroppedFrame(Frozen):
    """A part of a frame, a JPEG; ``frame_index`` counts tenths of a second."""

    frame_index: int
    path: Path
    width: int
    height: int


class SeenText(Frozen):
    """A line of text that is to be seen in an item, and from when to when; None in a still."""

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None
    confidence: float


class SeenTexts(Frozen):
    """All text that was read in an item; ``sampled`` pictures were looked at, by ``engine``."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"sampled"})

    engine: str
    sampled: int
    texts: tuple[SeenText, ...] = ()
