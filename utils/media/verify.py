"""Is a file whole? Exit code 0 of an encoder does not say so; a complete decode does."""

from __future__ import annotations

import re
from pathlib import Path

from utils.errors import PermanentError
from utils.media import ffprobe, process, tools
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport

# An encoder may pad the last audio frame, and drop or repeat a frame at a cut.
_SLACK_SECONDS = 0.5
_SLACK_FRAMES = 0.01


def decode(path: Path) -> tuple[int, float]:
    """Decode all streams, and stop at the first error.

    Returns:
        The number of video frames and the length in seconds that came out.

    Raises:
        PermanentError: something did not decode.
    """
    finished = process.run(
        [
            tools.find("ffmpeg"),
            *("-hide_banner", "-nostdin", "-nostats", "-v", "error", "-xerror"),
            *("-err_detect", "explode", "-progress", "pipe:1", "-stats_period", "60"),
            *tools.input_arguments(path),
            *("-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-f", "null", "-"),
        ],
        path,
    )
    totals = dict(re.findall(r"^(frame|out_time_us)=(\d+)$", finished.stdout, re.MULTILINE))
    return int(totals.get("frame", 0)), int(totals.get("out_time_us", 0)) / 1e6


def rendition(path: Path, source: ContainerProbe, signal: SignalReport) -> None:
    """Hold a rendition against what its source decoded to.

    Raises:
        PermanentError: it does not decode, is shorter, or lacks frames or streams.
    """
    made = ffprobe.probe(path)
    expected_audio = len(source.audio) if source.kind is MediaKind.VIDEO else 1
    frames, seconds = decode(path)
    if len(made.audio) != expected_audio:
        raise PermanentError(f"The rendition has {len(made.audio)} of {expected_audio} sounds.")
    if abs(seconds - signal.decoded_seconds) > _SLACK_SECONDS + 0.01 * signal.decoded_seconds:
        raise PermanentError(
            f"The rendition lasts {seconds:.2f} s, its source {signal.decoded_seconds:.2f} s."
        )
    wanted = signal.decoded_frames
    if wanted and source.kind is MediaKind.VIDEO and frames < wanted * (1 - _SLACK_FRAMES) - 2:
        raise PermanentError(f"The rendition has {frames} frames, its source {wanted}.")
