"""Pictures of an item: chosen among its stills; the cover, waveform and spectrogram of a sound."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import PermanentError
from utils.media import tools
from utils.media.imaging import colour, contact_sheet, image, waveform
from utils.media.imaging import filters as picture
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.rendition import Thumbnail, Thumbnails
from utils.models.signal import SignalReport, Span
from utils.processes import child_process
from utils.storage import scratch
from utils.storage.files import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTH = 640


def generate(
    path: Path, probe: ContainerProbe, signal: SignalReport, count: int, folder: Path
) -> Thumbnails:
    """The pictures of an item, at most ``WIDTH`` px wide; files are written into ``folder``.

    A video gives ``count`` pictures by position (at duration·i/(count+1)), as many of the
    sharpest, one a scene, and a contact sheet; an image gives one; a sound its cover,
    a waveform and a spectrogram.

    Raises:
        PermanentError: there is nothing to see.
    """
    if probe.kind is MediaKind.AUDIO:
        return _of_sound(path, probe, signal, folder)
    stills = measured(signal)
    if not stills:
        raise PermanentError(f"{path.name}: no picture could be taken.")
    if probe.kind is MediaKind.IMAGE:
        return Thumbnails(images=stills[:1])
    return Thumbnails(
        images=by_position(stills, signal.decoded_seconds, count),
        sharpest=by_sharpness(stills, signal.decoded_seconds, count),
        scenes=by_scene(stills, signal),
        stills=stills,
        contact_sheet=contact_sheet.write(stills, folder / "contact-sheet.jpg"),
    )


def measured(signal: SignalReport) -> tuple[Thumbnail, ...]:
    """The stills, each with its sharpness."""
    made = []
    for still in signal.stills:
        with image.opened(still.path) as seen:
            made.append(Thumbnail(**still.model_dump(), sharpness=sharpness(seen)))
    return tuple(made)


def sharpness(seen: Image) -> float:
    """The variance of the Laplacian of the grey levels (Pech-Pacheco 2000); 0 if flat."""
    import numpy as np
    from scipy import ndimage

    return round(float(ndimage.laplace(np.asarray(seen.convert("L"), dtype=np.float32)).var()), 2)


def by_position(stills: Sequence[Thumbnail], seconds: float, count: int) -> tuple[Thumbnail, ...]:
    """The stills nearest to seconds·i/(count+1), each once."""
    wanted = [seconds * i / (count + 1) for i in range(1, count + 1)]
    chosen = {_nearest(stills, time) for time in wanted}
    return tuple(sorted(chosen, key=_time))


def by_sharpness(stills: Sequence[Thumbnail], seconds: float, count: int) -> tuple[Thumbnail, ...]:
    """The sharpest stills, best first, none nearer to a better one than half their fair share."""
    apart = seconds / (2 * count)
    chosen: list[Thumbnail] = []
    for still in sorted(stills, key=lambda still: -(still.sharpness or 0)):
        if len(chosen) < count and all(abs(_time(still) - _time(c)) >= apart for c in chosen):
            chosen.append(still)
    return tuple(chosen)


def by_scene(stills: Sequence[Thumbnail], signal: SignalReport) -> tuple[Thumbnail, ...]:
    """The sharpest still of each scene that holds one, in order of time."""
    chosen = []
    for scene in scenes(signal):
        inside = [
            still for still in stills if scene.start_seconds <= _time(still) < scene.end_seconds
        ]
        if inside:
            chosen.append(max(inside, key=lambda still: still.sharpness or 0))
    return tuple(chosen)


def scenes(signal: SignalReport) -> tuple[Span, ...]:
    """What lies between the cuts; the whole where there is none."""
    edges = sorted({0.0, *(c for c in signal.cuts if c < signal.decoded_seconds)})
    edges.append(signal.decoded_seconds)
    return tuple(
        Span(start_seconds=start, end_seconds=end) for start, end in itertools.pairwise(edges)
    )


def at_times(path: Path, probe: ContainerProbe, times: Sequence[float], folder: Path) -> Thumbnails:
    """The frames at these times, in this order; a time behind the last frame is left out.

    Raises:
        PermanentError: there is no picture at any of them.
    """
    made = [at(path, probe, time, folder / f"at-{time:.3f}.jpg") for time in times]
    found = tuple(picture for picture in made if picture)
    if not found:
        raise PermanentError(f"{path.name}: no picture could be taken at {times}.")
    return Thumbnails(images=found)


def at(path: Path, probe: ContainerProbe, time: float | None, target: Path) -> Thumbnail | None:
    """The frame at ``time`` as a picture of its own; None where the picture ends before it."""
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        taken = Path(folder) / "taken.ppm"
        child_process.run(command(path, probe, time, taken), path)
        if not taken.exists() or taken.stat().st_size == 0:
            return None
        with image.opened(taken) as seen, whole_file(target) as temporary:
            colour.save(seen, temporary)
            width, height = seen.size
            sharp = sharpness(seen)
    return Thumbnail(path=target, time_seconds=time, width=width, height=height, sharpness=sharp)


def command(path: Path, probe: ContainerProbe, time: float | None, target: Path) -> list[str]:
    """The ffmpeg command line for one picture."""
    stream = probe.video or probe.picture
    assert stream is not None  # callers ask only where there is one
    there = ("-ss", str(time)) if time is not None else ()
    filters = ",".join((*picture.described(stream), *picture.as_seen(stream, WIDTH)))
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *(there if _can_seek(probe) else ()),
        *tools.input_arguments(path),
        *(() if _can_seek(probe) else there),
        *("-filter_complex", f"[{stream.source}]{filters}[seen]", "-map", "[seen]"),
        *("-frames:v", "1", "-c:v", "ppm", "-pix_fmt", "rgb24", "-f", "image2pipe", str(target)),
    ]


def _can_seek(probe: ContainerProbe) -> bool:
    """False of pictures that move: ffmpeg reads them from their beginning only."""
    return not probe.format_names[0].endswith(("_pipe", "_anim"))


def _of_sound(path: Path, probe: ContainerProbe, signal: SignalReport, folder: Path) -> Thumbnails:
    """A cover that does not decode is no reason to fail: the sound is what counts."""
    cover = None
    if probe.picture:
        try:
            cover = _cover(path, probe, folder / "cover.jpg")
        except PermanentError:
            cover = None
    heard = {stream.index: stream for stream in probe.heard}
    sound = heard.get(signal.sound_index or 0, probe.heard[0])
    views = waveform.draw(path, sound.index, signal.decoded_seconds, folder, sound.channels or 1)
    return Thumbnails(
        images=(cover or views.waveform,),
        waveform=views.waveform.path,
        spectrogram=views.spectrogram.path,
        sound_index=sound.index,
    )


def _cover(path: Path, probe: ContainerProbe, target: Path) -> Thumbnail | None:
    """The cover in its own colours; by ffmpeg where it says nothing of them."""
    made = at(path, probe, None, target)
    assert probe.picture  # the caller asked
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        stored = Path(folder) / "cover"
        child_process.run(
            [
                *(tools.find("ffmpeg"), "-hide_banner", "-nostdin", "-v", "error"),
                *tools.input_arguments(path),
                *("-map", f"0:{probe.picture.index}", "-frames:v", "1"),
                *("-c", "copy", "-f", "rawvideo", stored),
            ],
            path,
        )
        with whole_file(target) as temporary:
            size = colour.write_still(stored, temporary, WIDTH) if stored.exists() else None
            if size is None or made is None:
                return made
            with image.opened(temporary) as seen:
                sharp = sharpness(seen)
    return made.model_copy(update={"width": size[0], "height": size[1], "sharpness": sharp})


def _nearest(stills: Sequence[Thumbnail], time: float) -> Thumbnail:
    return min(stills, key=lambda still: abs(_time(still) - time))


def _time(still: Thumbnail) -> float:
    return still.time_seconds or 0.0
