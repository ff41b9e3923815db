"""Stills of an item: frames of a video, a small copy of an image, a waveform of a sound."""

from __future__ import annotations

from pathlib import Path

from utils.errors import PermanentError
from utils.media import process, tools
from utils.media.files import whole_file
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.rendition import Thumbnail, Thumbnails

WIDTH = 640


def generate(path: Path, probe: ContainerProbe, count: int, folder: Path) -> Thumbnails:
    """Write the stills of ``path`` into ``folder`` as JPEG, at most ``WIDTH`` px wide.

    A video gives ``count`` frames at duration·i/(count+1); anything else gives one picture.
    """
    times = positions(probe, count)
    images = [
        _still(path, probe, time, folder / f"thumbnail-{number}-of-{len(times)}.jpg")
        for number, time in enumerate(times, start=1)
    ]
    found = tuple(image for image in images if image is not None)
    if not found and times[0] is not None:  # sound that goes on long after the picture
        first = _still(path, probe, 0.0, folder / "thumbnail-first.jpg")
        found = (first,) if first else ()
    if not found:
        raise PermanentError(f"{path.name}: no picture could be taken.")
    return Thumbnails(images=found)


def positions(probe: ContainerProbe, count: int) -> list[float | None]:
    """Times of the stills in seconds; None for a picture that has no time."""
    duration = probe.duration_seconds or 0.0
    if probe.kind is not MediaKind.VIDEO or duration <= 0:
        return [None]
    return [round(duration * i / (count + 1), 3) for i in range(1, count + 1)]


def command(path: Path, probe: ContainerProbe, time: float | None, target: Path) -> list[str]:
    """The ffmpeg command line for one still."""
    scale = f"scale='min({WIDTH},iw*sar)':-2"
    if probe.kind is MediaKind.AUDIO and probe.picture is None:
        sound = probe.audio[0].index
        source = [f"[0:{sound}]aformat=channel_layouts=mono,showwavespic=s={WIDTH}x160:colors=teal"]
        what = ["-filter_complex", *source]
    else:
        stream = probe.video or probe.picture
        assert stream is not None  # anything that is no sound has a picture
        what = ["-map", f"0:{stream.index}", "-vf", scale]
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *(("-ss", str(time)) if time is not None else ()),
        *tools.input_arguments(path),
        *what,
        *("-frames:v", "1", "-q:v", "4", "-f", "mjpeg", "-pix_fmt", "yuvj420p", str(target)),
    ]


def _still(path: Path, probe: ContainerProbe, time: float | None, target: Path) -> Thumbnail | None:
    """One still, or None where the video ends before ``time``."""
    with whole_file(target) as temporary:
        process.run(command(path, probe, time, temporary), path)
        if not temporary.exists() or temporary.stat().st_size == 0:
            temporary.unlink(missing_ok=True)  # the picture ends before ``time``
            return None
        width, height = _jpeg_size(temporary)
    return Thumbnail(path=target, time_seconds=time, width=width, height=height)


def _jpeg_size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size
