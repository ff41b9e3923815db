"""The small copy that a model looks at and listens to, and that nobody keeps for its beauty.

At most 854 px, a few frames a second, one or two channels of 16 kHz: a minute is about a megabyte.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding import verify
from utils.media.imaging import filters as picture
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.rendition import Rendition
from utils.processes import child_process
from utils.storage.files import whole_file

LONG_SIDE = 854
FRAMES_PER_SECOND = 5.0
CRF = 23
# Two channels of what has several: in a sum a voice may drown, or cancel itself.
_SOUND = ("-ar", "16000", "-c:a", "aac")
# A proxy shows what the viewer sees: display pixels, at most LONG_SIDE, of even size.
_SIDE = f"max(2,trunc({{side}}*min(1,{LONG_SIDE}/max(iw*sar,ih))/2)*2)"  # sar is 1 where unknown
_SCALE = f"scale=w='{_SIDE.format(side='iw*sar')}':h='{_SIDE.format(side='ih')}',setsar=1"


def make(
    path: Path,
    probe: ContainerProbe,
    folder: Path,
    frames_per_second: float = FRAMES_PER_SECOND,
    seconds: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Rendition:
    """Write the proxy of a video (MP4) or a song (M4A) into ``folder``, verified.

    Args:
        path: The source.
        probe: Its probe; the first of its sounds is taken.
        folder: Where the proxy appears, whole or not at all.
        frames_per_second: At most; a slower source keeps its own.
        seconds: Only so much of the beginning; None for all.
        on_progress: Receives the share done, 0–1.

    Raises:
        PermanentError: the source does not decode to its declared end, or holds neither a
            moving picture nor sound.
    """
    video = probe.kind is MediaKind.VIDEO
    if probe.kind is MediaKind.IMAGE:
        raise PermanentError(f"{path.name} is an image: send it as it is, a proxy is for films.")
    whole = probe.duration_seconds
    if seconds is not None and (whole is None or seconds >= whole):
        seconds = None if whole is not None else seconds
    part = "" if seconds is None else f"-{seconds:g}s"
    target = folder / (f"proxy-{frames_per_second:g}fps{part}.mp4" if video else f"proxy{part}.m4a")
    hear = (
        child_process.share_of(seconds or whole, lambda share: on_progress(0.9 * share))
        if on_progress
        else None
    )
    with whole_file(target) as temporary:
        arguments = command(path, probe, frames_per_second, temporary, seconds)
        written = child_process.run(arguments, path, hear).stdout
        _verify(temporary, path, probe, verify.totals(written), seconds)
        size = temporary.stat().st_size
    if on_progress:
        on_progress(1.0)
    return Rendition(
        path=target, kind="proxy", codec="h264" if video else "aac", size_bytes=size
    )  # fmt: skip


def command(
    path: Path,
    probe: ContainerProbe,
    frames_per_second: float,
    target: Path,
    seconds: float | None = None,
) -> list[str]:
    """The ffmpeg command line."""
    outputs: list[str] = []
    if probe.kind is MediaKind.VIDEO and probe.video:
        # The last frame stays although no later one ends it: a film may have one frame only.
        rate = f"fps=fps='min({frames_per_second:g},source_fps)':eof_action=pass"
        video = probe.video
        colours = picture.described(video)
        filters = [rate, *colours, _SCALE, *picture.shown(video), picture.AS_BT709]
        outputs += ["-map", f"0:{probe.video.index}", "-vf", ",".join(filters)]
        outputs += ["-c:v", "libx264", "-preset", "veryfast", "-crf", str(CRF)]
    if probe.heard:
        sound = probe.heard[0]
        outputs += ["-map", f"0:{sound.index}", *_SOUND]
        outputs += (
            ["-ac", "1", "-b:a", "32k"] if sound.channels == 1 else ["-ac", "2", "-b:a", "48k"]
        )
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-nostats", "-progress", "pipe:1", "-stats_period", "0.2"),
        *(("-t", f"{seconds:g}") if seconds is not None else ()),
        *tools.input_arguments(path),
        *outputs,
        # Nothing of the source's tags: a proxy leaves the house.
        *("-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn"),
        *("-movflags", "+faststart", "-f", "mp4", str(target)),
    ]


def _verify(
    made: Path,
    path: Path,
    probe: ContainerProbe,
    written: tuple[int, float],
    asked: float | None,
) -> None:
    """Hold a proxy against what ffmpeg says it wrote, and against the source's length."""
    frames, seconds = verify.decode(made, probe)
    if probe.kind is MediaKind.VIDEO and frames == 0:
        raise PermanentError(f"The proxy of {path.name} holds no picture.")
    if frames != written[0] or seconds < written[1] - verify.slack(written[1]):
        raise PermanentError(
            f"The proxy of {path.name} has {frames} of {written[0]} frames, "
            f"{seconds:.2f} of {written[1]:.2f} s."
        )
    declared = 0.0 if probe.duration_is_estimated else probe.watchable_seconds or 0.0
    declared = declared if asked is None else min(declared, asked)
    if seconds <= 0 or seconds < declared - verify.slack(2 * declared):
        raise PermanentError(
            f"{path.name} is damaged: {seconds:.1f} of {declared:.1f} s decode. Get the file again."
        )
