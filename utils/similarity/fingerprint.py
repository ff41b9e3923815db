"""Fingerprints: perceptual hashes of stills, and Chromaprint of the sound.

Knows how an item is described; how two descriptions are compared: utils/similarity/compare.py.
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.errors import PermanentError, SettingsError, from_os_error
from utils.media import tools
from utils.media.imaging import image
from utils.models.fingerprint import Fingerprint, Frame, Inside
from utils.models.item import MediaKind
from utils.processes import child_process
from utils.similarity import borders, cosines, patches
from utils.storage import scratch

if TYPE_CHECKING:
    from PIL import Image

# The sound's beginning is enough to tell recordings apart (AcoustID takes two minutes); five
# outlast an opening that the episodes of a series share. A 10 h file costs no more than that.
AUDIO_SECONDS = 300
# Standard deviation of the grey levels at 32×32. Black with sensor noise measured 0.7, the
# faintest picture of the test corpus (a dark gradient) 3.3, photographs 11 and more.
FLAT_BELOW = 3.0


class Still(NamedTuple):
    """What is kept of one picture."""

    frame: Frame
    detail: str
    aspect: float


class _Seen(NamedTuple):
    """What is kept of all pictures of an item."""

    frames: tuple[Frame, ...] = ()
    detail: str | None = None
    aspect: float | None = None
    inside: Inside | None = None
    patches: str | None = None
    thumbnail: str | None = None


def of(
    item_id: str,
    kind: MediaKind,
    duration_seconds: float | None,
    stills: Sequence[tuple[Path, float | None]],
    source: Path,
    audio_stream: int | None,
) -> Fingerprint:
    """The fingerprints of an item.

    Args:
        item_id: The item's checksum.
        kind: What it is. Of a song only the sound counts: an album shares its cover.
        duration_seconds: Its length; None for an image, or if unknown.
        stills: Pictures of it and their times in seconds, evenly spread.
        source: The file itself, for its sound.
        audio_stream: The index of the stream to listen to; None if there is none.

    Raises:
        PermanentError: a still is no picture, or the sound can't be decoded.
    """
    seen = _Seen() if kind is MediaKind.AUDIO else _look(stills, kind is MediaKind.IMAGE)
    audio, missing = _listen(source, audio_stream)
    return Fingerprint(
        item_id=item_id,
        kind=kind,
        duration_seconds=duration_seconds,
        audio=audio,
        audio_missing=missing,
        **seen._asdict(),
        audio_stream=audio_stream,
    )


def command(source: Path, audio_stream: int, target: Path) -> list[str]:
    """The ffmpeg command line for the fingerprint of the first minutes of a sound."""
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y", "-t", str(AUDIO_SECONDS)),
        *tools.input_arguments(source),
        # Its muxer takes two channels at most.
        *("-map", f"0:{audio_stream}", "-ac", "2"),
        *("-f", "chromaprint", "-fp_format", "raw", str(target)),
    ]


@cache
def can_listen() -> bool:
    """True if this ffmpeg has Chromaprint."""
    try:
        printed = subprocess.run(
            [tools.find("ffmpeg"), "-hide_banner", "-h", "muxer=chromaprint"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SettingsError(
            f"{tools.find('ffmpeg')} does not start. Unset NIGHTSHIFT_FFMPEG, or set it right."
        ) from error
    return "fp_format" in printed


def _listen(source: Path, stream: int | None) -> tuple[str | None, str | None]:
    """The fingerprint in Base64, or why there is none."""
    if stream is None:
        return None, "no sound"
    if not can_listen():
        return None, "this ffmpeg has no Chromaprint"
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        target = Path(folder) / "sound"
        try:
            child_process.run(command(source, stream, target), source)
        except PermanentError as error:  # the pictures still tell something
            return None, str(error)
        try:
            raw = target.read_bytes() if target.exists() else b""
        except OSError as error:
            raise from_os_error(error, f"reading the fingerprint of {source.name}") from error
    if not raw:
        return None, "the sound is too short for a fingerprint (under 3 s)"
    return base64.b64encode(raw).decode(), None


def _look(stills: Sequence[tuple[Path, float | None]], is_image: bool) -> _Seen:
    """Hashes of all stills, as they are and without their border."""
    pictures = [_grey(path) for path, _ in stills]
    times = [time for _, time in stills]
    frames, detail, aspect = _hashed(pictures, times)
    box = borders.inner(pictures)
    inside = None
    if box is not None:
        left, top, right, bottom = box
        share = (right - left) * (bottom - top) / (pictures[0].width * pictures[0].height)
        pictures = [picture.crop(box) for picture in pictures]
        inner_frames, inner_detail, inner_aspect = _hashed(pictures, times)
        if inner_aspect is not None:
            inside = Inside(
                frames=inner_frames, detail=inner_detail, aspect=inner_aspect, share=round(share, 4)
            )
    found = _Seen(frames, detail, aspect, inside)
    if not is_image or not pictures or aspect is None:
        return found
    return found._replace(
        patches=patches.of_picture(pictures[0]), thumbnail=patches.thumbnail(pictures[0])
    )


def _grey(path: Path) -> Image.Image:
    with image.opened(path) as picture:
        return picture.convert("L")


def _hashed(
    pictures: Sequence[Image.Image], times: Sequence[float | None]
) -> tuple[tuple[Frame, ...], str | None, float | None]:
    """The frames, and detail and shape of the middle one of those that are not flat."""
    found = [_still(picture, time) for picture, time in zip(pictures, times, strict=True)]
    telling = [still for still in found if not still.frame.flat]
    middle = telling[len(telling) // 2] if telling else None
    frames = tuple(still.frame for still in found)
    return frames, middle.detail if middle else None, middle.aspect if middle else None


def _still(grey: Image.Image, time_seconds: float | None) -> Still:
    return Still(
        Frame(
            time_seconds=time_seconds,
            phash=cosines.of_picture(grey),
            flat=_contrast(grey) < FLAT_BELOW,
        ),
        cosines.of_picture(grey, size=16),
        round(grey.width / grey.height, 4),
    )


def _contrast(grey: Image.Image) -> float:
    """Standard deviation of the grey levels, 0 to 128, after fine grain is averaged away."""
    from PIL import Image, ImageStat

    small = grey.resize((32, 32), Image.Resampling.LANCZOS)
    return float(ImageStat.Stat(small).stddev[0])
