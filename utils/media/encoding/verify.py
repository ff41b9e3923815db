"""Is a file whole? Exit code 0 of an encoder does not say so; a complete decode does."""

from __future__ import annotations

import re
from pathlib import Path

from utils.errors import PermanentError
from utils.media import threads, tools
from utils.media.imaging import filters
from utils.media.probing import ffprobe
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.processes import child_process

# An encoder may pad the last audio frame, and drop or repeat a frame at a cut.
_SLACK_SECONDS = 0.5
_SLACK_FRAMES = 0.01


def decode(
    path: Path, probe: ContainerProbe, hear: child_process.OnLine | None = None
) -> tuple[int, float]:
    """Decode all pictures and sounds but covers, and stop at the first error.

    Args:
        path: The file.
        probe: Its probe, or that of its source.
        hear: Is given ffmpeg's progress line by line.

    Returns:
        The number of video frames and the length in seconds that came out.

    Raises:
        PermanentError: something did not decode.
    """
    finished = child_process.run(
        [
            tools.find("ffmpeg"),
            *("-hide_banner", "-nostdin", "-nostats", "-v", "error", "-xerror"),
            *("-err_detect", "explode"),
            *("-progress", "pipe:1", "-stats_period", "0.5" if hear else "5"),
            *threads.of_decoder(probe),
            *tools.input_arguments(path),
            *("-map", "0:V?", "-map", "0:a?", *filters.EVERY_FRAME, "-f", "null", "-"),
        ],
        path,
        hear,
    )
    return totals(finished.stdout)


def totals(progress: str) -> tuple[int, float]:
    """Frames and seconds that ffmpeg's ``-progress`` last reported.

    Of an encode the seconds may lack the frames that the encoder held back; of a decode they
    are exact.
    """
    last = dict(re.findall(r"^(frame|out_time_us)=(\d+)$", progress, re.MULTILINE))
    return int(last.get("frame", 0)), int(last.get("out_time_us", 0)) / 1e6


def rendition(
    path: Path,
    source: ContainerProbe,
    signal: SignalReport,
    sounds: int | None = None,
    subtitles: int = 0,
    hear: child_process.OnLine | None = None,
) -> ContainerProbe:
    """Hold a rendition against what its source decoded to.

    Args:
        path: The rendition.
        source: The source's probe.
        signal: What the source decoded to.
        sounds: Tracks that it must have; all of a video's, one of a song's when not given.
        subtitles: Tracks that it must have.
        hear: Is given ffmpeg's progress line by line.

    Returns:
        The rendition's probe.

    Raises:
        PermanentError: it does not decode, is shorter, or lacks frames or streams.
    """
    made = ffprobe.probe(path)
    if sounds is None:
        sounds = len(source.audio) if source.kind is MediaKind.VIDEO else 1
    frames, seconds = decode(path, made, hear)
    if len(made.audio) != sounds:
        raise PermanentError(f"The rendition has {len(made.audio)} of {sounds} sounds.")
    if len(made.subtitles) != subtitles:
        raise PermanentError(f"The rendition has {len(made.subtitles)} of {subtitles} subtitles.")
    if abs(seconds - signal.decoded_seconds) > slack(signal.decoded_seconds):
        raise PermanentError(
            f"The rendition lasts {seconds:.2f} s, its source {signal.decoded_seconds:.2f} s."
        )
    wanted = signal.decoded_frames
    if wanted and made.kind is MediaKind.VIDEO and frames < wanted * (1 - _SLACK_FRAMES) - 2:
        raise PermanentError(f"The rendition has {frames} frames, its source {wanted}.")
    return made


def slack(seconds: float) -> float:
    """How far a rendition's length may be from its source's, in seconds."""
    return _SLACK_SECONDS + 0.01 * seconds
