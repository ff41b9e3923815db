"""Whole frames of a video as JPEG: upright, square pixels, standard range, as people see them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from utils.errors import PermanentError, from_os_error
from utils.frames import moments
from utils.frames.moments import Moment, Plan
from utils.media import tools
from utils.media.imaging import colour, filters, image
from utils.models.frames import FullFrame
from utils.models.job import INDEXES_PER_SECOND
from utils.models.probe import ContainerProbe, VideoStream
from utils.processes import child_process
from utils.storage import scratch

Tell = Callable[[float], None]
_NEAR = 2000  # microseconds: containers round times to milliseconds
# To square pixels; a picture that has them is passed on as it is.
SQUARE = "scale=w='max(1,round(iw*max(sar,1e-3)))':h=ih:flags=bicubic,setsar=1"


class Extracted(NamedTuple):
    """The frames in their order, and how they were got."""

    frames: tuple[FullFrame, ...]
    plan: Plan


class Video(NamedTuple):
    """A video that is read: its file, what is known of it, and where its frames are written."""

    path: Path
    probe: ContainerProbe
    folder: Path

    @property
    def stream(self) -> VideoStream:
        """Its picture; callers ask of videos only."""
        assert self.probe.video
        return self.probe.video


def file_name(index: int) -> str:
    """What the file of a frame is called."""
    return f"frame_{index:010d}.jpg"


def extract(video: Video, rate: Fraction, tell: Tell) -> Extracted:
    """Write the frames of a video, so many a second, by their indexes.

    ``tell`` is told the share that is done, 0–1.

    Raises:
        PermanentError: it has no picture, or none decodes.
    """
    plan = moments.plan(video.path, video.probe, rate)
    found = _by_plan(video, rate, plan, tell)
    if found is None:  # its index leads to other places than it says
        plan = Plan("decode")
        found = _by_plan(video, rate, plan, tell)
    if not found:
        raise PermanentError(f"{video.path.name}: no frame could be decoded. Get the file again.")
    return Extracted(tuple(found[index] for index in sorted(found)), plan)


def at_keys(video: Video, wanted: tuple[Moment, ...]) -> dict[int, FullFrame]:
    """Write these key frames of a video; those that don't decode are left out."""
    return _by_plan(video, Fraction(1), Plan("keyframes", wanted), lambda _: None) or {}


def _by_plan(video: Video, rate: Fraction, plan: Plan, tell: Tell) -> dict[int, FullFrame] | None:
    """The frames by their index; None if a place that was sought is not where it should be."""
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
            if plan.way == "seek":
                return _sought(video, plan.moments, Path(folder), tell)
            return _in_one_go(video, rate, plan, Path(folder), tell)
    except OSError as error:
        raise from_os_error(error, f"writing the frames of {video.path.name}") from error


def _in_one_go(
    video: Video, rate: Fraction, plan: Plan, place: Path, tell: Tell
) -> dict[int, FullFrame]:
    """By one ffmpeg; what it has written becomes a JPEG while it goes on."""
    by_time = {round(one.seconds * 1e6): one for one in plan.moments}
    chosen = _at(plan.moments) if plan.moments else moments.chosen_by_ffmpeg(rate)
    made: dict[int, FullFrame] = {}
    told = child_process.share_of(video.probe.watchable_seconds, tell)

    def hear(line: str) -> None:
        told(line)
        if line.startswith("progress="):
            made.update(_converted(sorted(place.glob("*.ppm"))[:-1], by_time, video.folder))

    only_keys = ("-skip_frame", "nokey") if plan.way == "keyframes" else ()
    child_process.run(command(video, chosen, place, *only_keys), video.path, hear)
    made.update(_converted(place.glob("*.ppm"), by_time, video.folder))
    return made


def _sought(
    video: Video, wanted: tuple[Moment, ...], place: Path, tell: Tell
) -> dict[int, FullFrame] | None:
    """By an ffmpeg for each, which decodes from the key frame before."""
    made: dict[int, FullFrame] = {}
    for number, moment in enumerate(wanted, start=1):
        there = (*("-copyts", "-start_at_zero"), *("-ss", f"{max(0.0, moment.seconds - 1e-4):.6f}"))
        taken = command(video, "null", place, *there, after=("-frames:v", "1"))
        child_process.run(taken, video.path)
        at = Moment(moment.tenth, moment.seconds)
        found = _converted(place.glob("*.ppm"), {round(at.seconds * 1e6): at}, video.folder)
        if not found:
            return None
        stamped = {i: f.model_copy(update={"seconds": i / INDEXES_PER_SECOND})
                   for i, f in found.items()}  # fmt: skip
        made.update(stamped)
        tell(number / len(wanted))
    return made


def command(
    video: Video, chosen: str, place: Path, *before: str, after: tuple[str, ...] = ()
) -> list[str]:
    """The ffmpeg command line that writes pictures, named for their times in microseconds.

    Args:
        video: The video.
        chosen: The filters that choose among its pictures.
        place: The folder that they are written into.
        before: Options of the input.
        after: Options of the output.
    """
    stream = video.stream
    seen = [*filters.described(stream), chosen, SQUARE, *filters.shown(stream), "format=rgb24"]
    pattern = str(place).replace("%", "%%") + "/%015d.ppm"
    return [
        *(str(tools.find("ffmpeg")), "-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-progress", "pipe:1", "-nostats", "-stats_period", "0.5"),
        *(*before, *tools.input_arguments(video.path)),
        *("-filter_complex", f"[{stream.source}]{','.join(seen)}[seen]", "-map", "[seen]"),
        *(*filters.EVERY_FRAME, *after, "-c:v", "ppm", "-pix_fmt", "rgb24"),
        *("-threads", "1", "-f", "image2", "-frame_pts", "1", pattern),
    ]


def _at(wanted: Iterable[Moment]) -> str:
    """The filter that passes the pictures of these times alone."""
    return "select='" + "+".join(f"lt(abs(t-{m.seconds:.4f})\\,.002)" for m in wanted) + "'"


def _converted(
    pictures: Iterable[Path], by_time: Mapping[int, Moment], folder: Path
) -> dict[int, FullFrame]:
    """What ffmpeg wrote as JPEG, by index; a picture of none of ``by_time`` is left out."""
    made = {}
    for picture in pictures:
        moment = _moment(int(picture.stem), by_time)
        if moment is not None:
            target = folder / file_name(moment.tenth)
            with image.opened(picture) as seen:
                colour.save(seen, target)
                width, height = seen.size
            made[moment.tenth] = FullFrame(
                frame_index=moment.tenth, seconds=moment.seconds, path=target,
                width=width, height=height,
            )  # fmt: skip
        picture.unlink()
    return made


def _moment(microseconds: int, by_time: Mapping[int, Moment]) -> Moment | None:
    """What a picture of this time is taken for; where all is decoded, its time says it."""
    if not by_time:
        index = round(microseconds * INDEXES_PER_SECOND / 1e6)
        return Moment(index, index / INDEXES_PER_SECOND)
    nearest = min(by_time, key=lambda time: abs(time - microseconds))
    return by_time[nearest] if abs(nearest - microseconds) <= _NEAR else None
