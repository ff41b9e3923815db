"""Files made from an item."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from utils.models.base import Frozen

# The steps that make one.
COMPRESSIONS = ("compress_video", "compress_audio")


class Thumbnail(Frozen):
    """One picture, JPEG; ``time_seconds`` is None for an image, a cover or a drawn sound.

    ``sharpness`` is the variance of the Laplacian of the grey levels: comparable within an
    item, not between items.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"path"})

    path: Path
    time_seconds: float | None = None
    width: int
    height: int
    sharpness: float | None = None


class Thumbnails(Frozen):
    """The pictures of an item: ``images`` by position, in order of time, or the only one.

    ``sharpest`` best first; ``scenes`` one a scene, in order of time; ``stills`` all that they
    were chosen from. ``sound_index`` is the stream whose waveform and spectrogram are shown. The
    others are None where they make no sense.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset(
        {"contact_sheet", "waveform", "spectrogram", "sound_index"}
    )

    images: tuple[Thumbnail, ...]
    sharpest: tuple[Thumbnail, ...] = ()
    scenes: tuple[Thumbnail, ...] = ()
    stills: tuple[Thumbnail, ...] = ()
    contact_sheet: Path | None = None
    waveform: Path | None = None
    spectrogram: Path | None = None
    sound_index: int | None = None


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
    ``dropped`` names what the source has and the rendition lacks, in words; ``guessed`` what the
    source does not say and was taken for granted.
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
    guessed: tuple[str, ...] = ()
