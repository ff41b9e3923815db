"""A part of each frame of a video as JPEG: one ffmpeg, which decodes all and writes the files."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from utils.errors import PermanentError, from_os_error
from utils.frames import moments
from utils.frames.extraction import SQUARE, Tell, Video
from utils.media import tools
from utils.media.imaging import filters
from utils.models.frames import CroppedFrame
from utils.models.job import INDEXES_PER_SECOND, CropBounds
from utils.models.probe import FfprobeReport
from utils.processes import child_process

_QUALITY = "3"  # of 2–31: what the seed's users have
_RATIO = re.compile(r"^(\d+):(\d+)$")
# What viewers take a JPEG for (JFIF).
_AS_JPEG = "scale=out_color_matrix=smpte170m:out_range=full,format=yuvj420p"
_NAME = re.compile(r"^frame_(\d{10})\.jpg$")


def size(report: FfprobeReport, path: Path) -> tuple[int, int]:
    """Width and height of a video's picture as it is seen: upright, square pixels.

    Raises:
        PermanentError: the file does not say it.
    """
    video = report.container.video
    if video is None or not video.width or not video.height:
        raise PermanentError(f"{path.name} does not say how large its picture is.")
    wide, high = video.width * _pixel_shape(report.raw, video.index), Fraction(video.height)
    if (video.rotation_degrees or 0) % 180:  # turned first, then made square: its height stays
        return max(1, round(video.height / _pixel_shape(report.raw, video.index))), video.width
    return max(1, round(wide)), int(high)


def extract(
    video: Video, bounds: CropBounds, rate: Fraction, tell: Tell
) -> tuple[CroppedFrame, ...]:
    """Write a part of the frames of a video, so many a second, by their indexes.

    Args:
        video: The video; its folder is empty.
        bounds: Within its picture as it is seen.
        rate: Frames a second.
        tell: Is told the share that is done, 0–1.

    Raises:
        PermanentError: no frame decodes.
    """
    hear = child_process.share_of(video.probe.watchable_seconds, tell)
    child_process.run(command(video, bounds, rate), video.path, hear)
    width, height = bounds.right - bounds.left, bounds.bottom - bounds.top
    try:
        found = sorted(video.folder.iterdir())
    except OSError as error:
        raise from_os_error(error, f"writing the frames of {video.path.name}") from error
    made = tuple(
        CroppedFrame(frame_index=int(name[1]), path=path, width=width, height=height)
        for path in found
        if (name := _NAME.match(path.name))
    )
    if not made:
        raise PermanentError(f"{video.path.name}: no frame could be decoded. Get the file again.")
    return made


def command(video: Video, bounds: CropBounds, rate: Fraction) -> list[str]:
    """The ffmpeg command line."""
    stream = video.stream
    cut = (
        f"crop={bounds.right - bounds.left}:{bounds.bottom - bounds.top}"
        f":{bounds.left}:{bounds.top}:exact=1"
    )
    chain = [
        *filters.described(stream), moments.chosen_by_ffmpeg(rate), SQUARE, cut,
        *filters.shown(stream), _AS_JPEG,
    ]  # fmt: skip
    pattern = str(video.folder).replace("%", "%%") + "/frame_%010d.jpg"
    return [
        *(str(tools.find("ffmpeg")), "-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-progress", "pipe:1", "-nostats", "-stats_period", "0.5"),
        *tools.input_arguments(video.path),
        *("-filter_complex", f"[{stream.source}]{','.join(chain)}[seen]", "-map", "[seen]"),
        *("-fps_mode", "passthrough", "-enc_time_base:v", f"1:{INDEXES_PER_SECOND}"),
        *("-c:v", "mjpeg", "-q:v", _QUALITY, "-f", "image2", "-frame_pts", "1", pattern),
    ]


def _pixel_shape(raw: dict[str, Any], index: int) -> Fraction:
    """How wide a pixel is for its height; 1 where the file does not say."""
    for stream in raw.get("streams", []):
        found = _RATIO.match(str(stream.get("sample_aspect_ratio", "")))
        if stream.get("index") == index and found and int(found[1]) and int(found[2]):
            return Fraction(int(found[1]), int(found[2]))
    return Fraction(1)
