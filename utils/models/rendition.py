"""Files made from an item."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen


class Thumbnail(Frozen):
    """One still; ``time_seconds`` is None for an image or a waveform."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Path
    time_seconds: float | None = None
    width: int
    height: int


class Thumbnails(Frozen):
    """The stills of an item, in order of time."""

    images: tuple[Thumbnail, ...]


class Rendition(Frozen):
    """An output file made from an item."""

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Path
    kind: str
    codec: str
    size_bytes: int


class Compression(Frozen):
    """The outcome of an encode: a rendition, or why the source stays as it is.

    ``score`` is what sample encodes promise of ``crf``, in units of ``metric`` (``vmaf``,
    ``xpsnr`` in dB, ``ssim``), as is ``target``; all are None where the crf was fixed.
    ``dropped`` names what the source has and the rendition lacks, in words.
    """

    source_bytes: int
    encoded_bytes: int
    rendition: Rendition | None = None
    reason: str
    profile: str | None = None
    crf: float | None = None
    target: float | None = None
    metric: str | None = None
    score: float | None = None
    probes: int = 0
    dropped: tuple[str, ...] = ()
